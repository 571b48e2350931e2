/* SPDX-License-Identifier: MIT */
/* test_api_file.c - hl_file_*: what a queue plugin does, and its failures.
 *
 * The program is linked with --wrap=fsync and --wrap=write, to count and fail
 * them.
 */
#include "engine_fixture.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <sys/stat.h>
#include <unistd.h>

static struct fixture *f;
static hl_str new_file, tmp_file, sub_dir;
static atomic_uint syncs;
static atomic_int fail_sync, fail_write;

int __real_fsync(int fd);
int __wrap_fsync(int fd);
ssize_t __real_write(int fd, const void *bytes, size_t n);
ssize_t __wrap_write(int fd, const void *bytes, size_t n);

int
__wrap_fsync(int fd)
{
	atomic_fetch_add(&syncs, 1);
	if (fail_sync != 0) {
		errno = fail_sync;
		return -1;
	}
	return __real_fsync(fd);
}

ssize_t
__wrap_write(int fd, const void *bytes, size_t n)
{
	if (fail_write != 0 && fd > STDERR_FILENO) {
		errno = fail_write;
		return -1;
	}
	return __real_write(fd, bytes, n);
}

static int
declare(struct hl_ctx *ctx)
{
	return hl_need_write(ctx, hl_printf(ctx, "%s/", f->dir));
}

static int
set_up(void **state)
{
	static char names[3][128];

	if (fixture_setup(state) < 0)
		return -1;
	f = *state;
	(void)snprintf(names[0], sizeof(names[0]), "%s/new", f->dir);
	(void)snprintf(names[1], sizeof(names[1]), "%s/tmp", f->dir);
	(void)snprintf(names[2], sizeof(names[2]), "%s/sub", f->dir);
	new_file = str_of(names[0]);
	tmp_file = str_of(names[1]);
	sub_dir = str_of(names[2]);
	syncs = 0;
	fail_sync = fail_write = 0;
	fixture_probe_load = declare;
	return 0;
}

static unsigned
open_files(void)
{
	DIR *dir = opendir("/proc/self/fd");
	unsigned count = 0;

	assert_non_null(dir);
	while (readdir(dir) != NULL)
		count++;
	(void)closedir(dir);
	return count;
}

/* ---- plain files ---- */

static enum hl_verdict
write_and_read(struct hl_ctx *ctx)
{
	struct hl_file *file = NULL;
	char bytes[32] = "";
	uint64_t size = 0;
	int64_t mtime = 0;

	EXPECT_INT(hl_file_open(ctx, tmp_file, O_RDONLY, 0, &file), -ENOENT);
	EXPECT(file == NULL);
	EXPECT_INT(hl_file_open(
		       ctx, tmp_file, O_WRONLY | O_CREAT | O_EXCL, 0600, &file),
	    0);
	EXPECT_INT(hl_file_write(file, "hello ", 6), 0);
	EXPECT_INT(hl_file_write(file, "world", 5), 0);
	EXPECT_INT(hl_file_sync(file), 0);
	EXPECT_INT(hl_file_close(&file), 0);
	EXPECT(file == NULL);
	EXPECT_INT(hl_file_close(&file), 0);
	EXPECT_INT(hl_file_rename(ctx, tmp_file, new_file), 0);
	EXPECT_INT(hl_dir_sync(ctx, str_of(f->dir)), 0);
	EXPECT_INT(hl_file_stat(ctx, tmp_file, &size, &mtime), -ENOENT);
	EXPECT_INT(hl_file_stat(ctx, new_file, &size, &mtime), 0);
	EXPECT_INT(size, 11);
	EXPECT(mtime > 1700000000);
	EXPECT_INT(hl_file_stat(ctx, new_file, NULL, NULL), 0);
	EXPECT_INT(hl_file_open(ctx, new_file, O_RDONLY, 0, &file), 0);
	EXPECT_INT(hl_file_read(file, bytes, 5), 5);
	EXPECT_INT(hl_file_read(file, bytes, sizeof(bytes) - 1), 6);
	EXPECT(strcmp(bytes, " world") == 0);
	EXPECT_INT(hl_file_read(file, bytes, sizeof(bytes)), 0);
	EXPECT_INT(hl_file_write(file, "x", 1), -EBADF);
	EXPECT_INT(hl_file_close(&file), 0);
	EXPECT_INT((int)syncs, 2);
	EXPECT_INT(hl_file_mkdir(ctx, sub_dir, 0700), 0);
	EXPECT_INT(hl_file_mkdir(ctx, sub_dir, 0700), 0);
	EXPECT_INT(
	    hl_file_mkdir(ctx, hl_printf(ctx, "%s/a/b", sub_dir.p), 0700), 0);
	EXPECT_INT(
	    hl_file_stat(ctx, hl_printf(ctx, "%s/a/b", sub_dir.p), NULL, NULL),
	    0);
	EXPECT_INT(hl_file_unlink(ctx, new_file), 0);
	EXPECT_INT(hl_file_unlink(ctx, new_file), -ENOENT);
	return HL_DECLINED;
}

