/* SPDX-License-Identifier: MIT */
/* test_byte_mask.c - both forms find each byte at each place. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "smtp/byte_mask_private.h"

static void
check(const char *p)
{
	struct byte_mask want = { 0, 0, 0, 0 };
	struct byte_mask plain = byte_mask__plain(p), best = byte_mask(p);

	for (unsigned i = 0; i < BYTE_MASK_WIDTH; i++) {
		uint64_t bit = (uint64_t)1 << i;

		want.cr |= p[i] == '\r' ? bit : 0;
		want.lf |= p[i] == '\n' ? bit : 0;
		want.nul |= p[i] == '\0' ? bit : 0;
		want.high |= (unsigned char)p[i] > 127 ? bit : 0;
	}
	assert_true(plain.cr == want.cr && best.cr == want.cr);
	assert_true(plain.lf == want.lf && best.lf == want.lf);
	assert_true(plain.nul == want.nul && best.nul == want.nul);
	assert_true(plain.high == want.high && best.high == want.high);
}

/* Every byte value at every place, among bytes that are one off. */
static void
test_each(void **state)
{
	static const char around[] = { 'x', '\0', '\n', '\r', '\x0b', '\x0c',
		'\x01', '\x7f', '\x80', '\x8d', '\x8a', '\xff' };
	char text[BYTE_MASK_WIDTH];

	(void)state;
	for (size_t a = 0; a < sizeof(around); a++) {
		for (size_t i = 0; i < sizeof(text); i++)
			text[i] = around[a];
		for (size_t i = 0; i < sizeof(text); i++) {
			for (int c = 0; c < 256; c++) {
				text[i] = (char)c;
				check(text);
			}
			text[i] = around[a];
		}
	}
}

static void
test_mixed(void **state)
{
	static const char bytes[] = { '\r', '\n', '\0', 'a', '\x80', '.' };
	char text[BYTE_MASK_WIDTH];
	uint32_t seed = 1;

	(void)state;
	for (int round = 0; round < 10000; round++) {
		for (size_t i = 0; i < sizeof(text); i++) {
			seed = seed * 1664525 + 1013904223;
			text[i] = bytes[(seed >> 16) % sizeof(bytes)];
		}
		check(text);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_each),
		cmocka_unit_test(test_mixed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
