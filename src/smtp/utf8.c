/* SPDX-License-Identifier: MIT */
/* utf8.c - well-formed UTF-8 (RFC 3629).
 *
 * UNSAFE: index 1 to len - 1 are read after len <= s.n was checked.
 */
#include <stdint.h>

#include "smtp/utf8_private.h"

size_t
smtp__utf8_len(struct slice s)
{
	static const uint32_t least[] = { 0, 0, 0x80, 0x800, 0x10000 };
	unsigned char first;
	uint32_t value;
	size_t len;

	if (s.n == 0)
		return 0;
	first = (unsigned char)s.p[0];
	if (first >= 0xc2 && first < 0xe0)
		len = 2;
	else if (first >= 0xe0 && first < 0xf0)
		len = 3;
	else if (first >= 0xf0 && first < 0xf5)
		len = 4;
	else
		return 0;
	if (len > s.n)
		return 0;
	value = first & (0x7fU >> len);
	for (size_t i = 1; i < len; i++) {
		unsigned char next = (unsigned char)s.p[i];

		if ((next & 0xc0) != 0x80)
			return 0;
		value = value << 6 | (next & 0x3f);
	}
	if (value < least[len] || value > 0x10ffff ||
	    (value >= 0xd800 && value < 0xe000))
		return 0;
	return len;
}