static void
test_write_and_read(void **state)
{
	(void)state;
	fixture_hook(f, HOOK_CONNECT, write_and_read);
}

static enum hl_verdict
use_undeclared(struct hl_ctx *ctx)
{
	hl_str foreign = HL_STR("/tmp/hookline-foreign");
	struct hl_file *file;

	EXPECT_INT(hl_file_open(ctx, foreign, O_WRONLY | O_CREAT, 0600, &file),
	    -EACCES);
	EXPECT_INT(hl_file_open(ctx, foreign, O_RDONLY | O_CREAT, 0600, &file),
	    -EACCES);
	EXPECT_INT(hl_file_open(ctx, foreign, O_RDONLY, 0, &file), -EACCES);
	EXPECT_INT(hl_file_rename(ctx, foreign, new_file), -EACCES);
	EXPECT_INT(hl_file_rename(ctx, new_file, foreign), -EACCES);
	EXPECT_INT(hl_file_unlink(ctx, foreign), -EACCES);
	EXPECT_INT(hl_file_mkdir(ctx, foreign, 0700), -EACCES);
	EXPECT_INT(hl_file_stat(ctx, foreign, NULL, NULL), -EACCES);
	EXPECT_INT(hl_dir_sync(ctx, HL_STR("/tmp")), -EACCES);
	return HL_DECLINED;
}

static void
test_undeclared(void **state)
{
	(void)state;
	fixture_hook(f, HOOK_CONNECT, use_undeclared);
	assert_int_equal(access("/tmp/hookline-foreign", F_OK), -1);
}

static enum hl_verdict
leave_open(struct hl_ctx *ctx)
{
	struct hl_file *file;

	for (int i = 0; i < 10; i++) {
		EXPECT_INT(
		    hl_file_open(ctx, tmp_file, O_RDWR | O_CREAT, 0600, &file),
		    0);
		if (i % 2 == 0)
			EXPECT_INT(hl_file_write(file, "x", 1), 0);
	}
	return HL_DECLINED;
}

static void
test_left_open_is_closed(void **state)
{
	unsigned before;

	(void)state;
	fixture_hook(f, HOOK_CONNECT, leave_open);
	before = open_files();
	fixture_hook(f, HOOK_CONNECT, leave_open);
	assert_int_equal(open_files(), before);
}

static enum hl_verdict
write_on_full_disk(struct hl_ctx *ctx)
{
	struct hl_file *file;

	EXPECT_INT(
	    hl_file_open(ctx, tmp_file, O_WRONLY | O_CREAT, 0600, &file), 0);
	fail_write = ENOSPC;
	EXPECT_INT(hl_file_write(file, "x", 1), -ENOSPC);
	fail_write = 0;
	fail_sync = EIO;
	EXPECT_INT(hl_file_sync(file), -EIO);
	fail_sync = 0;
	EXPECT_INT(hl_file_close(&file), 0);
	return HL_DECLINED;
}

static void
test_full_disk(void **state)
{
	(void)state;
	fixture_hook(f, HOOK_CONNECT, write_on_full_disk);
}

