/* SPDX-License-Identifier: MIT */
/* hash.c - SipHash-1-3 keyed with random bytes.
 *
 * After Aumasson and Bernstein, "SipHash: a fast short-input PRF" (2012),
 * with one round for each word and three at the end: enough to keep the
 * senders of keys from building collisions in a table.
 *
 * UNSAFE: walks raw pointers.  Invariant: `at` is within bytes[0..n], and
 * eight bytes are read only where at least eight are left.
 */
#include <pthread.h>
#include <string.h>

#include "clock.h"
#include "map.h"
#include "map_private.h"

struct sip {
	uint64_t v0, v1, v2, v3;
};

static pthread_once_t once = PTHREAD_ONCE_INIT;
static uint64_t hash_key[2];

static void
make_key(void)
{
	random_bytes(hash_key, sizeof(hash_key));
}

static inline uint64_t
rotate(uint64_t x, unsigned bits)
{
	return x << bits | x >> (64 - bits);
}

static inline void
sip_round(struct sip *s)
{
	s->v0 += s->v1;
	s->v2 += s->v3;
	s->v1 = rotate(s->v1, 13) ^ s->v0;
	s->v3 = rotate(s->v3, 16) ^ s->v2;
	s->v0 = rotate(s->v0, 32);
	s->v2 += s->v1;
	s->v0 += s->v3;
	s->v1 = rotate(s->v1, 17) ^ s->v2;
	s->v3 = rotate(s->v3, 21) ^ s->v0;
	s->v2 = rotate(s->v2, 32);
}

static inline void
sip_word(struct sip *s, uint64_t word)
{
	s->v3 ^= word;
	sip_round(s);
	s->v0 ^= word;
}

/* Up to eight bytes, little end first. */
static inline uint64_t
load_le(const unsigned char *at, size_t n)
{
	uint64_t word = 0;

	for (size_t i = 0; i < n; i++)
		word |= (uint64_t)at[i] << (8 * i);
	return word;
}

uint64_t
hash__keyed(const uint64_t key[2], const void *bytes, size_t n)
{
	struct sip s = {
		key[0] ^ UINT64_C(0x736f6d6570736575),
		key[1] ^ UINT64_C(0x646f72616e646f6d),
		key[0] ^ UINT64_C(0x6c7967656e657261),
		key[1] ^ UINT64_C(0x7465646279746573),
	};
	const unsigned char *at = bytes;
	size_t left = n;

	for (; left >= 8; at += 8, left -= 8)
		sip_word(&s, load_le(at, 8));
	sip_word(&s, load_le(at, left) | (uint64_t)n << 56);
	s.v2 ^= 0xff;
	for (int i = 0; i < 3; i++)
		sip_round(&s);
	return s.v0 ^ s.v1 ^ s.v2 ^ s.v3;
}

uint64_t
hash_bytes(const void *bytes, size_t n)
{
	(void)pthread_once(&once, make_key);
	return hash__keyed(hash_key, bytes, n);
}
