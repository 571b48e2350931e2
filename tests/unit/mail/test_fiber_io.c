/* SPDX-License-Identifier: MIT */
/* test_fiber_io.c - large writes and reads park the fiber, not the loop.
 *
 * Assertions are made on the loop's stack, after the fact: cmocka leaves a
 * failed test by longjmp, which must not cross fibers.
 */
#include "mail_test.h"

#include <sys/stat.h>

#include "mail/message_write.h"
#include "rt/fiber.h"
#include "rt/rt.h"

#define TEXT_SIZE 1500000
#define TICKS_MAX 1000000

static struct {
	struct test_store test;
	struct message message;
	struct rt *rt;
	struct slice text;
	struct buf out;
	int fd; /* what message_write writes to */
	int append, end, body_fd, read, write;
	unsigned turns, turns_at_end;
	bool done;
} t;

/* Another session: counts its turns while the first one is parked. */
static void
run_other(void *arg)
{
	(void)arg;
	while (!t.done && t.turns < TICKS_MAX) {
		t.turns++;
		(void)fiber_yield();
	}
}

static void
run_message(void *arg)
{
	struct message_limits limits = test_limits(262144);
	struct message_reader reader;
	size_t room = 300000;
	ssize_t n;

	(void)arg;
	message_init(&t.message, &t.test.store, &limits, NULL);
	t.append = feed_cut(&t.message, t.text, 0, NULL);
	t.turns_at_end = t.turns;
	t.end = message_end(&t.message);
	message_reader_init(&reader, &t.message, LINE_CRLF);
	buf_reserve(&t.out, TEXT_SIZE + room);
	while ((n = message_reader_read(&reader, t.out.p + t.out.n, room)) > 0)
		t.out.n += (size_t)n;
	t.read = (int)n;
	t.body_fd = body_fd(&t.message.body);
	t.write = message_write(&t.message, t.fd, LINE_CRLF, false);
	message_done(&t.message);
	t.done = true;
}

static void
start_all(void)
{
	static char text[TEXT_SIZE];
	struct rt_options options = { .io_threads = 2 };

	for (size_t i = 0; i < TEXT_SIZE; i++)
		text[i] = "A: b\r\n\r\nbody\r\n"[i % 14];
	memset(&t, 0, sizeof(t));
	t.text = (struct slice){ text, TEXT_SIZE };
	t.rt = rt_new(&options);
	test_store_init(&t.test, 0);
	body_store_set_io(&t.test.store, NULL);
	assert_int_equal(fiber_start(t.rt, run_other, NULL), 0);
}

static void
run_all(void)
{
	assert_int_equal(fiber_start(t.rt, run_message, NULL), 0);
	assert_int_equal(rt_run(t.rt), 0);
	rt_free(&t.rt);
}

static void
test_spool(void **state)
{
	char path[] = "/tmp/hookline-write-XXXXXX";
	struct stat st;

	(void)state;
	start_all();
	t.fd = mkstemp(path);
	assert_true(t.fd != -1);
	(void)unlink(path);
	run_all();
	assert_int_equal(t.append, 0);
	assert_int_equal(t.end, 0);
	assert_int_equal(t.read, 0);
	assert_true(t.body_fd >= 0);
	assert_int_equal(t.write, 0);
	assert_true(slice_eq(buf_slice(&t.out), t.text));
	assert_int_equal(fstat(t.fd, &st), 0);
	assert_int_equal(st.st_size, TEXT_SIZE);
	/* The first one was parked meanwhile. */
	assert_true(t.turns_at_end > 1 && t.turns < TICKS_MAX);
	assert_int_equal(t.test.store.spooled_bodies, 1);
	buf_done(&t.out);
	(void)close(t.fd);
	test_store_done(&t.test);
}

static void
test_spool_fails(void **state)
{
	(void)state;
	start_all();
	t.fd = -1;
	free(t.test.store.spool_dir);
	t.test.store.spool_dir = strdup("/nonexistent/spool");
	run_all();
	assert_int_equal(t.append, -ENOENT);
	assert_int_equal(t.end, -ENOENT);
	assert_int_equal(t.read, -ENOENT);
	assert_int_equal(t.body_fd, -ENOENT);
	assert_int_equal(t.write, -ENOENT);
	buf_done(&t.out);
	test_store_done(&t.test);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_spool),
		cmocka_unit_test(test_spool_fails),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
