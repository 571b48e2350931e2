/* SPDX-License-Identifier: MIT */
/* test_body.c - the message store: memory, spool, disks that fail. */
#include "mail_test.h"

#include <sys/stat.h>

#include "base/err.h"

#define HEAD "A: b\r\n\r\n"
#define HEAD_N (sizeof(HEAD) - 1)

/* Byte `pos` of the test's body. */
static char
byte_at(uint64_t pos)
{
	return "0123456789abcdef\r\n"[pos % 18];
}

static void
start(struct body *body, struct test_store *test, size_t threshold)
{
	body_init(body, &test->store, threshold);
	body_append_head(body, HEAD, HEAD_N);
}

/* Appends so many bytes, `step` at a time. */
static int
grow(struct body *body, size_t n, size_t step)
{
	char *bytes = test_malloc(step);
	int ret = 0;

	while (n > 0 && ret == 0) {
		size_t part = n < step ? n : step;

		for (size_t i = 0; i < part; i++)
			bytes[i] = byte_at(body_size(body) - HEAD_N + i);
		ret = body_append(body, bytes, part);
		if (ret == 0)
			ret = body_settle(body);
		n -= part;
	}
	test_free(bytes);
	return ret;
}

/* Reads all of it, `step` at a time, and compares. */
static void
check_content(struct body *body, size_t n, size_t step, bool direct)
{
	char *bytes = test_malloc(step);
	uint64_t pos = 0;
	ssize_t got;

	assert_int_equal(body_size(body), HEAD_N + n);
	for (;;) {
		got = direct ? body_read_direct(body, pos, bytes, step)
			     : body_read(body, pos, bytes, step);
		assert_true(got >= 0);
		for (ssize_t i = 0; i < got; i++) {
			uint64_t at = pos + (uint64_t)i;

			assert_int_equal(bytes[i],
			    at < HEAD_N ? HEAD[at] : byte_at(at - HEAD_N));
		}
		pos += (uint64_t)got;
		if ((size_t)got < step)
			break;
	}
	assert_int_equal(pos, body_size(body));
	test_free(bytes);
}

static const struct {
	const char *name;
	size_t threshold, memory, size, step;
	unsigned opens; /* until body_finish has returned */
	unsigned pool_writes;
} stores[] = {
	{ "nothing", 100, 0, 0, 1, 0, 0 },
	{ "one byte", 100, 0, 1, 1, 0, 0 },
	{ "up to the threshold", 1000, 0, 1000 - HEAD_N, 7, 0, 0 },
	{ "one over it", 1000, 0, 1001 - HEAD_N, 7, 1, 0 },
	{ "one block", 1 << 20, 0, BODY_BLOCK_SIZE, 1000, 0, 0 },
	{ "many blocks", 1 << 24, 0, 1000000, 9999, 0, 0 },
	{ "always spool, head only", 0, 0, 0, 1, 1, 0 },
	{ "always spool, small", 0, 0, 100, 1, 1, 0 },
	{ "gathered writes", 0, 0, 1 << 20, 4096, 1, 4 },
	{ "the default", 262144, 0, 300000, 65536, 1, 1 },
	{ "large pieces", 262144, 0, 3000000, 1000000, 1, 3 },
	{ "high threshold", 1 << 20, 0, 3 << 19, 65536, 1, 3 },
	{ "no memory for a block", 262144, 100, 100000, 4096, 1, 0 },
	{ "memory for three", 1 << 20, 3 * BODY_BLOCK_SIZE + 2048, 500000, 5000,
	    1, 0 },
};

static void
test_stores(void **state)
{
	static const size_t steps[] = { 1, 700, 65536, 300000 };
	struct test_store test;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(stores); i++) {
		struct body body;

		test_store_init(&test, stores[i].memory);
		start(&body, &test, stores[i].threshold);
		assert_int_equal(
		    grow(&body, stores[i].size, stores[i].step), 0);
		assert_int_equal(body_finish(&body), 0);
		UNIT_CASE(stores[i].name, disk.opens == stores[i].opens);
		UNIT_CASE(
		    stores[i].name, disk.pool_writes == stores[i].pool_writes);
		for (size_t s = stores[i].size > 100000 ? 1 : 0;
		     s < ARRAY_SIZE(steps); s++) {
			check_content(&body, stores[i].size, steps[s], false);
			check_content(&body, stores[i].size, steps[s], true);
		}
		UNIT_CASE(stores[i].name,
		    body_data_size(&body) ==
			HEAD_N - 2 + stores[i].size - stores[i].size / 18);
		body_done(&body);
		body_done(&body);
		test_store_done(&test);
	}
}

