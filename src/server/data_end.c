/* SPDX-License-Identifier: MIT */
/* data_end.c - from the final dot to the queue.
 *
 *	refused already?  bare line ends?  loop?
 *	data_post_headers -> our own fields -> data_post -> queue_run
 */
#include "data.h"
#include "mail/authres.h"
#include "mail/notes.h"
#include "mail/received.h"
#include "mail/value.h"
#include "rt/fiber.h"
#include "rcpt_replies.h"
#include "rcpt_verdicts.h"
#include "trace_fields.h"

static void
finish_refused(struct session *session, struct hl_ctx *ctx)
{
	enum hook_fate fate = session->data->refusal.fate;

	/* It was answered when it was out of its place. */
	if (session->data->is_mute) {
		session->answered = true;
		return;
	}
	data_send_refusal(
	    session, ctx, fate == FATE_DISC ? FATE_DISC : FATE_REPLY);
	if (session->end == END_NOT && fate != FATE_REPLY)
		session_reset_txn(session, ctx);
}

/* The core's own checks; false: refused, and kept in data->refusal. */
static bool
check_message(struct session *session)
{
	struct data *data = session->data;
	struct message *message = &session->conv.txn->message;

	data_check_line_ends(session);
	if (!data->swallow && received_count(&message->header) >
				  (size_t)session->limits->max_hops)
		data_refuse_core(session, 554, "5.4.6",
		    "Too many hops, this message is looping");
	return !data->swallow;
}

static int
end_store(struct session *session)
{
	int ret = message_end(&session->conv.txn->message);

	if (ret < 0)
		data_refuse_stored(session, ret);
	return ret;
}

static void
run_data_post(struct session *session, struct hl_ctx *ctx)
{
	struct outcome outcome;

	hook_run(ctx, HOOK_DATA_POST_HEADERS, NULL, &outcome);
	if (trace_fields_add(session, ctx) < 0 ||
	    txn_is_over(session->conv.txn)) {
		rcpt_replies_refuse(session, ctx, HOOK_DATA_POST, 452, "4.3.1",
		    "Message needs too much memory");
		session_reset_txn(session, ctx);
		return;
	}
	hook_run_rcpts(session, ctx, HOOK_DATA_POST, &outcome);
	/* Not all were asked: it must not be queued. */
	if (fiber_is_cancelled(fiber_self()))
		return;
	if (outcome.fate == FATE_GO && !outcome.answered) {
		queue_run(session, ctx);
		return;
	}
	(void)rcpt_replies_send(session, ctx, &outcome);
}

static void
end_message(struct session *session, struct hl_ctx *ctx)
{
	bool refused;

	session->conv.facts.phase = HL_PHASE_END;
	if (!session->data->swallow && end_store(session) == 0 &&
	    !session->data->swallow && data_hooks_used(ctx))
		data_hooks(session, ctx, SLICE_NONE);
	/* A hook has hung up meanwhile, or the client. */
	if (session->end != END_NOT || fiber_is_cancelled(fiber_self())) {
		data_free(session);
		return;
	}
	refused = session->data->swallow || !check_message(session);
	if (refused)
		finish_refused(session, ctx);
	data_free(session);
	if (!refused)
		run_data_post(session, ctx);
	if (!session->answered && session->end == END_NOT &&
	    !fiber_is_cancelled(fiber_self()))
		rcpt_replies_refuse(session, ctx, HOOK_DATA_POST, 451, "4.3.0",
		    "Internal error, try again later");
}

void
data_end(struct session *session, struct hl_ctx *ctx)
{
	if (!session->data->is_mute)
		rcpt_replies_begin(session, ctx);
	session->answered = false;
	end_message(session, ctx);
	rcpt_replies_end(session);
}
