/* SPDX-License-Identifier: MIT */
/* utf8_private.h - well-formed UTF-8 (RFC 3629), for RFC 6531 texts. */
#ifndef HOOKLINE_SMTP_UTF8_PRIVATE_H
#define HOOKLINE_SMTP_UTF8_PRIVATE_H

#include <stddef.h>

#include "base/slice.h"

/* Octets of the UTF-8 sequence of a character above 127 at the start of `s`,
 * 2 to 4; 0 if there is none: ASCII, overlong, surrogate, cut, too large. */
size_t smtp__utf8_len(struct slice s);

#endif
