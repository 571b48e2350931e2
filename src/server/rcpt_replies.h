/* SPDX-License-Identifier: MIT */
/* rcpt_replies.h - the answer to the end of data, as often as it is due.
 *
 * Plain SMTP has one reply.  LMTP (RFC 2033 4.2) has one for each recipient
 * whose RCPT was accepted, in that order, and so has PRDR where there are two
 * or more: 353 before them, the overall one behind.
 *
 *	refused in data_post     its own reply, kept in rcpt->reply
 *	after queue              rcpt->reply, which rcpt_verdicts.c has settled
 *	all others               the outcome's
 */
#ifndef HOOKLINE_SERVER_RCPT_REPLIES_H
#define HOOKLINE_SERVER_RCPT_REPLIES_H

#include "reply.h"

/* The end of data has come: from now on, until rcpt_replies_end, an answer is
 * one for each recipient if that is due (session->reply_each).  353 for PRDR. */
void rcpt_replies_begin(struct session *session, struct hl_ctx *ctx) BLOCKS;
void rcpt_replies_end(struct session *session);

/* As reply_outcome, for each recipient.  Returns true when one was accepted. */
bool rcpt_replies_send(struct session *session, struct hl_ctx *ctx,
    const struct outcome *outcome) BLOCKS;
/* As reply_refuse, for each recipient. */
void rcpt_replies_refuse(struct session *session, struct hl_ctx *ctx,
    enum hook_id hook, unsigned code, const char *enhanced,
    const char *text) BLOCKS;
/* A reply that a plugin gives itself.  False: one is enough, and it was not
 * sent. */
bool rcpt_replies_of_plugin(struct session *session, struct hl_ctx *ctx,
    unsigned code, hl_str enhanced, hl_str text) BLOCKS;

#endif
