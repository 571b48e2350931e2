/* SPDX-License-Identifier: MIT */
/* start_over.c - forgets what the client has said so far. */
#include <string.h>

#include "base/mem.h"
#include "mail/forwarded.h"
#include "mail/notes.h"
#include "server_private.h"
#include "session.h"

void
session_start_over(struct session *session, struct hl_ctx *ctx)
{
	struct facts *facts = &session->conv.facts;

	session_reset_txn(session, ctx);
	forwarded_free(&session->forwarded);
	if (facts->helo.n > 0)
		mem_free((void *)(uintptr_t)facts->helo.p);
	facts->helo = STR_EMPTY;
	facts->esmtp = false;
	facts->auth_user = STR_EMPTY;
	facts->auth_mechanism = STR_EMPTY;
	mem_free(session->auth_failed_user);
	session->auth_failed_user = NULL; /* but the failures count */
	facts->relay_client = false;
	facts->phase = HL_PHASE_CONNECT;
}

void
session_forget_plugins(struct session *session)
{
	struct conv *conv = &session->conv;
	unsigned count = session->server->engine->plugin_count;

	for (unsigned i = 0; conv->memory != NULL && i < count; i++)
		mem_free(conv->memory[i]);
	mem_free(conv->memory);
	conv->memory = NULL;
	notes_free(&conv->notes);
	memset(session->results, 0, sizeof(session->results));
}
