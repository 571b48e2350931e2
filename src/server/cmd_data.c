/* SPDX-License-Identifier: MIT */
/* cmd_data.c - DATA up to its 354 (RFC 5321 4.1.1.4). */
#include "base/mem.h"
#include "data.h"
#include "server_private.h"

/* After the `data` hook, so that plugins see DATA without recipients too. */
static bool
check_sequence(struct session *session, struct hl_ctx *ctx)
{
	const struct txn *txn = session->conv.txn;

	/* After DONE of data_post the message is still there. */
	if (txn == NULL || txn->sender == NULL || txn->has_message) {
		reply_refuse(
		    session, ctx, HOOK_DATA, 503, "5.5.1", "MAIL first");
		return false;
	}
	if (txn->rcpt_count == 0) {
		reply_refuse(
		    session, ctx, HOOK_DATA, 503, "5.5.1", "RCPT first");
		return false;
	}
	return true;
}

static void
begin(struct session *session)
{
	struct txn *txn = session->conv.txn;
	struct message_limits limits = {
		.size_threshold = (size_t)session->limits->size_threshold,
		.header_bytes = (size_t)session->limits->max_header_size,
		.header_fields = (unsigned)session->limits->max_header_fields,
	};

	session->data = mem_alloc(sizeof(*session->data));
	smtp_data_init(&session->data->scan, session_bare_lf(session));
	message_init(
	    &txn->message, &session->server->bodies, &limits, &txn->account);
	txn->has_message = true;
	session->conv.facts.phase = HL_PHASE_DATA;
}

void
data_free(struct session *session)
{
	mem_free(session->data);
	session->data = NULL;
}

void
cmd_data(struct session *session, struct hl_ctx *ctx, struct slice rest)
{
	struct outcome outcome;

	if (rest.n > 0) {
		reply_refuse(session, ctx, HOOK_DATA, 501, "5.5.4",
		    "DATA takes no argument");
		return;
	}
	hook_run(ctx, HOOK_DATA, NULL, &outcome);
	if (outcome.fate != FATE_KEEP || outcome.answered) {
		(void)reply_outcome(session, ctx, &outcome);
		return;
	}
	if (!check_sequence(session, ctx))
		return;
	begin(session);
	reply_text(session, ctx, 354, NULL, "go ahead");
}
