/* SPDX-License-Identifier: MIT */
/* byte_mask_private.h - where CR, LF, NUL and octets above 127 stand among 64
 * bytes, as bits; bit n is byte n.
 *
 * Two forms with the same result: SSE2, which every x86-64 has, and plain C
 * on 8 bytes at a time.  The unit test compares them.
 *
 * UNSAFE: reads p[0] to p[63], nothing else.
 */
#ifndef HOOKLINE_SMTP_BYTE_MASK_PRIVATE_H
#define HOOKLINE_SMTP_BYTE_MASK_PRIVATE_H

#include <endian.h>
#include <stdint.h>
#include <string.h>
#ifdef __SSE2__
#include <emmintrin.h>
#endif

#define BYTE_MASK_WIDTH 64
#define BYTE_MASK_ALL UINT64_MAX

struct byte_mask {
	uint64_t cr, lf, nul, high;
};

#define BYTES_OF(b) ((uint64_t)0x0101010101010101 * (b))

/* The top bit of each byte becomes one bit of the result. */
static inline uint64_t
byte_mask__pack(uint64_t tops)
{
	return ((tops & BYTES_OF(0x80)) >> 7) * 0x0102040810204080 >> 56;
}

/* Bits of the bytes that are `b`: adding 0x7f to the low seven bits sets the
 * top bit unless they are 0, and cannot carry. */
static inline uint64_t
byte_mask__equal(uint64_t word, uint8_t b)
{
	uint64_t x = word ^ BYTES_OF(b);

	return byte_mask__pack(~(((x & BYTES_OF(0x7f)) + BYTES_OF(0x7f)) | x));
}

static inline struct byte_mask
byte_mask__plain(const char *p)
{
	struct byte_mask mask = { 0, 0, 0, 0 };

	for (unsigned i = 0; i < BYTE_MASK_WIDTH; i += 8) {
		uint64_t word;

		memcpy(&word, p + i, sizeof(word));
		word = le64toh(word);
		mask.cr |= byte_mask__equal(word, '\r') << i;
		mask.lf |= byte_mask__equal(word, '\n') << i;
		mask.nul |= byte_mask__equal(word, 0) << i;
		mask.high |= byte_mask__pack(word) << i;
	}
	return mask;
}

#ifdef __SSE2__
static inline uint64_t
byte_mask__bits(__m128i v, unsigned at)
{
	return (uint64_t)(uint16_t)_mm_movemask_epi8(v) << at;
}

static inline struct byte_mask
byte_mask__sse2(const char *p)
{
	const __m128i cr = _mm_set1_epi8('\r'), lf = _mm_set1_epi8('\n');
	const __m128i zero = _mm_setzero_si128();
	struct byte_mask mask = { 0, 0, 0, 0 };
	__m128i v[4], least, all;

	for (unsigned i = 0; i < 4; i++) {
		v[i] = _mm_loadu_si128((const __m128i *)(const void *)p + i);
		mask.cr |= byte_mask__bits(_mm_cmpeq_epi8(v[i], cr), 16 * i);
		mask.lf |= byte_mask__bits(_mm_cmpeq_epi8(v[i], lf), 16 * i);
	}
	/* NUL and 8-bit are rare: asked of all four at once */
	least =
	    _mm_min_epu8(_mm_min_epu8(v[0], v[1]), _mm_min_epu8(v[2], v[3]));
	all = _mm_or_si128(_mm_or_si128(v[0], v[1]), _mm_or_si128(v[2], v[3]));
	if (_mm_movemask_epi8(_mm_cmpeq_epi8(least, zero)) != 0) {
		for (unsigned i = 0; i < 4; i++)
			mask.nul |=
			    byte_mask__bits(_mm_cmpeq_epi8(v[i], zero), 16 * i);
	}
	if (_mm_movemask_epi8(all) != 0) {
		for (unsigned i = 0; i < 4; i++)
			mask.high |= byte_mask__bits(v[i], 16 * i);
	}
	return mask;
}
#endif

static inline struct byte_mask
byte_mask(const char *p)
{
#ifdef __SSE2__
	return byte_mask__sse2(p);
#else
	return byte_mask__plain(p);
#endif
}

#endif
