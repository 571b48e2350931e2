/* SPDX-License-Identifier: MIT */
/* reply.h - writing replies (RFC 5321 4.2) with enhanced codes (RFC 2034). */
#ifndef HOOKLINE_SMTP_REPLY_H
#define HOOKLINE_SMTP_REPLY_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/check.h"
#include "base/slice.h"

#define SMTP_REPLY_LINE_MAX 512 /* with code and CRLF, RFC 5321 4.5.3.1.5 */

struct smtp_enhanced {
	uint8_t class;            /* 2, 4 or 5; 0: none */
	uint16_t subject, detail; /* 0 to 999 */
};

/* Takes "5.7.1" off the front of `text`; a space or the end must follow.
 * ret_rest  behind the spaces; may be NULL
 * False if there is none.  RFC 3463 2. */
bool smtp_enhanced_parse(struct slice text, struct smtp_enhanced *ret,
    struct slice *ret_rest) WARN_UNUSED;

/* What had to be changed in a reply; for the caller to log. */
enum {
	SMTP_REPLY_CLASS = 1 << 0,   /* class digit made to fit the code */
	SMTP_REPLY_FOLDED = 1 << 1,  /* a line was too long */
	SMTP_REPLY_CLEANED = 1 << 2, /* control characters became spaces */
	SMTP_REPLY_BAD_ENH = 1 << 3, /* `enh` is no enhanced code: left out */
	SMTP_REPLY_ASCII = 1 << 4    /* other characters became '?' */
};

/* Appends a reply to `buf`, each line ending in CRLF.
 *
 * code  100 to 599, else a bug of the caller
 * enh   enhanced code such as "5.7.1", put in front of each line unless the
 *       text brings its own in front or as "(#5.7.1)" at its end; NULL: the
 *       text is sent as given.  Never sent with 1xx and 3xx
 * text  lines separated by '\n'; newlines at the end are ignored
 * utf8  the client understands UTF-8 here (RFC 6531 3.7.4)
 * Returns SMTP_REPLY_* bits.  RFC 5321 4.2.1, RFC 2034 4.
 */
unsigned smtp_reply_format(struct buf *buf, unsigned code, const char *enh,
    struct slice text, bool utf8);

/* The enhanced code that smtp_reply_format sends, for log lines and the
 * `reply` hook; class 0 if none.
 * ret_text  may be NULL; the text without the code in front */
struct smtp_enhanced smtp_reply_enhanced(
    unsigned code, const char *enh, struct slice text, struct slice *ret_text);

#endif
