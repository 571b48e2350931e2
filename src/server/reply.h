/* SPDX-License-Identifier: MIT */
/* reply.h - the one way a reply goes out.
 *
 * Runs the `reply` hooks, counts errors, gathers the bytes; they are written
 * when the input is drained, before the fiber parks, and before a close.
 */
#ifndef HOOKLINE_SERVER_REPLY_H
#define HOOKLINE_SERVER_REPLY_H

#include "session.h"

struct decision;

/* `enhanced` "" for none.  Nothing is sent to a client that is gone. */
void reply_send(struct session *session, struct hl_ctx *ctx, unsigned code,
    hl_str enhanced, hl_str text) BLOCKS;
void reply_text(struct session *session, struct hl_ctx *ctx, unsigned code,
    const char *enhanced, const char *text) BLOCKS;
/* A refusal by the core: sends it, logs it, counts it. */
void reply_refuse(struct session *session, struct hl_ctx *ctx,
    enum hook_id hook, unsigned code, const char *enhanced,
    const char *text) BLOCKS;
/* The same for a decision that was made before. */
void reply_decision(struct session *session, struct hl_ctx *ctx,
    const struct decision *decision) BLOCKS;
/* Sends what an outcome says, if its fate has a reply, logs a refusal, and
 * does what the fate says to session and transaction (reset, disconnect).
 * Returns false when the conversation does not go on as if accepted. */
bool reply_outcome(struct session *session, struct hl_ctx *ctx,
    const struct outcome *outcome) BLOCKS;
/* Logs and counts the refusal alone: the client has gone before it. */
void reply_log_refusal(
    struct session *session, struct hl_ctx *ctx, const struct outcome *outcome);
/* What `fate` does to session and transaction. */
void reply_fate(
    struct session *session, struct hl_ctx *ctx, enum hook_fate fate) BLOCKS;
/* The plugin whose answer it is, or "core". */
hl_str reply_author(const struct outcome *outcome);
void reply_count_error(struct session *session, unsigned code);
/* A plugin has sent a final reply itself: counts and logs it, and ends the
 * session if it says so. */
void reply_noted(struct session *session, struct hl_ctx *ctx,
    const struct decision *decision);
/* conv_ops.reply */
int reply_of_plugin(
    struct hl_ctx *ctx, unsigned code, hl_str enhanced, hl_str text);

/* -- decision.c: the lines that answer 'why was this refused?' -- */
struct decision {
	enum hook_id hook;
	hl_str plugin;            /* "core" for our own */
	const struct hl_addr *to; /* NULL: all, or RCPT's */
	unsigned code;
	hl_str enhanced;
	hl_str text;
};
void decision_reject(
    struct session *session, struct hl_ctx *ctx, const struct decision *d);
/* The success of an AUTH; failures are refusals. */
void decision_auth(
    struct session *session, struct hl_ctx *ctx, const struct outcome *outcome);
/* The end of a session: how, after how long, what it held. */
void decision_end(struct session *session);
void decision_accept(struct session *session, struct hl_ctx *ctx,
    struct txn *txn, hl_str plugin, hl_str queue_id, uint64_t size_bytes);

#endif
