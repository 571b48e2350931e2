/* SPDX-License-Identifier: MIT */
/* closing.c - how a session ends.
 *
 *	quit, disc, timeout, shutdown:  disconnect, reset_transaction,
 *	                                post-connection
 *	end of file, gone, TLS failed: [abort,] reset_transaction, disconnect,
 *	                                post-connection
 * then stream_linger_close.  With XCLIENT the session ends for plugins alone,
 * as with quit.
 */
#include "data.h"
#include "hook/remote.h"
#include "net/stream.h"
#include "reply.h"
#include "rt/fiber.h"

/* Hooks after 'gone' may block again, so long in all. */
#define CLEAN_UP_MS 5000

void
session_finish(struct session *session, enum session_end why)
{
	if (session->end == END_NOT)
		session->end = (uint8_t)why;
}

void
session_lost(struct session *session)
{
	session->gone = true;
	if (session->fiber != NULL && !session->closing)
		fiber_cancel(session->fiber);
}

bool
session_shield(struct session *session, bool on)
{
	bool before = session->shielded;

	session->shielded = on;
	fiber_shield(fiber_self(), on);
	return before;
}

static void
run_plain(struct hl_ctx *ctx, enum hook_id hook)
{
	struct outcome ignored;

	hook_run(ctx, hook, NULL, &ignored);
}

static void
run_abort(struct session *session, struct hl_ctx *ctx)
{
	struct hook_args args = {
		.phase = (enum hl_phase)session->conv.facts.phase
	};
	const struct txn *txn = session->conv.txn;
	struct outcome ignored;

	if (session->end != END_GONE && (txn == NULL || txn->sender == NULL))
		return;
	hook_run(ctx, HOOK_ABORT, &args, &ignored);
}

static void
run_hooks(struct session *session, struct hl_ctx *ctx)
{
	bool lost = session->end == END_EOF || session->end == END_GONE ||
		    session->end == END_TLS;

	if (lost)
		run_abort(session, ctx);
	if (lost)
		session_reset_txn(session, ctx);
	run_plain(ctx, HOOK_DISCONNECT);
	session_reset_txn(session, ctx);
	run_plain(ctx, HOOK_POST_CONNECTION);
}

static void
end_remote(struct session *session, struct hl_ctx *ctx)
{
	if (session->conv.remote != NULL)
		ctx->engine->options.remote->session_end(
		    ctx->engine->options.remote_arg, &session->conv);
}

void
session_end_for_plugins(struct session *session, struct hl_ctx *ctx)
{
	bool before = session_shield(session, true);

	run_plain(ctx, HOOK_DISCONNECT);
	session_reset_txn(session, ctx);
	run_plain(ctx, HOOK_POST_CONNECTION);
	(void)session_shield(session, before);
	end_remote(session, ctx);
	session_forget_plugins(session);
}

void
session_close(struct session *session, struct hl_ctx *ctx)
{
	struct fiber *self = fiber_self();

	session->closing = true;
	session_flush(session);
	if (session->data != NULL)
		data_free(session);
	ctx->txn = session->conv.txn;
	fiber_uncancel(self);
	fiber_set_deadline(self, mono_add_ms(mono_now(), CLEAN_UP_MS));
	if (!session->skip_hooks)
		run_hooks(session, ctx);
	end_remote(session, ctx);
	fiber_set_deadline(self, (struct mono){ 0 });
	session->conv.facts.phase = HL_PHASE_END;
	decision_end(session);
	session_flush(session);
	/* An alert of TLS is to arrive. */
	if (session->gone && !session->tls_failed)
		stream_close(session->stream);
	else
		stream_linger_close(session->stream);
}