/* Every cut of a write, and a CR at the end of each of them. */
static void
test_short_writes(void **state)
{
	struct test_store test;
	struct body body;

	(void)state;
	for (size_t step = 1; step < 40; step++) {
		test_store_init(&test, 0);
		disk.write_short = step;
		start(&body, &test, 0);
		assert_int_equal(grow(&body, 300, step), 0);
		assert_true(body_fd(&body) >= 0);
		assert_int_equal(grow(&body, 300, step), 0);
		assert_int_equal(body_finish(&body), 0);
		check_content(&body, 600, 64, false);
		assert_int_equal(
		    body_data_size(&body), HEAD_N - 2 + 600 - 600 / 18);
		body_done(&body);
		test_store_done(&test);
	}
}

static void
test_peek(void **state)
{
	struct test_store test;
	struct body body;

	(void)state;
	test_store_init(&test, 0);
	start(&body, &test, 1 << 20);
	assert_int_equal(grow(&body, BODY_BLOCK_SIZE + 10, 1000), 0);
	unit_slice_is("head", body_peek(&body, 0), HEAD);
	assert_int_equal(body_peek(&body, HEAD_N).n, BODY_BLOCK_SIZE);
	assert_int_equal(body_peek(&body, HEAD_N + BODY_BLOCK_SIZE).n, 10);
	assert_int_equal(body_peek(&body, body_size(&body)).n, 0);
	assert_true(body_fd(&body) >= 0);
	assert_int_equal(body_peek(&body, HEAD_N).n, 0);
	unit_slice_is("head", body_peek(&body, 3), &HEAD[3]);
	body_done(&body);
	test_store_done(&test);
}

/* What is asked for may have grown since. */
static void
test_data_size_while_growing(void **state)
{
	struct test_store test;
	struct body body;

	(void)state;
	test_store_init(&test, 0);
	start(&body, &test, 300);
	for (size_t n = 1; n < 600; n++) {
		assert_int_equal(grow(&body, 1, 1), 0);
		assert_int_equal(
		    body_data_size(&body), HEAD_N - 2 + n - n / 18);
	}
	body_done(&body);
	test_store_done(&test);
}

/* Blocks are used again, and their number is what is in use at most. */
static void
test_blocks_recycled(void **state)
{
	struct test_store test;
	struct body body;

	(void)state;
	test_store_init(&test, 0);
	test.store.free_max = 3;
	for (int i = 0; i < 10; i++) {
		start(&body, &test, 1 << 20);
		assert_int_equal(grow(&body, 100000, 5000), 0);
		assert_true(test.store.memory.used >= 100000);
		body_done(&body);
		assert_int_equal(test.store.free_count, 3);
	}
	body_store_trim(&test.store, BODY_BLOCK_SIZE);
	assert_int_equal(test.store.free_count, 1);
	body_store_trim(&test.store, 0);
	assert_null(test.store.free);
	test_store_done(&test);
}

/* One body takes all the memory; another one works all the same, and the
 * first one's memory is free again once it has ended. */
static void
test_memory_shared(void **state)
{
	struct test_store test;
	struct body first, second;

	(void)state;
	test_store_init(&test, 2 * BODY_BLOCK_SIZE + 4096);
	start(&first, &test, 1 << 20);
	assert_int_equal(grow(&first, 2 * BODY_BLOCK_SIZE, 4096), 0);
	assert_int_equal(disk.opens, 0);
	start(&second, &test, 1 << 20);
	assert_int_equal(grow(&second, 50000, 4096), 0);
	assert_int_equal(disk.opens, 1);
	body_done(&first);
	assert_int_equal(grow(&second, 50000, 4096), 0);
	assert_int_equal(body_finish(&second), 0);
	check_content(&second, 100000, 1000, false);
	body_done(&second);
	assert_int_equal(test.store.spooled_bodies, 1);
	test_store_done(&test);
}

/* The caller's bytes may be overwritten as soon as something parks: all are
 * taken before the disk is touched, whatever the memory. */
