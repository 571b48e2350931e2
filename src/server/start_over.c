/* SPDX-License-Identifier: MIT */
/* start_over.c - forgets what the client has said so far. */
#include "base/mem.h"
#include "session.h"

void
session_start_over(struct session *session, struct hl_ctx *ctx)
{
	struct facts *facts = &session->conv.facts;

	session_reset_txn(session, ctx);
	if (facts->helo.n > 0)
		mem_free((void *)(uintptr_t)facts->helo.p);
	facts->helo = STR_EMPTY;
	facts->esmtp = false;
	facts->auth_user = STR_EMPTY;
	facts->auth_mechanism = STR_EMPTY;
	facts->relay_client = false;
	facts->phase = HL_PHASE_CONNECT;
}
