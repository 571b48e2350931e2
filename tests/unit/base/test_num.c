/* SPDX-License-Identifier: MIT */
/* test_num.c - numbers from outside, strictly. */
#include "unit.h"

#include <errno.h>

#include "base/num.h"

#define UNTOUCHED 77

struct num_case {
	const char *in;
	uint64_t max;
	int res;
	uint64_t want;
};

static void
test_u64(void **state)
{
	static const struct num_case cases[] = {
		{ "0", UINT64_MAX, 0, 0 },
		{ "007", UINT64_MAX, 0, 7 },
		{ "18446744073709551615", UINT64_MAX, 0, UINT64_MAX },
		{ "18446744073709551616", UINT64_MAX, -ERANGE, 0 },
		{ "99999999999999999999999", UINT64_MAX, -ERANGE, 0 },
		{ "99999999999999999999999x", UINT64_MAX, -EINVAL, 0 },
		{ "10", 10, 0, 10 },
		{ "11", 10, -ERANGE, 0 },
		{ "", UINT64_MAX, -EINVAL, 0 },
		{ " 1", UINT64_MAX, -EINVAL, 0 },
		{ "1 ", UINT64_MAX, -EINVAL, 0 },
		{ "+1", UINT64_MAX, -EINVAL, 0 },
		{ "-1", UINT64_MAX, -EINVAL, 0 },
		{ "0x1", UINT64_MAX, -EINVAL, 0 },
		{ "1e3", UINT64_MAX, -EINVAL, 0 },
		{ "\xb2", UINT64_MAX, -EINVAL, 0 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		const struct num_case *c = &cases[i];
		uint64_t got = UNTOUCHED;

		UNIT_CASE(c->in,
		    num_parse_u64(slice_of(c->in), c->max, &got) == c->res);
		UNIT_CASE(c->in, got == (c->res == 0 ? c->want : UNTOUCHED));
	}
	assert_int_equal(
	    num_parse_u64(SLICE_NONE, 1, &(uint64_t){ 0 }), -EINVAL);
}

static void
test_nul_is_no_end(void **state)
{
	uint64_t got;

	(void)state;
	assert_int_equal(
	    num_parse_u64((struct slice){ "1\0", 2 }, 9, &got), -EINVAL);
}

static void
test_unsigned(void **state)
{
	unsigned got = UNTOUCHED;

	(void)state;
	assert_int_equal(
	    num_parse_unsigned(SLICE_LIT("4294967295"), UINT32_MAX, &got), 0);
	assert_true(got == UINT32_MAX);
	got = UNTOUCHED;
	assert_int_equal(
	    num_parse_unsigned(SLICE_LIT("4294967296"), UINT32_MAX, &got),
	    -ERANGE);
	assert_int_equal(
	    num_parse_unsigned(SLICE_LIT("65536"), 65535, &got), -ERANGE);
	assert_int_equal(
	    num_parse_unsigned(SLICE_LIT("x"), 65535, &got), -EINVAL);
	assert_int_equal(got, UNTOUCHED);
}

static void
test_octal(void **state)
{
	unsigned got = UNTOUCHED;

	(void)state;
	assert_int_equal(num_parse_octal(SLICE_LIT("0750"), 07777, &got), 0);
	assert_int_equal(got, 0750);
	got = UNTOUCHED;
	assert_int_equal(num_parse_octal(SLICE_LIT("8"), 07777, &got), -EINVAL);
	assert_int_equal(
	    num_parse_octal(SLICE_LIT("10000"), 07777, &got), -ERANGE);
	assert_int_equal(got, UNTOUCHED);
}

static void
test_i64(void **state)
{
	static const struct {
		const char *in;
		int64_t min, max;
		int res;
		int64_t want;
	} cases[] = {
		{ "0", INT64_MIN, INT64_MAX, 0, 0 },
		{ "-0", INT64_MIN, INT64_MAX, 0, 0 },
		{ "+5", INT64_MIN, INT64_MAX, 0, 5 },
		{ "-5", INT64_MIN, INT64_MAX, 0, -5 },
		{ "9223372036854775807", INT64_MIN, INT64_MAX, 0, INT64_MAX },
		{ "9223372036854775808", INT64_MIN, INT64_MAX, -ERANGE, 0 },
		{ "-9223372036854775808", INT64_MIN, INT64_MAX, 0, INT64_MIN },
		{ "-9223372036854775809", INT64_MIN, INT64_MAX, -ERANGE, 0 },
		{ "-6", -5, 5, -ERANGE, 0 },
		{ "6", -5, 5, -ERANGE, 0 },
		{ "", -5, 5, -EINVAL, 0 },
		{ "-", -5, 5, -EINVAL, 0 },
		{ "--1", -5, 5, -EINVAL, 0 },
		{ "+-1", -5, 5, -EINVAL, 0 },
		{ "- 1", -5, 5, -EINVAL, 0 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		int64_t got = UNTOUCHED;
		int res = num_parse_i64(
		    slice_of(cases[i].in), cases[i].min, cases[i].max, &got);

		UNIT_CASE(cases[i].in, res == cases[i].res);
		UNIT_CASE(
		    cases[i].in, got == (res == 0 ? cases[i].want : UNTOUCHED));
	}
}

static void
test_size(void **state)
{
	static const struct num_case cases[] = {
		{ "10", UINT64_MAX, 0, 10 },
		{ "10k", UINT64_MAX, 0, 10240 },
		{ "10K", UINT64_MAX, 0, 10240 },
		{ "64M", UINT64_MAX, 0, 64 << 20 },
		{ "1g", UINT64_MAX, 0, 1 << 30 },
		{ "0k", 0, 0, 0 },
		{ "1k", 1023, -ERANGE, 0 },
		{ "17179869184G", UINT64_MAX, -ERANGE, 0 },
		{ "17179869183G", UINT64_MAX, 0, UINT64_C(17179869183) << 30 },
		{ "", UINT64_MAX, -EINVAL, 0 },
		{ "k", UINT64_MAX, -EINVAL, 0 },
		{ "1kk", UINT64_MAX, -EINVAL, 0 },
		{ "1 k", UINT64_MAX, -EINVAL, 0 },
		{ "1kb", UINT64_MAX, -EINVAL, 0 },
		{ "1T", UINT64_MAX, -EINVAL, 0 },
		{ "-1k", UINT64_MAX, -EINVAL, 0 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		const struct num_case *c = &cases[i];
		uint64_t got = UNTOUCHED;

		UNIT_CASE(c->in,
		    num_parse_size(slice_of(c->in), c->max, &got) == c->res);
		UNIT_CASE(c->in, got == (c->res == 0 ? c->want : UNTOUCHED));
	}
}

static void
test_arithmetic(void **state)
{
	size_t got = UNTOUCHED;

	(void)state;
	assert_false(num_add(SIZE_MAX, 1, &got));
	assert_false(num_mul(SIZE_MAX / 2 + 1, 2, &got));
	assert_int_equal(got, UNTOUCHED);
	assert_true(num_add(SIZE_MAX - 1, 1, &got));
	assert_true(got == SIZE_MAX);
	assert_true(num_mul(SIZE_MAX / 2, 2, &got));
	assert_true(got == SIZE_MAX - 1);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_u64),
		cmocka_unit_test(test_nul_is_no_end),
		cmocka_unit_test(test_unsigned),
		cmocka_unit_test(test_octal),
		cmocka_unit_test(test_i64),
		cmocka_unit_test(test_size),
		cmocka_unit_test(test_arithmetic),
	};

	return cmocka_run_group_tests_name("base/num", tests, NULL, NULL);
}
