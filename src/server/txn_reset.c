/* SPDX-License-Identifier: MIT */
/* txn_reset.c - the end of a transaction. */
#include "data.h"
#include "rt/fiber.h"

/* Once begun it is for all plugins; when the client is gone already, it waits
 * for `abort` (closing.c). */
static void
tell_reset(struct session *session, struct hl_ctx *ctx)
{
	struct outcome ignored;
	bool before = session_shield(session, true);

	ctx->txn = session->conv.txn;
	hook_run(ctx, HOOK_RESET_TRANSACTION, NULL, &ignored);
	(void)session_shield(session, before);
}

void
session_rset(struct session *session, struct hl_ctx *ctx)
{
	if (session->conv.txn != NULL)
		session_reset_txn(session, ctx);
	else if (!fiber_is_cancelled(fiber_self()))
		tell_reset(session, ctx);
}

void
session_reset_txn(struct session *session, struct hl_ctx *ctx)
{
	if (session->conv.txn == NULL ||
	    (fiber_is_cancelled(fiber_self()) && !session->closing))
		return;
	tell_reset(session, ctx);
	if (session->data != NULL)
		data_free(session);
	ctx->txn = NULL;
	ctx->params = NULL;
	txn_unref(&session->conv.txn);
	if (session->conv.facts.phase > HL_PHASE_HELO)
		session->conv.facts.phase = HL_PHASE_HELO;
}
