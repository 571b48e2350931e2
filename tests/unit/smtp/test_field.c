/* SPDX-License-Identifier: MIT */
/* test_field.c - unfolding, names, the h= list of DKIM-Signature. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "smtp/field.h"

#define S(text)                          \
	{                                \
		(text), sizeof(text) - 1 \
	}

static const struct {
	struct slice in;
	const char *out;
} folds[] = {
	{ S("a"), "a" },
	{ S(""), "" },
	{ S("a\r\n b"), "a b" },
	{ S("a\r\n\tb\r\n  c"), "a\tb  c" },
	{ S("\r\n a"), " a" },
	{ S("a\n b"), "a b" },
	{ S("a\r\n \r\n b"), "a  b" },
	{ S("a\0b"), "a b" },
	{ S("a\rb"), "a\rb" },
	/* only before white space */
	{ S("a\nb"), "a\nb" },
	{ S("a\r\n"), "a\r\n" },
};

static void
test_unfold(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(folds); i++) {
		struct arena arena;
		hl_str out;

		print_message("# case %zu\n", i);
		arena_init(&arena, 256, 0);
		out = smtp_field_unfold(&arena, folds[i].in);
		assert_string_equal(out.p, folds[i].out);
		assert_int_equal(out.n, strlen(folds[i].out));
		arena_done(&arena);
	}
}

static void
test_names(void **state)
{
	(void)state;
	assert_true(smtp_field_is(
	    slice_of("AUTHENTICATION-results"), "Authentication-Results"));
	assert_false(smtp_field_is(
	    slice_of("Authentication-Result"), "Authentication-Results"));
	assert_true(smtp_field_name_is_valid(slice_of("X-A_b!~")));
	assert_false(smtp_field_name_is_valid(slice_of("")));
	assert_false(smtp_field_name_is_valid(slice_of("A b")));
	assert_false(smtp_field_name_is_valid(slice_of("A:")));
	assert_false(smtp_field_name_is_valid(slice_of("A\r\n")));
	assert_false(smtp_field_name_is_valid(slice_of("A\x7f")));
	assert_false(smtp_field_name_is_valid(slice_of("\xc3\xa4")));
}

static const struct {
	const char *value;
	bool covers;
} signatures[] = {
	{ "v=1; a=rsa-sha256; h=From:To:Authentication-Results; b=x", true },
	{ "v=1; h=from : to :\r\n\tauthentication-RESULTS\r\n ; b=x", true },
	{ "h=Authentication-Results", true },
	{ "v=1;\r\n h = Authentication-Results:From; b=", true },
	{ "v=1; h=From:To; b=Authentication-Results", false },
	{ "v=1; z=h=Authentication-Results; h=From", false },
	{ "v=1; h=From:X-Authentication-Results; b=x", false },
	/* RFC 6376 3.2: tag names are case-sensitive */
	{ "v=1; H=Authentication-Results", false },
	{ "h", false },
	{ "h=", false },
	{ "", false },
	{ ";;=;h=:::Authentication-Results", true },
};

static void
test_dkim(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(signatures); i++) {
		print_message("# case %zu\n", i);
		assert_int_equal(smtp_dkim_covers(slice_of(signatures[i].value),
				     "Authentication-Results"),
		    signatures[i].covers);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_unfold),
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_dkim),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
