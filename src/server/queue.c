/* SPDX-License-Identifier: MIT */
/* queue.c - queue_pre, queue, queue_post.
 *
 * From queue_pre on the client cannot cancel anything: the message is
 * delivered even if its 250 does not arrive, and the log says so.
 */
#include "commands.h"
#include "hook/hook_log.h"
#include "rcpt_replies.h"
#include "rcpt_verdicts.h"

/* The queue reply carries the transaction's id, as the lines of the log and
 * Received do. */
static void
name_reply(struct hl_ctx *ctx, struct outcome *outcome, const struct txn *txn)
{
	if (outcome->code != 0 && outcome->code < 400)
		outcome->text = arena_printf(
		    ctx->arena, "%.*s [%s]", STR(outcome->text), txn->id);
}

static void
warn_lost_reply(struct session *session)
{
	struct log_line line;

	hook_log_begin(&line, LOG_LEVEL_WARN, &session->conv);
	log_add_text(&line, LOG_event, "reply_lost");
	log_add_text(&line, LOG_text,
	    "the message is kept, but the client was gone before its 250");
	log_end(&line);
}

/* queue_post sees the message read-only, after the reply was written. */
static void
run_queue_post(struct session *session, struct hl_ctx *ctx, struct txn *txn)
{
	struct outcome outcome;

	if (!hook_is_used(ctx, HOOK_QUEUE_POST) || ctx->engine->dry_run)
		return;
	session_flush(session);
	txn->read_only = true;
	ctx->txn = txn;
	hook_run(ctx, HOOK_QUEUE_POST, NULL, &outcome);
	ctx->txn = session->conv.txn;
}

static void
after_queue(
    struct session *session, struct hl_ctx *ctx, struct outcome *outcome)
{
	struct txn *txn = txn_ref(session->conv.txn);
	uint64_t size = body_size(&txn->message.body);
	hl_str queue_id = str_of(txn->id);
	bool accepted;

	name_reply(ctx, outcome, txn);
	session_reset_txn(session, ctx);
	outcome->fate =
	    outcome->fate == FATE_RESET ? FATE_REPLY : outcome->fate;
	session->queued = txn;
	accepted = rcpt_replies_send(session, ctx, outcome) ||
		   (outcome->answered && session->plugin_code < 400);
	session->queued = NULL;
	if (accepted) {
		session->junk = 0;
		decision_accept(session, ctx, txn,
		    outcome->plugin != NULL ? outcome->plugin->name : STR_EMPTY,
		    queue_id, size);
		if (session->gone)
			warn_lost_reply(session);
	}
	if (!outcome->answered)
		run_queue_post(session, ctx, txn);
	txn_unref(&txn);
}

/* `hookline try` asks everybody but the queue. */
static void
ask_queue(struct session *session, struct hl_ctx *ctx, struct outcome *ret)
{
	if (!ctx->engine->dry_run) {
		hook_run_rcpts(session, ctx, HOOK_QUEUE, ret);
		return;
	}
	outcome_set(ret, HOOK_QUEUE, COLUMN_OK, NULL, ctx, NULL);
	ret->text = STR_LIT("Not queued, this is a try");
}

/* An edit of a plugin may be what found no room: the message is not what it
 * should be. */
static void
refuse_over(struct session *session, struct hl_ctx *ctx)
{
	rcpt_replies_refuse(session, ctx, HOOK_QUEUE_PRE, 452, "4.3.1",
	    "Message needs too much memory");
	session_reset_txn(session, ctx);
}

void
queue_run(struct session *session, struct hl_ctx *ctx)
{
	struct outcome outcome;

	(void)session_shield(session, true);
	hook_run(ctx, HOOK_QUEUE_PRE, NULL, &outcome);
	if (outcome.fate != FATE_GO || outcome.answered) {
		(void)rcpt_replies_send(session, ctx, &outcome);
	} else if (txn_is_over(session->conv.txn)) {
		refuse_over(session, ctx);
	} else {
		ask_queue(session, ctx, &outcome);
		after_queue(session, ctx, &outcome);
	}
	(void)session_shield(session, false);
}
