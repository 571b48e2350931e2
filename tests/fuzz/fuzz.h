/* SPDX-License-Identifier: MIT */
/* fuzz.h - what the fuzz targets share.
 *
 * A target is one function; replay.c or libFuzzer calls it.  The first bytes
 * of its input choose flags and cuts, the rest is what the parser gets.  A
 * broken property is a failed CHECK.
 */
#ifndef HOOKLINE_TESTS_FUZZ_H
#define HOOKLINE_TESTS_FUZZ_H

#include <stddef.h>
#include <stdint.h>

#include "base/check.h"
#include "base/slice.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n);

/* Takes a byte off the front, 0 when there is none. */
static inline uint8_t
fuzz_byte(struct slice *in)
{
	uint8_t byte = in->n > 0 ? (uint8_t)in->p[0] : 0;

	*in = slice_from(*in, 1);
	return byte;
}

/* The whole input. */
static inline struct slice
fuzz_input(const uint8_t *bytes, size_t n)
{
	return (struct slice){ (const char *)bytes, n };
}

/* The next cut of a stream: 1 to 8 bytes, now and then up to 256. */
static inline size_t
fuzz_step(uint32_t *seed)
{
	*seed = *seed * 1664525 + 1013904223;
	if (*seed >> 29 == 0)
		return 1 + (*seed >> 8) % 256;
	return 1 + (*seed >> 8) % 8;
}

#endif
