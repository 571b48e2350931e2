/* SPDX-License-Identifier: MIT */
/* txn_reset.c - the end of a transaction. */
#include "data.h"

void
session_reset_txn(struct session *session, struct hl_ctx *ctx)
{
	struct outcome ignored;

	if (session->conv.txn == NULL)
		return;
	ctx->txn = session->conv.txn;
	hook_run(ctx, HOOK_RESET_TRANSACTION, NULL, &ignored);
	if (session->data != NULL)
		data_free(session);
	ctx->txn = NULL;
	ctx->params = NULL;
	txn_unref(&session->conv.txn);
	if (session->conv.facts.phase > HL_PHASE_HELO)
		session->conv.facts.phase = HL_PHASE_HELO;
}
