/* SPDX-License-Identifier: MIT */
/* test_resolv_watch.c - a file, and another one in its place. */
#include "../unit.h"

#include <stdlib.h>

#include "proc/resolv_watch.h"

static char dir[] = "/tmp/hookline-resolv-XXXXXX";
static char path[64], other[64];

static int
setup(void **state)
{
	(void)state;
	memcpy(dir + sizeof(dir) - 7, "XXXXXX", 6);
	assert_non_null(mkdtemp(dir));
	(void)snprintf(path, sizeof(path), "%s/resolv.conf", dir);
	(void)snprintf(other, sizeof(other), "%s/other", dir);
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	(void)unlink(path);
	(void)unlink(other);
	return rmdir(dir);
}

static void
put(const char *where)
{
	int fd = open(where, O_CREAT | O_WRONLY | O_APPEND, 0600);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, "x\n", 2), 2);
	(void)close(fd);
}

static struct mono now = { 1 };

static bool
look(struct resolv_watch *watch)
{
	now = mono_add_ms(now, RESOLV_WATCH_MS);
	return resolv_watch_look(watch, path, now);
}

static void
test_replaced(void **state)
{
	struct resolv_watch watch = { 0 };

	(void)state;
	put(path);
	assert_false(look(&watch));
	put(path); /* edited in place */
	assert_false(look(&watch));
	put(other);
	assert_int_equal(rename(other, path), 0);
	/* Not so soon. */
	assert_false(resolv_watch_look(&watch, path, now));
	assert_true(look(&watch));
	assert_false(look(&watch));
}

static void
test_gone_for_a_moment(void **state)
{
	struct resolv_watch watch = { 0 };

	(void)state;
	put(path);
	assert_false(look(&watch));
	put(other);
	assert_int_equal(unlink(path), 0);
	assert_false(look(&watch));
	assert_int_equal(rename(other, path), 0);
	assert_true(look(&watch));
}

/* A link leads to where workers may read. */
static void
test_link(void **state)
{
	struct resolv_watch watch = { 0 };

	(void)state;
	assert_int_equal(symlink("/nowhere", path), 0);
	assert_false(look(&watch));
	assert_int_equal(unlink(path), 0);
	assert_int_equal(symlink("/elsewhere", path), 0);
	assert_false(look(&watch));
}

#define TEST(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_replaced),
		TEST(test_gone_for_a_moment),
		TEST(test_link),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
