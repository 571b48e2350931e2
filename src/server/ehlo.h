/* SPDX-License-Identifier: MIT */
/* ehlo.h - the keywords of EHLO: which are offered now, with what words.
 *
 * One row a keyword, in ehlo.c.  MAIL and RCPT take the parameters of a
 * keyword only while it is offered (envelope_params.c).  A keyword that
 * promises something about afterwards is offered while all queue plugins of
 * the listener carry it (hook/carries.h).
 */
#ifndef HOOKLINE_SERVER_EHLO_H
#define HOOKLINE_SERVER_EHLO_H

#include <stdbool.h>

#include "base/slice.h"

struct buf;
struct session;

enum ehlo_keyword {
	EHLO_PIPELINING,          /* RFC 2920 */
	EHLO_8BITMIME,            /* RFC 6152 */
	EHLO_ENHANCEDSTATUSCODES, /* RFC 2034 */
	EHLO_SIZE,                /* RFC 1870 */
	EHLO_CHUNKING,            /* RFC 3030 */
	EHLO_BINARYMIME,          /* RFC 3030 */
	EHLO_SMTPUTF8,            /* RFC 6531 */
	EHLO_AUTH,                /* RFC 4954 */
	EHLO_DSN,                 /* RFC 3461 */
	EHLO_REQUIRETLS,          /* RFC 8689 */
	EHLO_PRDR,                /* draft-hall-prdr-00 */
	EHLO_MT_PRIORITY,         /* RFC 6710 */
	EHLO_FUTURERELEASE,       /* RFC 4865 */
	EHLO_LIMITS,              /* RFC 9422 */
	EHLO_XCLIENT,             /* Postfix's */
	EHLO_XFORWARD,
	EHLO_STARTTLS, /* RFC 3207 */
	EHLO_KEYWORD_COUNT
};

/* Would EHLO show it to this client now?  Not if a plugin has hidden it. */
bool ehlo_offers(const struct session *session, enum ehlo_keyword keyword);
/* Adds "\nKEYWORD WORDS" for each that is offered, hidden or not. */
void ehlo_list(struct session *session, struct buf *list);
/* Adds those of the lines "\nKEYWORD..." whose keyword is neither ours nor
 * there. */
void ehlo_add_more(struct buf *list, struct slice more);
/* After `capabilities`: what is not in the list any more is hidden. */
void ehlo_hide(struct session *session, const struct buf *list);

#endif
