/* SPDX-License-Identifier: MIT */
/* test_grants.c - who may have what run. */
#include "unit.h"

#include <errno.h>

#include "spawn/grants.h"

static struct buf all;

static int
setup(void **state)
{
	struct buf list = BUF_INIT;

	(void)state;
	buf_clear(&all);
	grants_begin(&list, 5);
	assert_int_equal(
	    grants_add(&list, SLICE_LIT("/bin/a b"), GRANT_RUN), 0);
	assert_int_equal(grants_add(&list, SLICE_LIT("/opt/x/"), GRANT_RUN), 0);
	assert_int_equal(grants_join(&all, 12, buf_slice(&list)), 0);
	buf_clear(&list);
	grants_begin(&list, 7);
	assert_int_equal(grants_join(&all, 13, buf_slice(&list)), 0);
	buf_clear(&list);
	grants_begin(&list, 9);
	assert_int_equal(grants_add(&list, SLICE_LIT("/bin/c"), GRANT_RUN), 0);
	assert_int_equal(grants_join(&all, 1, buf_slice(&list)), 0);
	buf_done(&list);
	return 0;
}

static bool
has(int pid, const char *path)
{
	return grants_find(buf_slice(&all), pid, slice_of(path)) == GRANT_RUN;
}

static void
test_has(void **state)
{
	(void)state;
	assert_true(has(12, "/bin/a b"));
	assert_true(has(12, "/opt/x/y/z"));
	assert_true(has(1, "/bin/c"));
	assert_false(has(12, "/bin/a"));
	assert_false(has(12, "/opt/x/../../bin/sh"));
	/* Another's, and nobody's. */
	assert_false(has(12, "/bin/c"));
	assert_false(has(1, "/bin/a b"));
	assert_false(has(13, "/bin/c"));
	assert_false(has(13, "=1 9"));
	assert_false(has(2, "/bin/c"));
	assert_false(has(12, ""));
}

/* A '+' is no part of a path, and the strongest line holds. */
static void
test_gain(void **state)
{
	struct buf list = BUF_INIT;
	struct slice text;

	(void)state;
	grants_begin(&list, 5);
	assert_int_equal(grants_add(&list, SLICE_LIT("/opt/y/"), GRANT_RUN), 0);
	assert_int_equal(
	    grants_add(&list, SLICE_LIT("/opt/y/a"), GRANT_GAIN), 0);
	assert_int_equal(
	    grants_add(&list, SLICE_LIT("+/opt/y"), GRANT_GAIN), -EINVAL);
	assert_int_equal(grants_join(&all, 14, buf_slice(&list)), 0);
	text = buf_slice(&all);
	assert_int_equal(
	    grants_find(text, 14, SLICE_LIT("/opt/y/a")), GRANT_GAIN);
	assert_int_equal(
	    grants_find(text, 14, SLICE_LIT("/opt/y/b")), GRANT_RUN);
	assert_int_equal(
	    grants_find(text, 14, SLICE_LIT("+/opt/y/a")), GRANT_NONE);
	assert_int_equal(
	    grants_find(text, 12, SLICE_LIT("/opt/y/a")), GRANT_NONE);
	assert_int_equal(
	    grants_join(&all, 15, SLICE_LIT("1\n++/a\n")), -EINVAL);
	buf_done(&list);
}

static void
test_max(void **state)
{
	struct slice text = buf_slice(&all);

	(void)state;
	assert_int_equal(grants_max(text, 12), 5);
	assert_int_equal(grants_max(text, 13), 7);
	assert_int_equal(grants_max(text, 1), 9);
	assert_int_equal(grants_max(text, 2), 0);
	assert_int_equal(grants_max(SLICE_NONE, 1), 0);
}

static void
test_add_refuses(void **state)
{
	struct buf list = BUF_INIT;
	static char longest[GRANTS_MAX];

	(void)state;
	grants_begin(&list, 1);
	assert_int_equal(
	    grants_add(&list, SLICE_LIT("bin/a"), GRANT_RUN), -EINVAL);
	assert_int_equal(grants_add(&list, SLICE_LIT(""), GRANT_RUN), -EINVAL);
	assert_int_equal(
	    grants_add(&list, SLICE_LIT("/a\n=1 9"), GRANT_RUN), -EINVAL);
	assert_int_equal(
	    grants_add(&list, SLICE_LIT("/a\0b"), GRANT_RUN), -EINVAL);
	memset(longest, 'x', sizeof(longest));
	longest[0] = '/';
	assert_int_equal(
	    grants_add(
		&list, (struct slice){ longest, GRANTS_MAX - 2 }, GRANT_RUN),
	    -E2BIG);
	assert_int_equal(
	    grants_add(
		&list, (struct slice){ longest, GRANTS_MAX - 3 }, GRANT_RUN),
	    0);
	assert_int_equal(grants_add(&list, SLICE_LIT("/"), GRANT_RUN), -E2BIG);
	buf_done(&list);
}

/* What a worker that was taken over might send. */
static const struct slice bad_lists[] = {
	SLICE_LIT(""),
	SLICE_LIT("5"),
	SLICE_LIT("x\n/bin/a\n"),
	SLICE_LIT("1001\n/bin/a\n"),
	SLICE_LIT("5\n=2 9\n/bin/a\n"),
	SLICE_LIT("5\nbin/a\n"),
	SLICE_LIT("5\n\n"),
	SLICE_LIT("5\n/bin/a"),
	SLICE_LIT("5\n/bin/a\0\n"),
	SLICE_LIT("-1\n/bin/a\n"),
};

static void
test_join_refuses(void **state)
{
	size_t before = all.n;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(bad_lists); i++) {
		assert_int_equal(grants_join(&all, 2, bad_lists[i]), -EINVAL);
		assert_int_equal(all.n, before);
	}
	buf_done(&all);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_has, setup),
		cmocka_unit_test_setup(test_gain, setup),
		cmocka_unit_test_setup(test_max, setup),
		cmocka_unit_test(test_add_refuses),
		cmocka_unit_test_setup(test_join_refuses, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
