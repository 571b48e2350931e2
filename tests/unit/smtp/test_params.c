/* SPDX-License-Identifier: MIT */
/* test_params.c - ESMTP parameters, xtext. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/buf.h"
#include "smtp/params.h"

static const struct {
	const char *in;
	int rc;
	const char *want; /* "key=value;key;", or the reply text */
	bool utf8;
	unsigned max; /* 0: SMTP_PARAMS_MAX */
} cases[] = {
	{ "", 0, "", false, 0 },
	{ "   ", 0, "", false, 0 },
	{ " SIZE=10 body=8BITMIME", 0, "size=10;body=8BITMIME;", false, 0 },
	{ "  SIZE=10   X \t", 0, "size=10;x;", false, 0 },
	{ " 8BIT-X=a", 0, "8bit-x=a;", false, 0 },
	{ " ENVID=a+3Db!~", 0, "envid=a+3Db!~;", false, 0 },
	{ " NAME=\xc3\xa4", 0, "name=\xc3\xa4;", true, 0 },
	{ " NAME=\xc3\xa4", -EINVAL, "parameter name has a bad value", false,
	    0 },
	{ " NAME=a\xc3", -EINVAL, "bad character in parameter name", true, 0 },
	/* a path must be followed by SP (RFC 5321 4.1.1.2) */
	{ "SIZE=10", -EINVAL, "no space before parameters", false, 0 },
	/* esmtp-value = 1*(%d33-60 / %d62-126) */
	{ " SIZE=", -EINVAL, "parameter size has a bad value", false, 0 },
	{ " SIZE=1=2", -EINVAL, "bad character in parameter size", false, 0 },
	{ " SIZE=1\t2", -EINVAL, "bad character in parameter size", false, 0 },
	{ " SIZE=a\x7f", -EINVAL, "bad character in parameter size", false, 0 },
	/* esmtp-keyword = (ALPHA / DIGIT) *(ALPHA / DIGIT / "-") */
	{ " -A=1", -EINVAL, "bad parameter name", false, 0 },
	{ " =1", -EINVAL, "bad parameter name", false, 0 },
	{ " A_B=1", -EINVAL, "bad character in parameter a", false, 0 },
	{ " <x>", -EINVAL, "bad parameter name", false, 0 },
	{ " A=1 b=2 a=3", -EEXIST, "parameter a twice", false, 0 },
	{ " A a", -EEXIST, "parameter a twice", false, 0 },
	{ " A=1 B=2", 0, "a=1;b=2;", false, 2 },
	{ " A=1 B=2 C", -E2BIG, "more than 2 parameters", false, 2 },
};

static void
test_parse(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct arena arena;
		struct smtp_params params = { NULL, 0 };
		struct buf got = BUF_INIT;
		struct err err = { 0 };
		unsigned max =
		    cases[i].max > 0 ? cases[i].max : SMTP_PARAMS_MAX;
		int rc;

		print_message("# case %zu\n", i);
		arena_init(&arena, 512, 0);
		rc = smtp_params_parse(&arena, slice_of(cases[i].in), max,
		    cases[i].utf8, &params, &err);
		assert_int_equal(rc, cases[i].rc);
		buf_add_text(&got, err.text);
		for (size_t j = 0; j < params.count; j++) {
			const struct smtp_param *p = &params.items[j];

			assert_ptr_equal(smtp_params_get(&params, p->key.p), p);
			buf_printf(&got, "%s%s%s;", p->key.p,
			    p->has_value ? "=" : "", p->value.p);
		}
		assert_string_equal(got.p, cases[i].want);
		assert_null(smtp_params_get(&params, "nope"));
		buf_done(&got);
		arena_done(&arena);
	}
}

static const struct {
	const char *in;
	const char *out; /* NULL: no xtext */
} xtexts[] = {
	{ "", "" },
	{ "abc", "abc" },
	{ "a+3Db+2B", "a=b+" },
	{ "+20", " " },
	{ "+FF", "\xff" },
	{ "a=b", NULL },
	{ "a b", NULL },
	{ "\xc3", NULL },
	/* RFC 3461 4: "A" to "F" in upper case */
	{ "+3d", NULL },
	{ "+3", NULL },
	{ "+", NULL },
	{ "+G0", NULL },
	{ "+00", NULL },
};

static void
test_xtext(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(xtexts); i++) {
		struct arena arena;
		hl_str out = STR_EMPTY;
		int rc;

		print_message("# case %zu\n", i);
		arena_init(&arena, 512, 0);
		rc = smtp_xtext_decode(&arena, slice_of(xtexts[i].in), &out);
		assert_int_equal(rc, xtexts[i].out != NULL ? 0 : -EINVAL);
		if (rc == 0)
			assert_true(str_eq_text(out, xtexts[i].out));
		arena_done(&arena);
	}
}

static void
test_xtext_encode(void **state)
{
	static const struct slice all = SLICE_LIT("a+b=c d\x7f\xc3\xa9\n~!");
	struct arena arena;
	hl_str out, back;

	(void)state;
	arena_init(&arena, 256, 0);
	out = smtp_xtext_encode(&arena, all);
	assert_string_equal(out.p, "a+2Bb+3Dc+20d+7F+C3+A9+0A~!");
	assert_int_equal(smtp_xtext_decode(&arena, slice_str(out), &back), 0);
	assert_true(slice_eq(slice_str(back), all));
	assert_int_equal(smtp_xtext_encode(&arena, SLICE_LIT("")).n, 0);
	arena_done(&arena);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_parse),
		cmocka_unit_test(test_xtext),
		cmocka_unit_test(test_xtext_encode),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
