/* SPDX-License-Identifier: MIT */
/* dsn.h - what the parameters of DSN say (RFC 3461 4, RFC 6533 3). */
#ifndef HOOKLINE_SMTP_DSN_H
#define HOOKLINE_SMTP_DSN_H

#include "base/arena.h"
#include "base/check.h"
#include "base/err.h"
#include "base/slice.h"
#include "base/str.h"

#define SMTP_ENVID_MAX 100 /* octets as sent, RFC 3461 4.4 */
#define SMTP_ORCPT_MAX 500 /* octets as sent, RFC 3461 4.2 */

/* The same bits as HL_NOTIFY_* of plugin.h. */
enum {
	SMTP_NOTIFY_NEVER = 1 << 0,
	SMTP_NOTIFY_SUCCESS = 1 << 1,
	SMTP_NOTIFY_FAILURE = 1 << 2,
	SMTP_NOTIFY_DELAY = 1 << 3
};

struct smtp_orcpt {
	hl_str type;    /* "rfc822", as sent */
	hl_str address; /* decoded */
};

/* All: 0, or -EINVAL with reply text in `err` (may be NULL).  Strings live in
 * `arena`.  `value` is what stands behind the '='. */

/* FULL or HDRS, in any case. */
int smtp_ret_check(struct slice value, struct err *err) WARN_UNUSED;
/* xtext of printable ASCII and spaces. */
int smtp_envid_parse(struct arena *arena, struct slice value, hl_str *ret,
    struct err *err) WARN_UNUSED;
/* NEVER, or SUCCESS, FAILURE, DELAY with commas between. */
int smtp_notify_parse(
    struct slice value, unsigned *ret, struct err *err) WARN_UNUSED;
/* TYPE ";" ADDRESS: xtext, or for the type utf-8 the forms of RFC 6533 (octets
 * above 127 must be well-formed already).  What is decoded has no control
 * characters. */
int smtp_orcpt_parse(struct arena *arena, struct slice value,
    struct smtp_orcpt *ret, struct err *err) WARN_UNUSED;

#endif
