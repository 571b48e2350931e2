/* SPDX-License-Identifier: MIT */
/* conf_flavour.h - the ways in which control files write patterns.
 *
 * Each came with a plugin of qpsmtpd.  A new one is a row of conf_flavours;
 * nobody else asks which flavour it is.
 */
#ifndef HOOKLINE_CONF_FLAVOUR_H
#define HOOKLINE_CONF_FLAVOUR_H

#include <stdbool.h>

#include "base/slice.h"

enum conf_flavour_id {
	CONF_ADDRESSES, /* badmailfrom, badrcptto */
	CONF_NAMES,     /* badhelo */
	CONF_SLASHED,   /* rcpt_regexp */
	CONF_WHOLE,     /* hbedv_deny */
	CONF_FLAVOURS
};

struct conf_flavour {
	const char
	    *signs;      /* what has one of them is a regular expression ... */
	bool is_slashed; /* ... or what stands between two slashes */
	bool can_negate; /* with '!' in front: it fits what the rest does not */
	bool is_line;    /* the whole line, not its first word */
	bool is_whole;   /* the line is an expression between ^ and $ */
	bool has_domains; /* "@domain" fits each address there */
};

extern const struct conf_flavour conf_flavours[CONF_FLAVOURS];

/* A pattern that is a regular expression. */
struct conf_regex {
	struct slice text; /* the expression, borrowed */
	bool is_negated;
	bool is_whole; /* between "^" and "$" */
};

/* Is `text` one?  `ret` (may be NULL) is set only then. */
bool conf_flavour_regex(const struct conf_flavour *flavour, struct slice text,
    struct conf_regex *ret);

#endif
