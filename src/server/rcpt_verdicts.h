/* SPDX-License-Identifier: MIT */
/* rcpt_verdicts.h - what becomes of recipients with different fates.
 *
 * LMTP and PRDR tell each its own.  Plain SMTP has one reply.  All equal: that
 * one.  Mixed before anything was committed: nothing is delivered.  Mixed
 * after: 250, and what failed is kept in STATE/undelivered/ (docs/hooks.md,
 * "Single recipients").
 */
#ifndef HOOKLINE_SERVER_RCPT_VERDICTS_H
#define HOOKLINE_SERVER_RCPT_VERDICTS_H

#include "commands.h"

/* Runs `data_post` or `queue` and settles what plugins said of single
 * recipients with hl_rcpt_verdict.
 *
 * ret  the message as a whole: refused when no recipient is left
 * With session->reply_each data_post takes those that it refuses out of the
 * later hooks' sight (is_refused); after `queue` each recipient has its reply.
 */
void hook_run_rcpts(struct session *session, struct hl_ctx *ctx,
    enum hook_id hook, struct outcome *ret) BLOCKS;

/* It was not delivered, and no client is told. */
bool rcpt_is_lost(const struct session *session, const struct hl_rcpt *rcpt);

/* undelivered.c: keeps message and the list of those who are lost below the
 * state directory.  Returns 0 when they are safe on disk; negative errno,
 * logged. */
int undelivered_keep(struct session *session, struct hl_ctx *ctx,
    struct txn *txn) BLOCKS WARN_UNUSED;

#endif
