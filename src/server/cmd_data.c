/* SPDX-License-Identifier: MIT */
/* cmd_data.c - DATA up to its 354 (RFC 5321 4.1.1.4). */
#include "base/mem.h"
#include "data.h"
#include "server_private.h"

const char *
data_sequence(const struct session *session)
{
	const struct txn *txn = session->conv.txn;

	/* After DONE of data_post the message is still there. */
	if (txn == NULL || txn->sender == NULL || txn->has_message)
		return "MAIL first";
	return txn->rcpt_count == 0 ? "RCPT first" : NULL;
}

void
data_open(struct session *session, bool is_counted)
{
	enum smtp_bare_lf policy = session_bare_lf(session);
	const struct txn *txn = session->conv.txn;
	struct data *data = mem_alloc(sizeof(*data));

	if (is_counted)
		smtp_data_init_counted(
		    &data->scan, policy, txn != NULL && txn->is_binary);
	else
		smtp_data_init(&data->scan, policy);
	data->receiving = true;
	session->data = data;
	session->conv.facts.phase = HL_PHASE_DATA;
}

void
data_begin(struct session *session)
{
	struct txn *txn = session->conv.txn;
	struct message_limits limits = {
		.size_threshold = (size_t)session->limits->size_threshold,
		.header_bytes = (size_t)session->limits->max_header_size,
		.header_fields = (unsigned)session->limits->max_header_fields,
	};

	message_init(
	    &txn->message, &session->server->bodies, &limits, &txn->account);
	txn->message.is_binary = txn->is_binary;
	txn->has_message = true;
}

void
data_free(struct session *session)
{
	struct data *data = session->data;

	if (data == NULL)
		return;
	session->data = NULL;
	if (data->swallow) {
		mem_free((void *)(uintptr_t)data->refusal.text.p);
		mem_free((void *)(uintptr_t)data->refusal.enhanced.p);
	}
	mem_free(data);
}

/* "DATA and BDAT commands cannot be used in the same transaction", and a
 * binary message cannot come by DATA (RFC 3030 2, 3). */
static const char *
chunks_wanted(const struct session *session)
{
	const struct txn *txn = session->conv.txn;

	if (session->data != NULL)
		return "BDAT was used, RSET first";
	if (txn != NULL && txn->is_binary)
		return "BODY=BINARYMIME needs BDAT";
	return NULL;
}

void
cmd_data(struct session *session, struct hl_ctx *ctx, struct slice rest)
{
	struct outcome outcome;
	const char *fault;

	if (rest.n > 0) {
		reply_refuse(session, ctx, HOOK_DATA, 501, "5.5.4",
		    "DATA takes no argument");
		return;
	}
	fault = chunks_wanted(session);
	if (fault != NULL) {
		reply_refuse(session, ctx, HOOK_DATA, 503, "5.5.1", fault);
		return;
	}
	hook_run(ctx, HOOK_DATA, NULL, &outcome);
	if (outcome.fate != FATE_KEEP || outcome.answered) {
		(void)reply_outcome(session, ctx, &outcome);
		return;
	}
	fault = data_sequence(session);
	if (fault != NULL) {
		reply_refuse(session, ctx, HOOK_DATA, 503, "5.5.1", fault);
		return;
	}
	data_open(session, false);
	data_begin(session);
	reply_text(session, ctx, 354, NULL, "go ahead");
}