static void
test_append_never_writes(void **state)
{
	static const size_t memories[] = { 0, 1, 40000 };
	struct test_store test;
	char bytes[100];

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(memories); i++) {
		struct body body;

		test_store_init(&test, memories[i]);
		start(&body, &test, 0);
		for (size_t n = 0; n < 600000; n += sizeof(bytes)) {
			for (size_t k = 0; k < sizeof(bytes); k++)
				bytes[k] = byte_at(n + k);
			assert_int_equal(
			    body_append(&body, bytes, sizeof(bytes)), 0);
			memset(bytes, '!', sizeof(bytes));
		}
		assert_int_equal(disk.opens + disk.writes, 0);
		assert_int_equal(body_settle(&body), 0);
		assert_int_equal(disk.opens, 1);
		assert_true(disk.pool_writes > 0);
		check_content(&body, 600000, 5000, false);
		body_done(&body);
		test_store_done(&test);
	}
}

/* ---- failures ---------------------------------------------------------- */

static const struct {
	const char *name;
	int open_error, write_error;
	uint64_t room;
	size_t memory;
	int want;
} failures[] = {
	{ "no directory", -ENOENT, 0, 0, 0, -ENOENT },
	{ "read-only", -EROFS, 0, 0, 0, -EROFS },
	{ "too many files", -EMFILE, 0, 0, 0, -EMFILE },
	{ "full at once", 0, -ENOSPC, 0, 0, -ENOSPC },
	{ "full in the middle", 0, -ENOSPC, 300000, 0, -ENOSPC },
	{ "full in the first write", 0, -ENOSPC, 100, 0, -ENOSPC },
	{ "quota, no memory", 0, -EDQUOT, 50000, 100, -EDQUOT },
	{ "broken", 0, -EIO, 270000, 0, -EIO },
};

/* Sticky; nothing more is tried; the memory is given back at once. */
static void
test_failures(void **state)
{
	struct test_store test;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(failures); i++) {
		struct body body;
		unsigned calls;
		char byte;

		test_store_init(&test, failures[i].memory);
		disk.open_error = failures[i].open_error;
		disk.write_error = failures[i].write_error;
		disk.write_room = failures[i].room;
		start(&body, &test, 262144);
		UNIT_CASE(failures[i].name,
		    grow(&body, 2000000, 65536) == failures[i].want);
		assert_true(test.store.memory.used < 2048);
		disk.open_error = disk.write_error = 0;
		calls = disk.opens + disk.writes;
		assert_int_equal(body_append(&body, "x", 1), failures[i].want);
		assert_int_equal(body_finish(&body), failures[i].want);
		assert_int_equal(body_fd(&body), failures[i].want);
		assert_int_equal(
		    body_read(&body, 0, &byte, 1), failures[i].want);
		assert_int_equal(body_data_size(&body), 0);
		assert_int_equal(disk.opens + disk.writes, calls);
		body_done(&body);
		test_store_done(&test);
	}
}

static void
test_failure_at_the_end(void **state)
{
	struct test_store test;
	struct body body;

	(void)state;
	test_store_init(&test, 0);
	start(&body, &test, 0);
	assert_int_equal(grow(&body, 1000, 100), 0);
	disk.write_error = -ENOSPC;
	assert_int_equal(body_finish(&body), -ENOSPC);
	assert_int_equal(body_finish(&body), -ENOSPC);
	body_done(&body);
	test_store_done(&test);
}

/* A plugin asks for the file on a full disk: the message is none the worse. */
static void
test_fd_fails_softly(void **state)
{
	struct test_store test;
	struct body body;
	struct stat st;

	(void)state;
	test_store_init(&test, 0);
	start(&body, &test, 1 << 20);
	assert_int_equal(grow(&body, 100000, 5000), 0);
	assert_int_equal(body_finish(&body), 0);
	disk.write_error = -ENOSPC;
	disk.write_room = 50000;
	assert_int_equal(body_fd(&body), -ENOSPC);
	check_content(&body, 100000, 4096, false);
	disk.write_error = 0;
	assert_true(body_fd(&body) >= 0);
	assert_int_equal(fstat(body_fd(&body), &st), 0);
	assert_int_equal(st.st_size, body_size(&body));
	assert_int_equal(st.st_nlink, 0);
	check_content(&body, 100000, 4096, false);
	assert_int_equal(disk.opens, 2);
	body_done(&body);
	test_store_done(&test);
}

