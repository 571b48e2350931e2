/* SPDX-License-Identifier: MIT */
/* test_slice.c - borrowed text: cutting, searching, comparing. */
#include "unit.h"

#include "base/slice.h"

static void
test_comparing(void **state)
{
	struct slice s = SLICE_LIT("Hello");

	(void)state;
	assert_int_equal(slice_of("abc").n, 3);
	assert_null(slice_of(NULL).p);
	assert_true(slice_eq(SLICE_NONE, SLICE_LIT("")));
	assert_true(slice_caseeq(SLICE_NONE, SLICE_LIT("")));
	assert_true(slice_eq_text(s, "Hello"));
	assert_false(slice_eq_text(s, "hello"));
	assert_true(slice_caseeq_text(s, "hELLO"));
	assert_false(slice_caseeq_text(s, "hell"));
	assert_false(slice_eq_text((struct slice){ "a\0b", 3 }, "a"));
}

static void
test_ends(void **state)
{
	struct slice s = SLICE_LIT("Hello");

	(void)state;
	assert_true(slice_starts(s, "He"));
	assert_true(slice_starts(s, ""));
	assert_true(slice_starts(s, "Hello"));
	assert_false(slice_starts(s, "Hello!"));
	assert_false(slice_starts(s, "he"));
	assert_true(slice_casestarts(s, "hE"));
	assert_false(slice_casestarts(s, "hello!"));
	assert_true(slice_ends(s, "llo"));
	assert_true(slice_ends(s, ""));
	assert_false(slice_ends(s, "xHello"));
	assert_false(slice_ends(s, "LLO"));
	assert_true(slice_starts(SLICE_NONE, ""));
	assert_false(slice_ends(SLICE_NONE, "x"));
}

static void
test_finding(void **state)
{
	struct slice s = SLICE_LIT("a@b@c");

	(void)state;
	assert_int_equal(slice_find(s, '@'), 1);
	assert_int_equal(slice_rfind(s, '@'), 3);
	assert_int_equal(slice_find(s, 'x'), 5);
	assert_int_equal(slice_rfind(s, 'x'), 5);
	assert_int_equal(slice_find(slice_head(s, 1), '@'), 1);
	assert_int_equal(slice_find(SLICE_NONE, 'x'), 0);
	assert_int_equal(slice_rfind(SLICE_NONE, 'x'), 0);
}

static void
test_trim(void **state)
{
	static const struct {
		const char *in, *want;
	} cases[] = {
		{ "", "" },
		{ "a", "a" },
		{ " \t a b \r\n", "a b" },
		{ " \t\r\n", "" },
		{ "\va\f", "\va\f" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		unit_slice_is(cases[i].in, slice_trim(slice_of(cases[i].in)),
		    cases[i].want);
	assert_int_equal(slice_trim(SLICE_NONE).n, 0);
}

static void
test_parts(void **state)
{
	struct slice s = SLICE_LIT("abcdef");

	(void)state;
	unit_slice_is("from", slice_from(s, 2), "cdef");
	unit_slice_is("from end", slice_from(s, 6), "");
	unit_slice_is("from beyond", slice_from(s, 7), "");
	assert_non_null(slice_from(s, 7).p);
	assert_null(slice_from(SLICE_NONE, 3).p);
	unit_slice_is("head", slice_head(s, 2), "ab");
	unit_slice_is("head beyond", slice_head(s, 7), "abcdef");
}

static void
test_word(void **state)
{
	struct slice s = SLICE_LIT("  one\ttwo   three ");

	(void)state;
	unit_slice_is("first", slice_word(&s), "one");
	unit_slice_is("second", slice_word(&s), "two");
	unit_slice_is("rest", s, "   three ");
	unit_slice_is("third", slice_word(&s), "three");
	unit_slice_is("none left", slice_word(&s), "");
	unit_slice_is("still none", slice_word(&s), "");
	s = SLICE_NONE;
	assert_int_equal(slice_word(&s).n, 0);
}

static void
test_cut(void **state)
{
	static const struct {
		const char *in;
		const char *parts[5];
	} cases[] = {
		{ "a,b,c", { "a", "b", "c" } },
		{ "a", { "a" } },
		{ "", { "" } },
		{ ",", { "", "" } },
		{ "a,,b,", { "a", "", "b", "" } },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct slice s = slice_of(cases[i].in), part;
		size_t n = 0;

		while (slice_cut(&s, ',', &part)) {
			assert_non_null(cases[i].parts[n]);
			unit_slice_is(cases[i].in, part, cases[i].parts[n++]);
		}
		assert_null(cases[i].parts[n]);
		assert_null(s.p);
	}
}

static void
test_cut_of_nothing(void **state)
{
	struct slice s = SLICE_NONE, part;

	(void)state;
	assert_false(slice_cut(&s, ',', &part));
}

static void
test_ascii(void **state)
{
	(void)state;
	for (int i = 0; i < 256; i++) {
		char c = (char)i;
		bool lower = i >= 'a' && i <= 'z', upper = i >= 'A' && i <= 'Z';
		bool digit = i >= '0' && i <= '9';

		assert_int_equal(ascii_is_alpha(c), lower || upper);
		assert_int_equal(ascii_is_digit(c), digit);
		assert_int_equal(ascii_is_alnum(c), lower || upper || digit);
		assert_int_equal(ascii_is_space(c),
		    i != 0 && strchr(" \t\r\n\v\f", i) != NULL);
		assert_int_equal(ascii_lower(c), upper ? (char)(i + 32) : c);
	}
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_comparing),
		cmocka_unit_test(test_ends),
		cmocka_unit_test(test_finding),
		cmocka_unit_test(test_trim),
		cmocka_unit_test(test_parts),
		cmocka_unit_test(test_word),
		cmocka_unit_test(test_cut),
		cmocka_unit_test(test_cut_of_nothing),
		cmocka_unit_test(test_ascii),
	};

	return cmocka_run_group_tests_name("base/slice", tests, NULL, NULL);
}
