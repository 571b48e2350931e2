/* SPDX-License-Identifier: MIT */
/* test_queue_maildir.c - queue/maildir where calls fail. */
#include "plugin_test.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <sys/stat.h>
#include <unistd.h>

static atomic_int fail_sync, syncs_before;
static atomic_uint syncs;

int __real_fsync(int fd);
int __wrap_fsync(int fd);

/* After `syncs_before` that succeed each fails, if fail_sync says so. */
int
__wrap_fsync(int fd)
{
	atomic_fetch_add(&syncs, 1);
	if (fail_sync != 0 && atomic_fetch_sub(&syncs_before, 1) <= 0) {
		errno = fail_sync;
		return -1;
	}
	return __real_fsync(fd);
}

static unsigned
count_files(const char *name)
{
	DIR *dir = opendir(fixture_path(f, name));
	unsigned count = 0;

	if (dir == NULL)
		return 0;
	while (readdir(dir) != NULL)
		count++;
	(void)closedir(dir);
	return count - 2;
}

static void
load_maildir(const char *more)
{
	char words[256];

	fail_sync = 0;
	(void)snprintf(
	    words, sizeof(words), "%s%s", fixture_path(f, "mail"), more);
	assert_int_equal(plugin_load(words), 0);
	fixture_message(f, "Subject: x\r\n\r\nbody\r\n");
}

static void
check_text(const char *folder, const char *want)
{
	char bytes[512], path[512];
	DIR *dir = opendir(fixture_path(f, folder));
	struct dirent *entry;
	ssize_t n;
	int fd;

	assert_non_null(dir);
	while ((entry = readdir(dir)) != NULL && entry->d_name[0] == '.')
		continue;
	assert_non_null(entry);
	(void)snprintf(path, sizeof(path), "%s/%s", fixture_path(f, folder),
	    entry->d_name);
	(void)closedir(dir);
	fd = open(path, O_RDONLY);
	n = read(fd, bytes, sizeof(bytes) - 1);
	(void)close(fd);
	assert_true(n > 0);
	bytes[n] = '\0';
	assert_string_equal(bytes, want);
}

static void
test_kept(void **state)
{
	(void)state;
	load_maildir("");
	assert_int_equal(plugin_run(HOOK_INIT_WORKER), COLUMN_NONE);
	syncs = 0;
	assert_int_equal(plugin_run(HOOK_QUEUE), COLUMN_OK);
	assert_int_equal(syncs, 2); /* the file, the directory */
	assert_int_equal(count_files("mail/new"), 1);
	assert_int_equal(count_files("mail/tmp"), 0);
	assert_int_equal(count_files("mail/cur"), 0);
	check_text("mail/new", "Return-Path: <sender@from.example>\n"
			       "Delivered-To: rcpt@to.example\n"
			       "Subject: x\n\nbody\n");
}

static void
test_subdir(void **state)
{
	(void)state;
	load_maildir(" %d/%l-%u");
	assert_int_equal(plugin_run(HOOK_QUEUE), COLUMN_OK);
	assert_int_equal(
	    count_files("mail/to.example/rcpt-rcpt@to.example/new"), 1);
}

static void
check_fails(int error, int good_syncs, enum hook_column column)
{
	load_maildir("");
	assert_int_equal(plugin_run(HOOK_INIT_WORKER), COLUMN_NONE);
	syncs_before = good_syncs;
	fail_sync = error;
	assert_int_equal(plugin_run(HOOK_QUEUE), column);
	fail_sync = 0;
	assert_int_equal(count_files("mail/new"), 0);
	assert_int_equal(count_files("mail/tmp"), 0);
}

static void
test_file_is_not_synced(void **state)
{
	(void)state;
	check_fails(EIO, 0, COLUMN_NONE);
	plugin_says("The message could not be stored, try again later");
	assert_true(
	    plugin_logged_at("error ", "plugin=queue/maildir hook=queue"));
	assert_true(plugin_logged("the disk fails; see the kernel's log"));
}

static void
test_directory_is_not_synced(void **state)
{
	(void)state;
	check_fails(EIO, 1, COLUMN_NONE);
}

static void
test_disk_is_full(void **state)
{
	(void)state;
	check_fails(ENOSPC, 0, COLUMN_DENYSOFT);
	plugin_says("Insufficient storage");
	assert_true(slice_eq_text(buf_slice(&f->enhanced), "4.3.1"));
}

static void
test_quota(void **state)
{
	(void)state;
	check_fails(EDQUOT, 1, COLUMN_DENYSOFT);
	assert_true(plugin_logged("raise the quota"));
}

static void
test_arguments(void **state)
{
	(void)state;
	plugin_load_fails("", "argument dir is missing");
	plugin_load_fails("/x sub", "needs %l, %d or %u");
	plugin_load_fails("/x %l 9", "must be octal");
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		PLUGIN_TEST(test_kept),
		PLUGIN_TEST(test_subdir),
		PLUGIN_TEST(test_file_is_not_synced),
		PLUGIN_TEST(test_directory_is_not_synced),
		PLUGIN_TEST(test_disk_is_full),
		PLUGIN_TEST(test_quota),
		PLUGIN_TEST(test_arguments),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