static void
test_read_fails(void **state)
{
	static const size_t sizes[] = { 100, 65536, 300000 };
	struct test_store test;
	struct body body;
	char *bytes = test_malloc(300000);

	(void)state;
	test_store_init(&test, 0);
	start(&body, &test, 0);
	assert_int_equal(grow(&body, 400000, 5000), 0);
	assert_int_equal(body_finish(&body), 0);
	for (size_t i = 0; i < ARRAY_SIZE(sizes); i++) {
		disk.read_error = -EIO;
		assert_int_equal(body_read(&body, 1000, bytes, sizes[i]), -EIO);
		disk.read_error = 0;
		disk.read_end = true;
		assert_int_equal(body_read(&body, 1000, bytes, sizes[i]), -EIO);
		disk.read_end = false;
	}
	/* Not sticky, and no half-read window is taken for good. */
	check_content(&body, 400000, 1000, false);
	check_content(&body, 400000, 300000, false);
	assert_true(disk.pool_reads > 0);
	test_free(bytes);
	body_done(&body);
	test_store_done(&test);
}

static void
test_fail_keeps_first(void **state)
{
	struct test_store test;
	struct body body;

	(void)state;
	test_store_init(&test, 0);
	start(&body, &test, 1000);
	assert_int_equal(grow(&body, 100, 10), 0);
	body_fail(&body, -EMSGSIZE);
	body_fail(&body, -EIO);
	assert_int_equal(body_append(&body, "x", 1), -EMSGSIZE);
	body_done(&body);
	test_store_done(&test);
}

/* ---- body_filename ----------------------------------------------------- */

static void
file_is(const char *path, struct slice want)
{
	char *bytes = test_malloc(want.n + 1);
	int fd = open(path, O_RDONLY);
	struct stat st;

	assert_true(fd != -1);
	assert_int_equal(fstat(fd, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0600);
	assert_int_equal(read(fd, bytes, want.n + 1), want.n);
	assert_memory_equal(bytes, want.p, want.n);
	(void)close(fd);
	test_free(bytes);
}

static void
test_filename(void **state)
{
	static const size_t sizes[] = { 0, 17, 40000, 700000 };
	struct test_store test;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(sizes) * 2; i++) {
		struct buf all = BUF_INIT, want = BUF_INIT;
		size_t n = sizes[i / 2];
		struct body body;
		hl_str path, again;

		test_store_init(&test, 0);
		start(&body, &test, i % 2 == 0 ? 0 : 1 << 20);
		assert_int_equal(grow(&body, n, 65536), 0);
		assert_int_equal(body_finish(&body), 0);
		buf_add_text(&all, HEAD);
		for (size_t k = 0; k < n; k++)
			buf_add_char(&all, byte_at(k));
		to_lf(buf_slice(&all), &want);
		assert_int_equal(body_filename(&body, &path, NULL), 0);
		file_is(path.p, buf_slice(&want));
		assert_int_equal(body_filename(&body, &again, NULL), 0);
		assert_string_equal(again.p, path.p);
		body_done(&body);
		/* Finds a file that was left. */
		test_store_done(&test);
		buf_done(&all);
		buf_done(&want);
	}
}

static void
test_filename_fails(void **state)
{
	struct test_store test;
	struct err err = { 0 };
	struct body body;
	hl_str path;

	(void)state;
	test_store_init(&test, 0);
	start(&body, &test, 1000);
	assert_int_equal(grow(&body, 100, 10), 0);
	assert_int_equal(body_finish(&body), 0);
	disk.write_error = -ENOSPC;
	disk.write_room = 10;
	assert_int_equal(body_filename(&body, &path, &err), -ENOSPC);
	assert_non_null(strstr(err.text, "No space left"));
	assert_non_null(strstr(err.text, test.dir));
	disk.write_error = 0;
	assert_int_equal(chdir("/"), 0);
	assert_int_equal(rmdir(test.dir), 0);
	assert_int_equal(body_filename(&body, &path, &err), -ENOENT);
	assert_int_equal(mkdir(test.dir, 0700), 0);
	assert_int_equal(body_filename(&body, &path, &err), 0);
	body_done(&body);
	test_store_done(&test);
}

