/* SPDX-License-Identifier: MIT */
/* base64.h - base64 as SASL has it (RFC 4648 4; RFC 4954 4).
 *
 * Strict: padded to a multiple of four, no other characters, no bits behind
 * the last octet; so each text has one form.
 */
#ifndef HOOKLINE_SMTP_BASE64_H
#define HOOKLINE_SMTP_BASE64_H

#include <stddef.h>

#include "base/check.h"
#include "base/slice.h"

#define BASE64_ENCODED(n) (((n) + 2) / 3 * 4)
#define BASE64_DECODED_MAX(n) ((n) / 4 * 3)

/* Writes BASE64_ENCODED(in.n) characters and a NUL to `ret`. */
void base64_encode(struct slice in, char *ret);
/* Decodes to `ret`, which has room for BASE64_DECODED_MAX(in.n) octets and a
 * NUL behind them.  `ret` may be where `in` is.  0 with *ret_n; -EINVAL, and
 * then what is in `ret` means nothing. */
int base64_decode(struct slice in, char *ret, size_t *ret_n) WARN_UNUSED;

#endif
