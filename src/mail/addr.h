/* SPDX-License-Identifier: MIT */
/* addr.h - an envelope address as hooks see it.
 *
 * The struct is the opaque handle `struct hl_addr` of plugin.h.  Addresses
 * are immutable and live in the arena of their transaction.
 */
#ifndef HOOKLINE_MAIL_ADDR_H
#define HOOKLINE_MAIL_ADDR_H

#include <stdbool.h>

#include "base/slice.h"
#include "base/str.h"

struct arena;
struct smtp_path;

struct hl_addr {
	hl_str text;  /* "local@host", the local part quoted if it must be;
	                 "" for the null sender, "Postmaster" without a host */
	hl_str path;  /* the same in angle brackets, for replies and logs */
	hl_str local; /* without quotes and backslashes, case as sent */
	hl_str host;  /* as sent; "[...]" for a literal; "" if there is none */
	hl_str host_ascii; /* the same with A-labels (base/idna.h); as `host`
	                    * if that is ASCII, or no domain */
	bool is_null;      /* <> */
};

/* From a parsed path; strings are copied into `arena`. */
const struct hl_addr *addr_from_path(
    struct arena *arena, const struct smtp_path *path);
/* From its parts, without any check of their syntax; both empty give the null
 * sender. */
const struct hl_addr *addr_from_parts(
    struct arena *arena, struct slice local, struct slice host);
/* The same mailbox: local part byte by byte (RFC 5321 2.4), host in either
 * form and case. */
bool addr_equal(const struct hl_addr *a, const struct hl_addr *b);

#endif
