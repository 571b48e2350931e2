/* SPDX-License-Identifier: MIT */
/* test_message_keep.c - a message into several files, all or none.
 *
 * Assertions are made on the loop's stack, after the fact: cmocka leaves a
 * failed test by longjmp, which must not cross fibers.
 */
#include "mail_test.h"

#include <sys/stat.h>

#include "mail/message_keep.h"
#include "rt/fiber.h"
#include "rt/rt.h"

#define COPIES 40 /* several batches */

static struct {
	char dir[64];
	char tmp[COPIES][96], path[COPIES][96];
	struct message_copy copies[COPIES];
	size_t count, failed;
	enum line_end line_end;
	struct test_store test;
	struct message message;
	struct rt *rt;
	int result;
	bool cancel;
} t;

static int
set_up(void **state)
{
	struct rt_options options = { .io_threads = 2 };

	(void)state;
	memset(&t, 0, sizeof(t));
	(void)snprintf(t.dir, sizeof(t.dir), "/tmp/hookline-keep-XXXXXX");
	if (mkdtemp(t.dir) == NULL)
		return -1;
	for (size_t i = 0; i < COPIES; i++) {
		(void)snprintf(
		    t.tmp[i], sizeof(t.tmp[i]), "%s/tmp%zu", t.dir, i);
		(void)snprintf(
		    t.path[i], sizeof(t.path[i]), "%s/new%zu", t.dir, i);
		t.copies[i] = (struct message_copy){ t.tmp[i], t.path[i],
			SLICE_LIT("Top: 1\n") };
	}
	t.line_end = LINE_LF;
	t.rt = rt_new(&options);
	test_store_init(&t.test, 0);
	test_message(
	    &t.message, &t.test, 1000, SLICE_LIT("Subject: x\r\n\r\nbody\r\n"));
	return 0;
}

static int
tear_down(void **state)
{
	char command[96];

	(void)state;
	message_done(&t.message);
	test_store_done(&t.test);
	rt_free(&t.rt);
	(void)snprintf(command, sizeof(command), "rm -r %s", t.dir);
	return system(command) == 0 ? 0 : -1;
}

static void
keeps(void *arg)
{
	(void)arg;
	if (t.cancel)
		fiber_cancel(fiber_self());
	t.result = message_keep(
	    &t.message, t.copies, t.count, 0640, t.line_end, &t.failed);
}

static void
keep(size_t count)
{
	t.count = count;
	assert_int_equal(fiber_start(t.rt, keeps, NULL), 0);
	assert_int_equal(rt_run(t.rt), 0);
}

static void
check_file(const char *path, const char *want)
{
	char bytes[256];
	int fd = open(path, O_RDONLY);
	struct stat st;

	assert_true(fd != -1);
	assert_int_equal(read(fd, bytes, sizeof(bytes)), strlen(want));
	assert_memory_equal(bytes, want, strlen(want));
	assert_int_equal(fstat(fd, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0640);
	(void)close(fd);
}

static void
test_one(void **state)
{
	(void)state;
	(void)umask(077);
	keep(1);
	assert_int_equal(t.result, 0);
	assert_int_equal(files_left(t.dir), 1);
	check_file(t.path[0], "Top: 1\nSubject: x\n\nbody\n");
}

static void
test_many(void **state)
{
	(void)state;
	t.copies[1].top = SLICE_NONE;
	t.line_end = LINE_CRLF;
	keep(COPIES);
	assert_int_equal(t.result, 0);
	assert_int_equal(files_left(t.dir), COPIES);
	check_file(t.path[1], "Subject: x\r\n\r\nbody\r\n");
	check_file(t.path[COPIES - 1], "Top: 1\nSubject: x\r\n\r\nbody\r\n");
}

static void
test_long_top(void **state)
{
	static char top[200000];
	struct stat st;

	(void)state;
	memset(top, 'x', sizeof(top));
	for (size_t i = 0; i < 4; i++) {
		static const size_t sizes[] = { 32767, 32768, 32769, 200000 };

		t.copies[i].top = (struct slice){ top, sizes[i] };
	}
	keep(4);
	assert_int_equal(t.result, 0);
	for (size_t i = 0; i < 4; i++) {
		assert_int_equal(stat(t.path[i], &st), 0);
		assert_int_equal(st.st_size, t.copies[i].top.n + 17);
	}
}

/* `tmp` of copy `at` cannot be made. */
static void
check_nothing_left(size_t at, const char *tmp, int want)
{
	t.copies[at].tmp = tmp;
	keep(COPIES);
	assert_int_equal(t.result, want);
	assert_int_equal(t.failed, at);
	assert_int_equal(files_left(t.dir), 0);
	t.copies[at].tmp = t.tmp[at];
}

static void
test_all_or_none(void **state)
{
	(void)state;
	check_nothing_left(0, "/nonexistent/x", -ENOENT);
	check_nothing_left(3, "/nonexistent/x", -ENOENT);
	check_nothing_left(16, "/nonexistent/x", -ENOENT);
	check_nothing_left(COPIES - 1, "/dev/null/x", -ENOTDIR);
	/* The last one cannot be renamed: the others are taken back. */
	t.copies[COPIES - 1].path = "/nonexistent/x";
	keep(COPIES);
	assert_int_equal(t.result, -ENOENT);
	assert_int_equal(t.failed, COPIES - 1);
	assert_int_equal(files_left(t.dir), 0);
}

static void
test_another_ones_file_stays(void **state)
{
	int fd = open(t.tmp[2], O_CREAT | O_WRONLY, 0640);

	(void)state;
	assert_int_equal(write(fd, "mine", 4), 4);
	(void)close(fd);
	keep(4);
	assert_int_equal(t.result, -EEXIST);
	assert_int_equal(t.failed, 2);
	assert_int_equal(files_left(t.dir), 1);
}

/* ... also behind the copy that failed, in the same batch. */
static void
test_file_behind_stays(void **state)
{
	int fd = open(t.tmp[2], O_CREAT | O_WRONLY, 0640);

	(void)state;
	(void)close(fd);
	t.copies[1].tmp = "/nonexistent/x";
	keep(4);
	assert_int_equal(t.result, -ENOENT);
	assert_int_equal(t.failed, 1);
	assert_int_equal(access(t.tmp[2], F_OK), 0);
	assert_int_equal(files_left(t.dir), 1);
}

static void
test_cancelled(void **state)
{
	(void)state;
	t.cancel = true;
	keep(2);
	assert_int_equal(t.result, -ECANCELED);
	assert_int_equal(files_left(t.dir), 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		TEST(test_one),
		TEST(test_many),
		TEST(test_long_top),
		TEST(test_all_or_none),
		TEST(test_another_ones_file_stays),
		TEST(test_file_behind_stays),
		TEST(test_cancelled),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
