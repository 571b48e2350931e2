/* SPDX-License-Identifier: MIT */
/* keywords.h - what another server's answer to EHLO or LHLO offers. */
#ifndef HOOKLINE_SMTP_KEYWORDS_H
#define HOOKLINE_SMTP_KEYWORDS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/slice.h"

enum smtp_keyword {
	SMTP_KEYWORD_SIZE,
	SMTP_KEYWORD_PIPELINING,
	SMTP_KEYWORD_8BITMIME,
	SMTP_KEYWORD_SMTPUTF8,
	SMTP_KEYWORD_DSN,
	SMTP_KEYWORD_STARTTLS,
	SMTP_KEYWORD_CHUNKING,
	SMTP_KEYWORD_BINARYMIME,
	SMTP_KEYWORD_AUTH,
	SMTP_KEYWORD_XCLIENT,
	SMTP_KEYWORD_COUNT
};

/* Mechanisms of AUTH. */
#define SMTP_AUTH_PLAIN 1u
#define SMTP_AUTH_LOGIN 2u

/* Zeroed: nothing is offered.  Holds no pointers. */
struct smtp_keywords {
	unsigned has;      /* 1 << enum smtp_keyword */
	unsigned xclient;  /* XATTR_BIT()s of the attributes it takes */
	unsigned auth;     /* SMTP_AUTH_*: those of its mechanisms we know */
	uint64_t size_max; /* of a message; 0: it did not say (RFC 1870) */
};

/* Of the text of the answer, without codes, lines parted by '\n'; the first
 * one is its greeting.  Unknown lines are left out. */
void smtp_keywords_parse(struct slice text, struct smtp_keywords *ret);

bool smtp_keywords_has(
    const struct smtp_keywords *keywords, enum smtp_keyword keyword);
/* By its name, in any case; SMTP_KEYWORD_COUNT it is none of these. */
enum smtp_keyword smtp_keyword_find(struct slice name);

#endif
