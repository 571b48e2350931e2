/* SPDX-License-Identifier: MIT */
/* num.c - numbers from outside: parsing and checked arithmetic. */
#include "num.h"

#include <errno.h>

/* Digits of `base` (2 to 10) only. */
static int
parse_digits(struct slice text, unsigned base, uint64_t max, uint64_t *ret)
{
	uint64_t value = 0;

	if (text.n == 0)
		return -EINVAL;
	/* A number that is too large is still checked to be one. */
	for (size_t i = 0; i < text.n; i++)
		if (text.p[i] < '0' || text.p[i] >= (char)('0' + base))
			return -EINVAL;
	for (size_t i = 0; i < text.n; i++) {
		uint64_t digit = (uint64_t)(text.p[i] - '0');

		if (__builtin_mul_overflow(value, base, &value) ||
		    __builtin_add_overflow(value, digit, &value))
			return -ERANGE;
	}
	if (value > max)
		return -ERANGE;
	*ret = value;
	return 0;
}

int
num_parse_u64(struct slice text, uint64_t max, uint64_t *ret)
{
	return parse_digits(text, 10, max, ret);
}

int
num_parse_unsigned(struct slice text, unsigned max, unsigned *ret)
{
	uint64_t value;
	int res = parse_digits(text, 10, max, &value);

	if (res == 0)
		*ret = (unsigned)value;
	return res;
}

int
num_parse_octal(struct slice text, unsigned max, unsigned *ret)
{
	uint64_t value;
	int res = parse_digits(text, 8, max, &value);

	if (res == 0)
		*ret = (unsigned)value;
	return res;
}

int
num_parse_i64(struct slice text, int64_t min, int64_t max, int64_t *ret)
{
	bool minus = text.n > 0 && text.p[0] == '-';
	bool plus = text.n > 0 && text.p[0] == '+';
	uint64_t limit = (uint64_t)INT64_MAX + (minus ? 1 : 0);
	uint64_t size;
	int64_t value;
	int res;

	res = parse_digits(slice_from(text, minus || plus), 10, limit, &size);
	if (res != 0)
		return res;
	/* Without negating INT64_MIN. */
	value = minus && size > 0 ? -(int64_t)(size - 1) - 1 : (int64_t)size;
	if (value < min || value > max)
		return -ERANGE;
	*ret = value;
	return 0;
}

/* The factor that a suffix stands for, 0 when it is none. */
static uint64_t
size_factor(char suffix)
{
	switch (ascii_lower(suffix)) {
	case 'k':
		return UINT64_C(1) << 10;
	case 'm':
		return UINT64_C(1) << 20;
	case 'g':
		return UINT64_C(1) << 30;
	}
	return 0;
}

int
num_parse_size(struct slice text, uint64_t max, uint64_t *ret)
{
	uint64_t factor = text.n > 0 ? size_factor(text.p[text.n - 1]) : 0;
	uint64_t value;
	int res;

	if (factor == 0)
		return num_parse_u64(text, max, ret);
	res = num_parse_u64(slice_head(text, text.n - 1), UINT64_MAX, &value);
	if (res != 0)
		return res;
	if (__builtin_mul_overflow(value, factor, &value) || value > max)
		return -ERANGE;
	*ret = value;
	return 0;
}

bool
num_add(size_t a, size_t b, size_t *ret)
{
	size_t sum;

	if (__builtin_add_overflow(a, b, &sum))
		return false;
	*ret = sum;
	return true;
}

bool
num_mul(size_t a, size_t b, size_t *ret)
{
	size_t product;

	if (__builtin_mul_overflow(a, b, &product))
		return false;
	*ret = product;
	return true;
}
