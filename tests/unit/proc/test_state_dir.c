/* SPDX-License-Identifier: MIT */
/* test_state_dir.c - made, owned, locked. */
#include "../unit.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "base/mem.h"
#include "hook/auth_secret.h"
#include "proc/state_dir.h"

static char base[64];

static int
setup(void **state)
{
	(void)state;
	(void)snprintf(base, sizeof(base), "/tmp/hookline-test-XXXXXX");
	return mkdtemp(base) == NULL;
}

static int
teardown(void **state)
{
	char command[128];

	(void)state;
	(void)snprintf(command, sizeof(command), "rm -rf '%s'", base);
	return system(command);
}

static char *
prepare(const char *below)
{
	struct run_user self;
	char path[128], *dir = NULL;
	struct err err;

	run_user_self(&self);
	(void)snprintf(path, sizeof(path), "%s%s", base, below);
	assert_int_equal(state_dir_prepare(path, &self, &dir, &err), 0);
	return dir;
}

static void
test_made_with_parents(void **state)
{
	char *dir = prepare("/a/b//c/"), *again = prepare("/a/../a/b/c");
	struct stat st;

	(void)state;
	assert_string_equal(dir, again);
	assert_int_equal(stat(dir, &st), 0);
	assert_int_equal(st.st_mode & S_IWOTH, 0);
	assert_int_equal(st.st_uid, geteuid());
	mem_free(dir);
	mem_free(again);
}

static void
test_not_a_directory(void **state)
{
	struct run_user self;
	char path[128], *dir = NULL;
	struct err err;

	(void)state;
	run_user_self(&self);
	(void)snprintf(path, sizeof(path), "%s/file", base);
	(void)close(open(path, O_CREAT | O_WRONLY, 0600));
	assert_true(state_dir_prepare(path, &self, &dir, &err) < 0);
	assert_non_null(strstr(err.text, path));
	assert_null(dir);
}

static void
test_lock(void **state)
{
	char *dir = prepare("/lock"), path[128], text[24] = "", pid[24];
	struct err err;
	int fd = state_dir_lock(dir, &err), file;

	(void)state;
	assert_true(fd >= 0);
	(void)snprintf(path, sizeof(path), "%s/" STATE_PID_FILE, dir);
	(void)snprintf(pid, sizeof(pid), "%d\n", getpid());
	file = open(path, O_RDONLY);
	assert_true(read(file, text, sizeof(text) - 1) > 0);
	(void)close(file);
	assert_string_equal(text, pid);
	/* flock belongs to the open file: a second try is another one. */
	assert_int_equal(state_dir_lock(dir, &err), -EBUSY);
	pid[strlen(pid) - 1] = '\0';
	assert_non_null(strstr(err.text, pid));
	state_dir_unlock(dir, fd);
	assert_int_equal(access(path, F_OK), -1);
	fd = state_dir_lock(dir, &err);
	assert_true(fd >= 0);
	state_dir_unlock(dir, fd);
	mem_free(dir);
}

/* Nobody makes us write through a link. */
static void
test_link_is_refused(void **state)
{
	char *dir = prepare("/link"), path[128];
	struct err err;

	(void)state;
	(void)snprintf(path, sizeof(path), "%s/" STATE_PID_FILE, dir);
	assert_int_equal(symlink("/dev/null", path), 0);
	assert_int_equal(state_dir_lock(dir, &err), -ELOOP);
	mem_free(dir);
}

static void
read_secret(const char *dir, uint8_t ret[AUTH_SECRET])
{
	char path[160];
	int fd;

	(void)snprintf(path, sizeof(path), "%s/" AUTH_SECRET_FILE, dir);
	fd = open(path, O_RDONLY);
	assert_true(fd >= 0);
	assert_int_equal(read(fd, ret, AUTH_SECRET), AUTH_SECRET);
	(void)close(fd);
}

/* Made once, for its owner alone; a broken one is replaced, a link is not
 * followed. */
static void
test_secret(void **state)
{
	char *dir = prepare("/secret");
	uint8_t first[AUTH_SECRET], again[AUTH_SECRET];
	char path[160];
	struct stat st;
	struct err err;

	(void)state;
	(void)snprintf(path, sizeof(path), "%s/" AUTH_SECRET_FILE, dir);
	assert_int_equal(state_dir_secret(dir, &err), 0);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0600);
	read_secret(dir, first);
	assert_int_equal(state_dir_secret(dir, &err), 0);
	read_secret(dir, again);
	assert_memory_equal(first, again, AUTH_SECRET);
	assert_int_equal(truncate(path, 5), 0);
	assert_int_equal(state_dir_secret(dir, &err), 0);
	read_secret(dir, again);
	assert_memory_not_equal(first, again, AUTH_SECRET);
	assert_int_equal(unlink(path), 0);
	assert_int_equal(symlink("/dev/null", path), 0);
	assert_int_equal(state_dir_secret(dir, &err), -ELOOP);
	mem_free(dir);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_made_with_parents),
		cmocka_unit_test(test_not_a_directory),
		cmocka_unit_test(test_lock),
		cmocka_unit_test(test_link_is_refused),
		cmocka_unit_test(test_secret),
	};

	return cmocka_run_group_tests_name("state_dir", tests, setup, teardown);
}
