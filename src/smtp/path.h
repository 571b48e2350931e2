/* SPDX-License-Identifier: MIT */
/* path.h - the addresses of MAIL FROM and RCPT TO (RFC 5321 4.1.2).
 *
 * Paths are what stands between '<' and '>' on the wire; addresses are the
 * same without brackets, as plugins write them.  Both give a struct smtp_path
 * with one canonical text, so that they can be compared.
 */
#ifndef HOOKLINE_SMTP_PATH_H
#define HOOKLINE_SMTP_PATH_H

#include <stdbool.h>

#include "base/arena.h"
#include "base/check.h"
#include "base/err.h"
#include "base/slice.h"
#include "base/str.h"

#define SMTP_LOCAL_MAX 64   /* octets as sent, RFC 5321 4.5.3.1.1 */
#define SMTP_DOMAIN_MAX 255 /* octets, RFC 5321 4.5.3.1.2 */
#define SMTP_PATH_MAX 256   /* octets with '<' and '>', RFC 5321 4.5.3.1.3 */

/* What a caller allows beyond "local@domain". */
enum {
	SMTP_PATH_NULL = 1 << 0,       /* "<>": MAIL FROM only */
	SMTP_PATH_POSTMASTER = 1 << 1, /* "<Postmaster>": RCPT TO only */
	SMTP_PATH_UTF8 = 1 << 2,       /* RFC 6531, after SMTPUTF8 only */
	SMTP_PATH_UNDERSCORE = 1 << 3  /* '_' as a letter in domain names */
};

/* All strings live in the arena given to the parser. */
struct smtp_path {
	hl_str text;     /* "local@host", local part quoted only if it must be;
	               * "" for the null path; no brackets */
	hl_str local;    /* without quotes and backslashes */
	hl_str host;     /* as sent, a literal with its brackets; "" if none */
	bool is_null;    /* "<>" */
	bool is_literal; /* host is an address literal */
	bool is_utf8;    /* some octet is above 127 */
};

/* Parses the path after "MAIL FROM:" or "RCPT TO:" up to and including the
 * closing '>'.  A source route is accepted and dropped.
 *
 * in        begins with '<'; anything longer than a path may follow
 * flags     SMTP_PATH_* or 0
 * ret_path  set on success; strings live in `arena`
 * ret_rest  set on success; what follows '>', borrowed from `in`
 * Returns 0; -EINVAL bad syntax; -ENAMETOOLONG local part > 64, domain > 255
 * or path > 256 octets, with reply text in `err`.  Never blocks.
 * RFC 5321 4.1.1.2, 4.1.1.3, 4.1.2, 4.1.3.
 */
int smtp_path_parse(struct arena *arena, struct slice in, unsigned flags,
    struct smtp_path *ret_path, struct slice *ret_rest,
    struct err *err) WARN_UNUSED;

/* Parses an address as a plugin gives it: the whole of `in`, with or without
 * '<' and '>', white space around it ignored.  Otherwise as smtp_path_parse;
 * with SMTP_PATH_NULL "" is the null path too. */
int smtp_address_parse(struct arena *arena, struct slice in, unsigned flags,
    struct smtp_path *ret_path, struct err *err) WARN_UNUSED;

/* "local@host" with the local part quoted if it must be, as
 * smtp_path.text; without "@" if `host` is empty.  `local` is unquoted and
 * has no control characters.  The result lives in `arena`. */
hl_str smtp_address_text(
    struct arena *arena, struct slice local, struct slice host);

#endif
