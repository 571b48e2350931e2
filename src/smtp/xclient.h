/* SPDX-License-Identifier: MIT */
/* xclient.h - the attributes of XCLIENT and XFORWARD.
 *
 * Source: Postfix's XCLIENT_README and XFORWARD_README ("SMTP connection
 * caching / remote client attributes"): attributes "NAME=value" parted by
 * spaces, values in xtext (RFC 3461 4), "[UNAVAILABLE]" and "[TEMPUNAVAIL]"
 * for what is not known.
 */
#ifndef HOOKLINE_SMTP_XCLIENT_H
#define HOOKLINE_SMTP_XCLIENT_H

#include <stdbool.h>

#include "base/arena.h"
#include "base/check.h"
#include "base/err.h"
#include "base/inet.h"
#include "base/slice.h"
#include "base/str.h"

enum xattr {
	XATTR_NAME,
	XATTR_ADDR,
	XATTR_PORT,
	XATTR_PROTO,
	XATTR_HELO,
	XATTR_LOGIN,
	XATTR_DESTADDR,
	XATTR_DESTPORT,
	XATTR_IDENT,
	XATTR_SOURCE,
	XATTR_COUNT
};

/* The sets that the two commands know. */
#define XATTR_BIT(attr) (1u << (attr))
#define XCLIENT_ATTRS                                        \
	(XATTR_BIT(XATTR_NAME) | XATTR_BIT(XATTR_ADDR) |     \
	    XATTR_BIT(XATTR_PORT) | XATTR_BIT(XATTR_PROTO) | \
	    XATTR_BIT(XATTR_HELO) | XATTR_BIT(XATTR_LOGIN) | \
	    XATTR_BIT(XATTR_DESTADDR) | XATTR_BIT(XATTR_DESTPORT))
#define XFORWARD_ATTRS                                       \
	(XATTR_BIT(XATTR_NAME) | XATTR_BIT(XATTR_ADDR) |     \
	    XATTR_BIT(XATTR_PORT) | XATTR_BIT(XATTR_PROTO) | \
	    XATTR_BIT(XATTR_HELO) | XATTR_BIT(XATTR_IDENT) | \
	    XATTR_BIT(XATTR_SOURCE))

#define XATTR_VALUE_MAX 255

/* Decoded; an address in its shortest form, without "IPV6:".  "" what is not
 * known; p == NULL what was not given. */
struct xattrs {
	hl_str value[XATTR_COUNT];
};

/* "NAME ADDR ...", for EHLO, and to look one up.  Upper case. */
extern const char *const xattr_names[XATTR_COUNT];

/* Parses the rest of the command line, at least one attribute; only those in
 * the set `known`.  A name may stand twice: the last one holds.
 * Values live in `arena`.
 * Returns 0; -EINVAL with reply text in `err`. */
int xattrs_parse(struct arena *arena, struct slice rest, unsigned known,
    struct xattrs *ret, struct err *err) WARN_UNUSED;

/* What ADDR and PORT say; false where they say nothing.  `ret` keeps what is
 * not given. */
bool xattrs_addr(const struct xattrs *attrs, enum xattr addr, enum xattr port,
    struct inet_addr *ret);

#endif
