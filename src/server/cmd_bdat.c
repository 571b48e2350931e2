/* SPDX-License-Identifier: MIT */
/* cmd_bdat.c - BDAT: a chunk's command and its answer (RFC 3030 2).
 *
 * The bytes follow the command whatever we think of it, so a refusal waits
 * until the chunk has been swallowed.  From then on the message has failed:
 * each later chunk gets the same answer, until the last one, RSET, MAIL or
 * EHLO.
 */
#include <errno.h>

#include "data.h"
#include "ehlo.h"
#include "smtp/bdat.h"

static void
refuse_sequence(struct session *session, const char *text)
{
	struct outcome outcome = { .hook = HOOK_DATA,
		.fate = FATE_REPLY,
		.code = 503,
		.enhanced = STR_LIT("5.5.1"),
		.text = str_of(text),
		.plugin_text = STR_EMPTY };

	data_refuse(session, &outcome);
}

/* As DATA: the `data` hook, then the sequence. */
static void
first_chunk(struct session *session, struct hl_ctx *ctx)
{
	const struct txn *txn = session->conv.txn;
	struct outcome outcome;
	const char *fault;

	if (!session->conv.facts.esmtp) {
		refuse_sequence(session, "BDAT needs EHLO");
		return;
	}
	if (!ehlo_offers(session, EHLO_CHUNKING)) {
		refuse_sequence(session, "BDAT is not offered");
		return;
	}
	if (txn != NULL && txn_is_over(txn)) {
		data_refuse_core(
		    session, 452, "4.3.1", "Message needs too much memory");
		return;
	}
	hook_run(ctx, HOOK_DATA, NULL, &outcome);
	if (outcome.answered) {
		/* Whatever it said: we do not have these bytes. */
		session->data->is_mute = true;
		refuse_sequence(session, "An earlier chunk was not taken");
		return;
	}
	if (outcome.fate == FATE_DISC) {
		(void)reply_outcome(session, ctx, &outcome);
		return;
	}
	if (outcome.fate != FATE_KEEP) {
		data_refuse(session, &outcome);
		return;
	}
	fault = data_sequence(session);
	if (fault != NULL)
		refuse_sequence(session, fault);
	else
		data_begin(session);
}

void
cmd_bdat(struct session *session, struct hl_ctx *ctx, struct slice rest)
{
	struct smtp_bdat bdat;
	int status = smtp_bdat_parse(rest, &bdat);
	bool is_first = session->data == NULL;

	if (status == -EINVAL) {
		/* Message bytes must never be taken for commands. */
		reply_refuse(session, ctx, HOOK_DATA, 501, "5.5.4",
		    "Syntax: BDAT SIZE [LAST]");
		session_finish(session, END_QUIT);
		return;
	}
	/* A hook that waits for the client must not be given these bytes. */
	if (is_first)
		data_open(session, true);
	session->data->receiving = true;
	session->data->is_last = bdat.is_last;
	session->data->chunk_size = bdat.size;
	smtp_data_chunk(&session->data->scan, bdat.size);
	if (status < 0)
		data_refuse_core(
		    session, 501, "5.5.4", "Syntax: BDAT SIZE [LAST]");
	else if (is_first)
		first_chunk(session, ctx);
}

void
bdat_answer(struct session *session, struct hl_ctx *ctx)
{
	struct data *data = session->data;

	data->receiving = false;
	session->answered = data->is_mute;
	data_check_line_ends(session);
	if (!data->swallow)
		reply_send(session, ctx, 250, STR_LIT("2.0.0"),
		    arena_printf(ctx->arena, "%llu octets received",
			(unsigned long long)data->chunk_size));
	else if (!data->is_mute)
		data_send_refusal(session, ctx,
		    data->refusal.fate == FATE_DISC ? FATE_DISC : FATE_REPLY);
	data->is_mute = false;
	/* Nothing that RSET could clear. */
	if (session->conv.txn == NULL)
		data_free(session);
}
