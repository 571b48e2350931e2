/* SPDX-License-Identifier: MIT */
/* test_cover.c - declared paths and what they cover. */
#include "unit.h"

#include "base/cover.h"

static const struct {
	const char *name, *declared, *path;
	bool covered;
} cases[] = {
	{ "the same", "/a/b", "/a/b", true },
	{ "another", "/a/b", "/a/c", false },
	{ "below a file", "/a/b", "/a/b/c", false },
	{ "longer name", "/a/b", "/a/bc", false },
	{ "below", "/a/b/", "/a/b/c", true },
	{ "far below", "/a/b/", "/a/b/c/d/e", true },
	{ "the directory with slash", "/a/b/", "/a/b/", true },
	{ "the directory itself", "/a/b/", "/a/b", true },
	{ "above", "/a/b/", "/a", false },
	{ "longer name of the directory", "/a/b/", "/a/bc", false },
	{ "another of its length", "/a/b/", "/a/c", false },
	{ "everything", "/", "/a", true },
	{ "the root itself", "/", "/", true },
	{ "empty path", "/a/", "", false },
	{ "empty declaration", "", "/a", false },
};

static void
test_covered(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		UNIT_CASE(cases[i].name,
		    path_is_covered(slice_of(cases[i].declared),
			slice_of(cases[i].path)) == cases[i].covered);
}

static void
test_goes_up(void **state)
{
	(void)state;
	assert_true(path_goes_up(SLICE_LIT("/a/../b")));
	assert_true(path_goes_up(SLICE_LIT("..")));
	assert_true(path_goes_up(SLICE_LIT("/a/..")));
	assert_true(path_goes_up(SLICE_LIT("../a")));
	assert_false(path_goes_up(SLICE_LIT("/a/..b/c../...")));
	assert_false(path_goes_up(SLICE_LIT("")));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_covered),
		cmocka_unit_test(test_goes_up),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
