/* SPDX-License-Identifier: MIT */
/* params.h - ESMTP parameters behind a path (RFC 5321 4.1.2). */
#ifndef HOOKLINE_SMTP_PARAMS_H
#define HOOKLINE_SMTP_PARAMS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/check.h"
#include "base/err.h"
#include "base/slice.h"
#include "base/str.h"

#define SMTP_PARAMS_MAX 16

struct smtp_param {
	hl_str key;     /* lower case */
	hl_str value;   /* as sent; "" without '=' */
	bool has_value; /* '=' was there */
};

/* Zeroed: no parameters.  The array lives in the parser's arena. */
struct smtp_params {
	const struct smtp_param *items;
	size_t count;
};

/* Parses what follows the path: nothing, or parameters each with spaces in
 * front; trailing white space is ignored (RFC 5321 4.1.1).
 *
 * in    the rest of the command line, CRLF removed
 * max   most parameters allowed, usually SMTP_PARAMS_MAX
 * utf8  values may hold octets above 127 (RFC 6531 3.4)
 * Returns 0; -EINVAL bad syntax; -EEXIST a key twice; -E2BIG too many; with
 * reply text in `err`.  Which keys are known is the caller's business.
 */
int smtp_params_parse(struct arena *arena, struct slice in, unsigned max,
    bool utf8, struct smtp_params *ret, struct err *err) WARN_UNUSED;

/* `key` in lower case; NULL when there is none. */
const struct smtp_param *smtp_params_get(
    const struct smtp_params *params, const char *key);

/* Decodes xtext ("+3D" is '=').  The result lives in `arena`.
 * Returns 0; -EINVAL no xtext, or an encoded NUL.  RFC 3461 4. */
int smtp_xtext_decode(
    struct arena *arena, struct slice in, hl_str *ret) WARN_UNUSED;
/* The reverse, for any bytes. */
hl_str smtp_xtext_encode(struct arena *arena, struct slice in);

#endif
