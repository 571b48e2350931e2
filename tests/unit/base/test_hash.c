/* SPDX-License-Identifier: MIT */
/* test_hash.c - SipHash-1-3, and that its key is random. */
#include "unit.h"

#include "base/clock.h"
#include "base/map.h"
#include "base/map_private.h"

/* The reference's key: bytes 00 to 0f. */
static const uint64_t reference_key[2] = { UINT64_C(0x0706050403020100),
	UINT64_C(0x0f0e0d0c0b0a0908) };

/* A second writing of the algorithm, straight from the paper's description
 * and with nothing shared, with c rounds for each word and d at the end. */
static uint64_t
slow_sip(unsigned c, unsigned d, const unsigned char *in, size_t n)
{
	uint64_t v[4] = { reference_key[0] ^ UINT64_C(0x736f6d6570736575),
		reference_key[1] ^ UINT64_C(0x646f72616e646f6d),
		reference_key[0] ^ UINT64_C(0x6c7967656e657261),
		reference_key[1] ^ UINT64_C(0x7465646279746573) };
	size_t words = n / 8 + 1;

	for (size_t w = 0; w <= words; w++) {
		uint64_t m = 0;
		unsigned rounds = w < words ? c : d;

		for (size_t i = 0; w < words && i < 8 && w * 8 + i < n; i++)
			m += (uint64_t)in[w * 8 + i] << 8 * i;
		if (w == words - 1)
			m += (uint64_t)(n % 256) << 56;
		v[3] ^= m;
		if (w == words)
			v[2] ^= 0xff;
		while (rounds-- > 0) {
			v[0] += v[1];
			v[1] = (v[1] << 13 | v[1] >> 51) ^ v[0];
			v[0] = v[0] << 32 | v[0] >> 32;
			v[2] += v[3];
			v[3] = (v[3] << 16 | v[3] >> 48) ^ v[2];
			v[0] += v[3];
			v[3] = (v[3] << 21 | v[3] >> 43) ^ v[0];
			v[2] += v[1];
			v[1] = (v[1] << 17 | v[1] >> 47) ^ v[2];
			v[2] = v[2] << 32 | v[2] >> 32;
		}
		v[0] ^= m;
	}
	return v[0] ^ v[1] ^ v[2] ^ v[3];
}

/* The slow one is anchored at the paper's own vector for SipHash-2-4
 * (appendix A), and the fast one at the slow one. */
static void
test_agrees_with_the_paper(void **state)
{
	unsigned char in[64];

	(void)state;
	for (size_t i = 0; i < sizeof(in); i++)
		in[i] = (unsigned char)i;
	assert_true(slow_sip(2, 4, in, 15) == UINT64_C(0xa129ca6149be45e5));
	for (size_t n = 0; n <= sizeof(in); n++)
		assert_true(
		    hash__keyed(reference_key, in, n) == slow_sip(1, 3, in, n));
}

static void
test_null_is_empty(void **state)
{
	(void)state;
	assert_true(hash__keyed(reference_key, NULL, 0) ==
		    hash__keyed(reference_key, "", 0));
}

static void
test_process_key(void **state)
{
	(void)state;
	assert_true(hash_bytes("abc", 3) == hash_bytes("abcd", 3));
	assert_true(hash_bytes("abc", 3) != hash_bytes("abd", 3));
	assert_true(
	    hash_bytes("abc", 3) != hash__keyed(reference_key, "abc", 3));
	assert_true(hash_bytes("abc", 3) !=
		    hash__keyed((const uint64_t[]){ 0, 0 }, "abc", 3));
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_agrees_with_the_paper),
		cmocka_unit_test(test_null_is_empty),
		cmocka_unit_test(test_process_key),
	};

	return cmocka_run_group_tests_name("base/hash", tests, NULL, NULL);
}
