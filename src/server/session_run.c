/* SPDX-License-Identifier: MIT */
/* session_run.c - the conversation, step by step, on the session's fiber. */
#include "data.h"
#include "net/stream.h"
#include "rt/fiber.h"
#include "server_private.h"

/* ---- timeout, shutdown ---- */

static void
step_timeout(struct session *session, struct hl_ctx *ctx)
{
	struct hook_args args = {
		.phase = (enum hl_phase)session->conv.facts.phase
	};
	struct outcome outcome;

	hook_run(ctx, HOOK_TIMEOUT, &args, &outcome);
	(void)reply_outcome(session, ctx, &outcome);
	session_finish(session, END_TIMEOUT);
}

static void
step_shutdown(struct session *session, struct hl_ctx *ctx)
{
	if (session_can_speak(session))
		reply_text(session, ctx, 421, "4.3.2",
		    "Service closing, try again later");
	session_finish(session, END_SHUTDOWN);
}

/* Only between transactions, unless time is up. */
static bool
may_shut_down(const struct session *session)
{
	return session->server->how == SERVER_DRAIN_NOW ||
	       (session->data == NULL &&
		   (session->conv.txn == NULL ||
		       session->conv.txn->sender == NULL));
}

/* ---- commands ---- */

static void
line_is_bad(struct session *session, struct hl_ctx *ctx)
{
	reply_refuse(session, ctx, HOOK_UNRECOGNIZED_COMMAND, 500, "5.5.2",
	    "Bare CR, bare LF or NUL in a command");
	session_finish(session, END_QUIT);
}

/* AUTH may be longer than other commands (RFC 4954 4). */
static size_t
line_max(struct session *session, struct slice in)
{
	if (session->line.scanned == 0 && !session->line.is_skipping)
		session->line_is_auth = false;
	if (slice_casestarts(in, "AUTH ") && !session->line.is_skipping)
		session->line_is_auth = true;
	return session->line_is_auth ? SMTP_LINE_MAX_AUTH
				     : (size_t)session->limits->max_line;
}

/* Done with the line; what came with AUTH is not left in memory. */
static void
take_line(struct session *session, size_t n)
{
	if (session->line_is_auth)
		input_take_secret(session, n);
	else
		input_take(session, n);
}

/* False: no whole line yet. */
static bool
step_command(struct session *session, struct hl_ctx *ctx)
{
	struct slice line, in = input_peek(session);
	size_t used, max = line_max(session, in);

	if (session_is_hello_in_clear(session)) {
		session_refuse_hello(session, ctx);
		return true;
	}
	switch (smtp_line_next(
	    &session->line, in, max, session_bare_lf(session), &line, &used)) {
	case SMTP_LINE_MORE:
		take_line(session, used);
		return false;
	case SMTP_LINE_DONE:
		/* Copied before anything may park: the bytes are borrowed. */
		line = slice_str(arena_str(ctx->arena, line));
		session->has_secret = session->line_is_auth;
		take_line(session, used);
		dispatch(session, ctx, line);
		break;
	case SMTP_LINE_TOO_LONG:
		take_line(session, used);
		reply_refuse(session, ctx, HOOK_UNRECOGNIZED_COMMAND, 500,
		    session->line_is_auth ? "5.5.6" : "5.5.2", "Line too long");
		check_errors(session, ctx);
		break;
	case SMTP_LINE_BAD:
		take_line(session, used);
		line_is_bad(session, ctx);
		break;
	}
	return true;
}

static void
check_memory(struct session *session, struct hl_ctx *ctx)
{
	struct decision decision = {
		.hook = HOOK_UNRECOGNIZED_COMMAND,
		.plugin = STR_LIT("core"),
		.code = 421,
		.enhanced = STR_LIT("4.3.1"),
		.text = STR_LIT("Session needs too much memory"),
	};

	if (!arena_is_over(&session->conv.arena) &&
	    !session->conv.account.over && !arena_is_over(ctx->arena))
		return;
	session_take_back_tls(session);
	if (session_can_speak(session))
		reply_decision(session, ctx, &decision);
	else
		decision_reject(session, ctx, &decision);
	session_finish(session, END_QUIT);
}

static bool
step_events(struct session *session, struct hl_ctx *ctx)
{
	if ((session->events & EVENT_PROXY) != 0) {
		session->events &= (uint8_t)~EVENT_PROXY;
		session_proxy(session, ctx);
		return true;
	}
	if ((session->events & EVENT_ACCEPT) != 0) {
		session->events &= (uint8_t)~EVENT_ACCEPT;
		session_accept(session, ctx);
		return true;
	}
	if ((session->events & EVENT_SECURE) != 0) {
		session->events &= (uint8_t)~EVENT_SECURE;
		session_secure(session, ctx);
		return true;
	}
	if ((session->events & EVENT_TIMEOUT) != 0) {
		session->events &= (uint8_t)~EVENT_TIMEOUT;
		step_timeout(session, ctx);
		return true;
	}
	if ((session->events & EVENT_SHUTDOWN) != 0 && may_shut_down(session)) {
		step_shutdown(session, ctx);
		return true;
	}
	return false;
}

/* One step; false: nothing to do now. */
static bool
step(struct session *session, struct hl_ctx *ctx)
{
	if (session->wants_tls)
		return session_start_tls(session, ctx);
	if (step_events(session, ctx))
		return true;
	if (session->is_shaking)
		return false;
	if (stream_queued(session->stream) > OUT_MAX)
		return wait_for_reader(session);
	if (data_is_due(session))
		return data_feed(session, ctx);
	return input_peek(session).n > 0 && step_command(session, ctx);
}

/* The command brought a secret: what held it is overwritten. */
static void
forget(struct session *session, struct hl_ctx *ctx)
{
	arena_wipe(ctx->arena);
	fiber_wipe_stack();
	session->has_secret = false;
}

void
session_run(struct session *session, struct hl_ctx *ctx)
{
	while (session->end == END_NOT) {
		bool did;

		if (session->gone) {
			session_finish(
			    session, session->tls_failed ? END_TLS : END_GONE);
			break;
		}
		did = step(session, ctx);
		if (session->end == END_NOT && !session->is_shaking)
			check_memory(session, ctx);
		if (session->has_secret)
			forget(session, ctx);
		else
			arena_reset(ctx->arena);
		if (session->out.n > OUT_MAX)
			session_flush(session);
		if (did)
			continue;
		if (session->is_shaking || !session->eof)
			return;
		session_finish(session, END_EOF);
	}
	session_close(session, ctx);
	arena_reset(ctx->arena);
}
