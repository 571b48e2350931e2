/* SPDX-License-Identifier: MIT */
/* mail_test.h - what the tests of mail/ share: a spool directory of their
 * own, a disk that can be made to fail, messages fed in pieces. */
#ifndef HOOKLINE_TESTS_MAIL_TEST_H
#define HOOKLINE_TESTS_MAIL_TEST_H

#include "unit.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>

#include "base/arena.h"
#include "base/buf.h"
#include "mail/body.h"
#include "mail/message.h"
#include "mail/message_reader.h"

/* What the next calls do; zero: as the system does. */
struct test_disk {
	int open_error;
	int write_error;
	uint64_t write_room; /* bytes until write_error; 0: at once */
	size_t write_short;  /* at most so many bytes at a time */
	int read_error;
	bool read_end; /* as if the file had been cut */
	unsigned opens, writes, pool_writes, reads, pool_reads;
};

static struct test_disk disk;

static inline int
disk_open_spool(const char *dir)
{
	disk.opens++;
	if (disk.open_error != 0)
		return disk.open_error;
	return body_io_direct.open_spool(dir);
}

static inline ssize_t
disk_write(
    int fd, const struct iovec *iov, int count, uint64_t pos, bool in_pool)
{
	struct iovec one = iov[0];

	disk.writes++;
	disk.pool_writes += in_pool;
	if (disk.write_error != 0 && disk.write_room == 0)
		return disk.write_error;
	if (disk.write_error == 0 && disk.write_short == 0)
		return body_io_direct.write(fd, iov, count, pos, in_pool);
	if (disk.write_short > 0 && one.iov_len > disk.write_short)
		one.iov_len = disk.write_short;
	if (disk.write_error != 0 && one.iov_len > disk.write_room)
		one.iov_len = disk.write_room;
	disk.write_room -= disk.write_error != 0 ? one.iov_len : 0;
	return body_io_direct.write(fd, &one, 1, pos, in_pool);
}

static inline ssize_t
disk_read(int fd, void *bytes, size_t n, uint64_t pos, bool in_pool)
{
	disk.reads++;
	disk.pool_reads += in_pool;
	if (disk.read_error != 0)
		return disk.read_error;
	if (disk.read_end)
		return 0;
	return body_io_direct.read(fd, bytes, n, pos, in_pool);
}

static const struct body_io test_io = {
	.open_spool = disk_open_spool,
	.write = disk_write,
	.read = disk_read,
};

struct test_store {
	struct body_store store;
	const char *dir;
};

static char test_dir[64];

static inline void
remove_test_dir(void)
{
	(void)rmdir(test_dir);
}

/* One directory for the whole program: making them is slow. */
static inline void
test_store_init(struct test_store *test, size_t body_memory)
{
	disk = (struct test_disk){ 0 };
	if (test_dir[0] == '\0') {
		(void)snprintf(
		    test_dir, sizeof(test_dir), "/tmp/hookline-test-XXXXXX");
		assert_non_null(mkdtemp(test_dir));
		(void)atexit(remove_test_dir);
	}
	test->dir = test_dir;
	body_store_init(&test->store, test->dir, body_memory);
	body_store_set_io(&test->store, &test_io);
}

static inline unsigned
files_left(const char *path)
{
	DIR *dir = opendir(path);
	unsigned count = 0;

	assert_non_null(dir);
	while (readdir(dir) != NULL)
		count++;
	(void)closedir(dir);
	return count - 2;
}

/* Also that nothing was left in the directory and in the account. */
static inline void
test_store_done(struct test_store *test)
{
	assert_int_equal(test->store.memory.used, 0);
	assert_int_equal(files_left(test->dir), 0);
	body_store_done(&test->store);
}

static inline struct message_limits
test_limits(size_t size_threshold)
{
	return (struct message_limits){
		.size_threshold = size_threshold,
		.header_bytes = 65536,
		.header_fields = 500,
	};
}

/* A small generator of our own, so that a failing seed can be repeated. */
static inline unsigned
test_random_next(uint64_t *seed, unsigned below)
{
	*seed = *seed * 6364136223846793005u + 1442695040888963407u;
	return (unsigned)((*seed >> 33) % below);
}

/* Appends `text` in pieces of 1 to `cut` bytes; 0: in one. */
static inline int
feed_cut(
    struct message *message, struct slice text, unsigned cut, uint64_t *seed)
{
	int ret = 0;

	while (text.n > 0 && ret == 0) {
		size_t n = text.n;

		if (cut > 0 && n > cut)
			n = 1 + test_random_next(seed, cut);
		ret = message_append(message, text.p, n);
		if (ret == 0)
			ret = message_settle(message);
		text = slice_from(text, n);
	}
	return ret;
}

static inline void
test_message(struct message *message, struct test_store *test,
    size_t size_threshold, struct slice text)
{
	struct message_limits limits = test_limits(size_threshold);

	message_init(message, &test->store, &limits, NULL);
	assert_int_equal(feed_cut(message, text, 0, NULL), 0);
	assert_int_equal(message_end(message), 0);
}

/* All that a reader gives, read `n` bytes at a time. */
static inline void
read_all(struct message_reader *reader, size_t n, struct buf *out)
{
	static char bytes[4096];
	ssize_t got;

	assert_true(n <= sizeof(bytes));
	while ((got = message_reader_read(reader, bytes, n)) > 0)
		buf_add(out, bytes, (size_t)got);
	assert_int_equal(got, 0);
}

static inline void
delivered(struct message *message, enum line_end line_end, struct buf *out)
{
	struct message_reader reader;

	message_reader_init(&reader, message, line_end);
	read_all(&reader, 4096, out);
}

/* `text` with each CRLF made LF, the plain way. */
static inline void
to_lf(struct slice text, struct buf *out)
{
	for (size_t i = 0; i < text.n; i++) {
		if (text.p[i] != '\r' || i + 1 == text.n ||
		    text.p[i + 1] != '\n')
			buf_add_char(out, text.p[i]);
	}
}

#endif