/* The client is gone: nothing new is begun, what must end ends. */
static enum hl_verdict
when_cancelled(struct hl_ctx *ctx)
{
	struct hl_file *file, *other;

	EXPECT_INT(
	    hl_file_open(ctx, tmp_file, O_WRONLY | O_CREAT, 0600, &file), 0);
	EXPECT_INT(hl_file_write(file, "x", 1), 0);
	fixture_cancel(f);
	EXPECT_INT(hl_file_write(file, "y", 1), -ECANCELED);
	EXPECT_INT(hl_file_sync(file), -ECANCELED);
	EXPECT_INT(
	    hl_file_open(ctx, new_file, O_WRONLY | O_CREAT, 0600, &other),
	    -ECANCELED);
	EXPECT_INT(hl_file_close(&file), 0);
	EXPECT_INT(hl_file_unlink(ctx, tmp_file), 0);
	return HL_DECLINED;
}

static void
test_cancelled(void **state)
{
	(void)state;
	fixture_hook(f, HOOK_CONNECT, when_cancelled);
	assert_int_equal(access(tmp_file.p, F_OK), -1);
	assert_int_equal(access(new_file.p, F_OK), -1);
}

/* ---- messages ---- */

#define MESSAGE "From: a\r\nSubject: b\r\n\r\nline\r\nlast\r\n"

static enum hl_verdict
store(struct hl_ctx *ctx)
{
	struct hl_file *file;

	EXPECT_INT(hl_header_add_top(ctx, HL_STR("X-New"), HL_STR("1")), 0);
	EXPECT_INT(
	    hl_file_open(ctx, tmp_file, O_WRONLY | O_CREAT, 0600, &file), 0);
	EXPECT_INT(hl_file_write_message(file, ctx, HL_LF, true), 0);
	EXPECT_INT(hl_file_close(&file), 0);
	EXPECT_INT(
	    hl_file_open(ctx, new_file, O_WRONLY | O_CREAT, 0600, &file), 0);
	EXPECT_INT(hl_file_write(file, "before\r\n", 8), 0);
	EXPECT_INT(hl_file_write_message(file, ctx, HL_CRLF, false), 0);
	return HL_DECLINED;
}

static void
test_message(void **state)
{
	(void)state;
	fixture_message(f, MESSAGE);
	fixture_hook(f, HOOK_QUEUE, store);
	assert_int_equal(syncs, 1);
	fixture_file_is(
	    tmp_file.p, "X-New: 1\nFrom: a\nSubject: b\n\nline\nlast\n");
	fixture_file_is(new_file.p, "before\r\nX-New: 1\r\n" MESSAGE);
}

static enum hl_verdict
store_badly(struct hl_ctx *ctx)
{
	struct hl_file *file;

	EXPECT_INT(
	    hl_file_open(ctx, tmp_file, O_WRONLY | O_CREAT, 0600, &file), 0);
	fail_write = EIO;
	EXPECT_INT(hl_file_write_message(file, ctx, HL_LF, true), -EIO);
	fail_write = 0;
	fail_sync = EIO;
	EXPECT_INT(hl_file_write_message(file, ctx, HL_LF, true), -EIO);
	fail_sync = 0;
	return HL_DECLINED;
}

static void
test_message_on_bad_disk(void **state)
{
	(void)state;
	fixture_message(f, MESSAGE);
	fixture_hook(f, HOOK_QUEUE, store_badly);
}

static enum hl_verdict
store_nothing(struct hl_ctx *ctx)
{
	struct hl_file *file;

	EXPECT_INT(
	    hl_file_open(ctx, tmp_file, O_WRONLY | O_CREAT, 0600, &file), 0);
	EXPECT_INT(hl_file_write_message(file, ctx, HL_LF, true), -EINVAL);
	return HL_DECLINED;
}

static void
test_no_message(void **state)
{
	(void)state;
	fixture_hook(f, HOOK_CONNECT, store_nothing);
	fixture_txn(f);
	fixture_hook(f, HOOK_RCPT, store_nothing);
	fixture_file_is(tmp_file.p, "");
}

#define T(fn) cmocka_unit_test_setup_teardown(fn, set_up, fixture_teardown)

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		T(test_write_and_read),
		T(test_undeclared),
		T(test_left_open_is_closed),
		T(test_full_disk),
		T(test_cancelled),
		T(test_message),
		T(test_message_on_bad_disk),
		T(test_no_message),
	};

	return cmocka_run_group_tests_name("hook/api_file", tests, NULL, NULL);
}
