/* SPDX-License-Identifier: MIT */
/* octet_private.h - what an octet may be part of, inline since each one of a
 * command is asked. */
#ifndef HOOKLINE_SMTP_OCTET_PRIVATE_H
#define HOOKLINE_SMTP_OCTET_PRIVATE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/slice.h"

/* Let-dig = ALPHA / DIGIT */
static inline bool
octet__is_letdig(char c)
{
	return (unsigned)(c | 0x20) - 'a' < 26 || (unsigned)c - '0' < 10;
}

/* atext of RFC 5322 3.2.3: printable, but none of the specials. */
static inline bool
octet__is_atext(char c)
{
	switch (c) {
	case '"':
	case '(':
	case ')':
	case ',':
	case '.':
	case ':':
	case ';':
	case '<':
	case '>':
	case '@':
	case '[':
	case '\\':
	case ']':
		return false;
	default:
		return c > ' ' && c < 0x7f;
	}
}

static inline bool
octet__is_high(char c)
{
	return (unsigned char)c > 127;
}

/* s[from..n), from <= s.n. */
static inline struct slice
octet__behind(struct slice s, size_t from)
{
	return (struct slice){ s.p + from, s.n - from };
}

#endif
