/* SPDX-License-Identifier: MIT */
/* command.h - a command line taken apart: verb, rest, FROM: and TO:.
 *
 * To add a verb: one row in the table of command.c, one value in enum
 * smtp_verb at the same place.
 */
#ifndef HOOKLINE_SMTP_COMMAND_H
#define HOOKLINE_SMTP_COMMAND_H

#include <stdbool.h>

#include "base/check.h"
#include "base/slice.h"

#define SMTP_VERB_LEN_MAX 12

enum smtp_verb {
	SMTP_VERB_UNKNOWN,
	SMTP_VERB_EHLO,
	SMTP_VERB_HELO,
	SMTP_VERB_MAIL,
	SMTP_VERB_RCPT,
	SMTP_VERB_DATA,
	SMTP_VERB_RSET,
	SMTP_VERB_NOOP,
	SMTP_VERB_VRFY,
	SMTP_VERB_HELP,
	SMTP_VERB_QUIT,
	SMTP_VERB_STARTTLS,
	/* known, not yet served */
	SMTP_VERB_AUTH,
	SMTP_VERB_BDAT,
	SMTP_VERB_EXPN,
	SMTP_VERB_ETRN,
	SMTP_VERB_LHLO,
	SMTP_VERB_XCLIENT,
	SMTP_VERB_XFORWARD,
	SMTP_VERB_COUNT
};

struct smtp_verb_info {
	const char *name; /* upper case; "" for SMTP_VERB_UNKNOWN */
	bool is_served;
};

/* Indexed by enum smtp_verb; used for dispatch, HELP and the manual. */
extern const struct smtp_verb_info smtp_verbs[SMTP_VERB_COUNT];

struct smtp_command {
	enum smtp_verb verb; /* SMTP_VERB_UNKNOWN if no row has that name */
	struct slice word;   /* the verb as sent, maybe empty; borrowed */
	struct slice rest;   /* behind the spaces after it; borrowed */
};

/* Splits at the first run of spaces.  The word is a verb if it has 1 to 12
 * letters, digits or '_' and stands in the table, in any case; a line that
 * begins with a space has the empty word, as in qpsmtpd.  Trailing white
 * space goes (RFC 5321 4.1.1).  `line` has no CRLF.  Cannot fail. */
struct smtp_command smtp_command_split(struct slice line);

/* Takes "FROM:" or "TO:" (`prefix`, any case) and the white space after it
 * off `rest`.  False if `rest` does not begin with it. */
bool smtp_command_prefix(
    struct slice rest, const char *prefix, struct slice *ret_after) WARN_UNUSED;

#endif
