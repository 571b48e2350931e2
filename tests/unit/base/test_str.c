/* SPDX-License-Identifier: MIT */
/* test_str.c - text that is never NULL. */
#include "unit.h"

#include "base/str.h"

static void
test_of(void **state)
{
	static const char text[] = "abc";

	(void)state;
	assert_ptr_equal(str_of(text).p, text);
	assert_int_equal(str_of(text).n, 3);
	assert_string_equal(str_of(NULL).p, "");
	assert_int_equal(str_of(NULL).n, 0);
	assert_int_equal(STR_EMPTY.n, 0);
	assert_int_equal(STR_LIT("ab").n, 2);
}

static void
test_equality(void **state)
{
	static const struct {
		const char *name;
		hl_str a, b;
		bool same, case_same;
	} cases[] = {
		{ "empty", { "", 0 }, { "", 0 }, true, true },
		{ "same", { "abc", 3 }, { "abc", 3 }, true, true },
		{ "case", { "aBc", 3 }, { "AbC", 3 }, false, true },
		{ "shorter", { "ab", 2 }, { "abc", 3 }, false, false },
		{ "other", { "abd", 3 }, { "abc", 3 }, false, false },
		{ "only ASCII has case", { "\xc4", 1 }, { "\xe4", 1 }, false,
		    false },
		{ "'@' is no letter", { "@", 1 }, { "`", 1 }, false, false },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		UNIT_CASE(cases[i].name,
		    str_eq(cases[i].a, cases[i].b) == cases[i].same);
		UNIT_CASE(cases[i].name,
		    str_caseeq(cases[i].a, cases[i].b) == cases[i].case_same);
		UNIT_CASE(cases[i].name,
		    str_eq_text(cases[i].a, cases[i].b.p) == cases[i].same);
	}
	assert_true(str_eq_text(STR_EMPTY, NULL));
}

static void
test_slice_of_str(void **state)
{
	char text[16];

	(void)state;
	unit_slice_is("slice", slice_str(STR_LIT("abc")), "abc");
	(void)snprintf(text, sizeof(text), "<%.*s>", STR(STR_LIT("abc")));
	assert_string_equal(text, "<abc>");
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_of),
		cmocka_unit_test(test_equality),
		cmocka_unit_test(test_slice_of_str),
	};

	return cmocka_run_group_tests_name("base/str", tests, NULL, NULL);
}
