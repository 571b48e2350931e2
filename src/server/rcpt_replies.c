/* SPDX-License-Identifier: MIT */
/* rcpt_replies.c - the answer to the end of data, as often as it is due. */
#include "rcpt_replies.h"

#include "data.h"

/* The client has asked for it, and has named enough of them. */
static bool
are_due(const struct session *session)
{
	const struct txn *txn = session_txn(session);

	if (txn == NULL)
		return false;
	return session->conv.facts.lmtp ? txn->given_count > 0
					: txn->prdr && txn->given_count > 1;
}

/* What an earlier refusal of this envelope has left. */
static void
forget_replies(struct txn *txn)
{
	LIST_FOR_EACH (link, safe, &txn->given)
		CONTAINER_OF(link, struct hl_rcpt, given)->reply =
		    (struct rcpt_reply){ 0 };
}

void
rcpt_replies_begin(struct session *session, struct hl_ctx *ctx)
{
	session->reply_each = are_due(session);
	if (session->reply_each)
		forget_replies(session_txn(session));
	if (session->reply_each && !session->conv.facts.lmtp)
		reply_text(
		    session, ctx, 353, NULL, "One reply for each recipient");
}

void
rcpt_replies_end(struct session *session)
{
	session->reply_each = false;
}

/* Its texts may live in the call arena. */
static struct rcpt_reply
reply_for(const struct hl_rcpt *rcpt, const struct outcome *outcome)
{
	if (rcpt->reply.code != 0)
		return rcpt->reply;
	return (struct rcpt_reply){ .code = outcome->code,
		.enhanced = outcome->enhanced,
		.text = outcome->text,
		.plugin = reply_author(outcome) };
}

/* One for each whom the client has named.  Returns how many were accepted. */
static unsigned
send_each(struct session *session, struct hl_ctx *ctx, struct txn *txn,
    const struct outcome *outcome)
{
	unsigned accepted = 0;

	LIST_FOR_EACH (link, safe, &txn->given) {
		struct hl_rcpt *rcpt =
		    CONTAINER_OF(link, struct hl_rcpt, given);

		rcpt->reply = reply_for(rcpt, outcome);
		reply_send(session, ctx, rcpt->reply.code, rcpt->reply.enhanced,
		    rcpt->reply.text);
		accepted += rcpt->reply.code < 400;
	}
	return accepted;
}

/* PRDR: the message as a whole. */
static void
send_overall(struct session *session, struct hl_ctx *ctx, const struct txn *txn,
    const struct outcome *outcome, unsigned accepted)
{
	hl_str text = outcome->text;

	if (session->conv.facts.lmtp)
		return;
	if (accepted > 0 && accepted < txn->given_count)
		text = arena_printf(ctx->arena,
		    "Accepted for %u of %u recipients [%s]", accepted,
		    txn->given_count, txn->id);
	if (accepted > 0 && outcome->code >= 400)
		reply_send(session, ctx, 250, STR_LIT("2.0.0"), text);
	else
		reply_send(
		    session, ctx, outcome->code, outcome->enhanced, text);
}

/* One line for each that was refused; one fault if that were all. */
static void
log_refused(struct session *session, struct hl_ctx *ctx, struct txn *txn,
    const struct outcome *outcome, unsigned accepted)
{
	if (accepted == 0)
		reply_count_error(session, outcome->code);
	LIST_FOR_EACH (link, safe, &txn->given) {
		const struct hl_rcpt *rcpt =
		    CONTAINER_OF(link, struct hl_rcpt, given);
		struct decision decision = {
			.hook = rcpt->reply.hook != 0
				    ? (enum hook_id)rcpt->reply.hook
				    : outcome->hook,
			.plugin = rcpt->reply.plugin,
			.to = rcpt->addr,
			.code = rcpt->reply.code,
			.enhanced = rcpt->reply.enhanced,
			.text = rcpt->reply.text
		};

		if (rcpt->reply.code >= 400)
			decision_reject(session, ctx, &decision);
	}
}

bool
rcpt_replies_send(
    struct session *session, struct hl_ctx *ctx, const struct outcome *outcome)
{
	struct txn *txn = session_txn(session);
	unsigned accepted;

	if (!session->reply_each || outcome->answered || outcome->code == 421)
		return reply_outcome(session, ctx, outcome);
	accepted = send_each(session, ctx, txn, outcome);
	send_overall(session, ctx, txn, outcome, accepted);
	log_refused(session, ctx, txn, outcome, accepted);
	if (txn->hang_up)
		session_finish(session, END_QUIT);
	reply_fate(session, ctx, outcome->fate);
	return accepted > 0;
}

void
rcpt_replies_refuse(struct session *session, struct hl_ctx *ctx,
    enum hook_id hook, unsigned code, const char *enhanced, const char *text)
{
	struct outcome outcome = { .hook = hook,
		.fate = FATE_REPLY,
		.code = code,
		.enhanced = str_of(enhanced),
		.text = str_of(text),
		.plugin_text = STR_EMPTY };

	(void)rcpt_replies_send(session, ctx, &outcome);
}

/* After `DATA` and between chunks a client waits for one reply, also where
 * `data` is the hook. */
static bool
is_last_chunk(const struct session *session)
{
	return data_is_due(session) && session->data->is_last;
}

bool
rcpt_replies_of_plugin(struct session *session, struct hl_ctx *ctx,
    unsigned code, hl_str enhanced, hl_str text)
{
	struct outcome outcome = { .hook = ctx->frame->hook,
		.code = code,
		.enhanced = enhanced,
		.text = text };
	bool at_end = session->reply_each;
	struct txn *txn = session_txn(session);
	unsigned accepted;

	if (code == 421 || (!at_end && !is_last_chunk(session)))
		return false;
	if (!at_end)
		rcpt_replies_begin(session, ctx);
	if (!session->reply_each)
		return false;
	accepted = send_each(session, ctx, txn, &outcome);
	send_overall(session, ctx, txn, &outcome, accepted);
	session->reply_each = at_end;
	return true;
}