/* No part of a message is left in the place of all of it. */
static void
test_copy_grows(void **state)
{
	struct buf want = BUF_INIT;
	struct test_store test;
	struct body body;
	hl_str path;

	(void)state;
	test_store_init(&test, 0);
	start(&body, &test, 1000);
	assert_int_equal(body_finish(&body), 0);
	assert_int_equal(body_copy_grow(&body, 0), 0); /* no file: nothing */
	assert_int_equal(body_filename(&body, &path, NULL), 0);
	assert_int_equal(body_append(&body, "one\r\ntwo\r\n", 10), 0);
	assert_int_equal(body_copy_grow(&body, body_size(&body) - 10), 0);
	to_lf(SLICE_LIT(HEAD "one\r\ntwo\r\n"), &want);
	file_is(path.p, buf_slice(&want));
	assert_int_equal(body_append(&body, "three\r\n", 7), 0);
	disk.write_error = -ENOSPC;
	disk.write_room = 2;
	assert_int_equal(body_copy_grow(&body, body_size(&body) - 7), -ENOSPC);
	disk.write_error = 0;
	assert_int_equal(body_filename(&body, &path, NULL), 0);
	buf_add_text(&want, "three\n");
	file_is(path.p, buf_slice(&want));
	body_done(&body);
	test_store_done(&test);
	buf_done(&want);
}

static void
make_file(const char *dir, const char *name)
{
	char path[256];
	int fd;

	(void)snprintf(path, sizeof(path), "%s/%s", dir, name);
	fd = open(path, O_WRONLY | O_CREAT | O_EXCL, 0600);
	assert_true(fd != -1);
	(void)close(fd);
}

static void
remove_file(const char *dir, const char *name)
{
	char path[256];

	(void)snprintf(path, sizeof(path), "%s/%s", dir, name);
	assert_int_equal(unlink(path), 0);
}

/* Only what a dead process left goes. */
static void
test_sweep(void **state)
{
	struct test_store test;
	struct body body;
	char name[64];
	hl_str path;
	pid_t pid = fork();

	(void)state;
	if (pid == 0)
		_exit(0);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
	test_store_init(&test, 0);
	start(&body, &test, 1000);
	assert_int_equal(body_finish(&body), 0);
	assert_int_equal(body_filename(&body, &path, NULL), 0);
	(void)snprintf(name, sizeof(name), "body-%ld-0", (long)pid);
	make_file(test.dir, name);
	make_file(test.dir, "body-0-1");
	make_file(test.dir, "body-");
	make_file(test.dir, "other");
	assert_int_equal(body_store_sweep(&test.store), 1);
	assert_int_equal(access(path.p, F_OK), 0);
	remove_file(test.dir, "body-0-1");
	remove_file(test.dir, "body-");
	remove_file(test.dir, "other");
	body_done(&body);
	test_store_done(&test);
}

/* The system's own spool file: a limit of the kernel's on the size of files
 * stands for the full disk. */
static void
test_real_file_limit(void **state)
{
	struct rlimit limit = { 300000, RLIM_INFINITY }, old;
	struct test_store test;
	struct body body;
	int ret;

	(void)state;
	test_store_init(&test, 0);
	body_store_set_io(&test.store, &body_io_direct);
	start(&body, &test, 0);
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &old), 0);
	limit.rlim_max = old.rlim_max;
	(void)signal(SIGXFSZ, SIG_IGN);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
	ret = grow(&body, 1000000, 10000);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &old), 0);
	assert_int_equal(ret, -EFBIG);
	body_done(&body);
	test_store_done(&test);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_stores),
		cmocka_unit_test(test_short_writes),
		cmocka_unit_test(test_peek),
		cmocka_unit_test(test_data_size_while_growing),
		cmocka_unit_test(test_blocks_recycled),
		cmocka_unit_test(test_memory_shared),
		cmocka_unit_test(test_append_never_writes),
		cmocka_unit_test(test_failures),
		cmocka_unit_test(test_failure_at_the_end),
		cmocka_unit_test(test_fd_fails_softly),
		cmocka_unit_test(test_read_fails),
		cmocka_unit_test(test_fail_keeps_first),
		cmocka_unit_test(test_filename),
		cmocka_unit_test(test_filename_fails),
		cmocka_unit_test(test_copy_grows),
		cmocka_unit_test(test_sweep),
		cmocka_unit_test(test_real_file_limit),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
