/* SPDX-License-Identifier: MIT */
/* rcpt_verdicts.h - one reply for recipients with different fates.
 *
 * HOOKS.md decision 12: plain SMTP has one reply.  All equal: that one.
 * Mixed before anything was committed: nothing is delivered.  Mixed after:
 * 250, and what failed is kept in STATE/undelivered/.
 */
#ifndef HOOKLINE_SERVER_RCPT_VERDICTS_H
#define HOOKLINE_SERVER_RCPT_VERDICTS_H

#include "commands.h"

/* Runs `data_post` or `queue` and settles what plugins said of single
 * recipients with hl_rcpt_verdict. */
void hook_run_rcpts(struct session *session, struct hl_ctx *ctx,
    enum hook_id hook, struct outcome *ret) BLOCKS;

/* undelivered.c: keeps message and list below the state directory.  Returns 0
 * when they are safe on disk; negative errno, logged. */
int undelivered_keep(struct session *session, struct hl_ctx *ctx,
    struct txn *txn) BLOCKS WARN_UNUSED;

#endif
