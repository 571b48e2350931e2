/* SPDX-License-Identifier: MIT */
/* session_run.c - the conversation, step by step, on the session's fiber. */
#include <string.h>

#include "data.h"
#include "hook/config.h"
#include "hook/peer_name.h"
#include "conf/conf_list.h"
#include "net/stream.h"
#include "rt/fiber.h"
#include "server_private.h"
#include "shm/stats.h"

/* ---- accept ---- */

/* Counts the client, and refuses it when there are too many. */
static bool
admit(struct session *session, struct hl_ctx *ctx)
{
	const struct limits *limits = session->limits;
	struct shm *shm = session->server->options.shm;
	struct shm_key key = shm_key_of(
	    &session->conv.facts.peer, (unsigned)limits->client_prefix);
	const char *text = NULL;

	session->peer_ref = shm_peer_add(shm, &key);
	if (limits->max_connections > 0 &&
	    shm_peer_total(shm) > (unsigned)limits->max_connections)
		text = "Too many connections, try again later";
	else if (limits->max_per_client > 0 &&
		 shm_peer_count(shm, &key) > (unsigned)limits->max_per_client)
		text = "Too many connections from you, try again later";
	if (text == NULL)
		return true;
	session->skip_hooks = true;
	reply_refuse(session, ctx, HOOK_PRE_CONNECTION, 421, NULL, text);
	session_finish(session, END_QUIT);
	return false;
}

static void
greet(struct session *session, struct hl_ctx *ctx)
{
	hl_str text = session->limits->greeting;

	if (text.n == 0)
		text = arena_printf(ctx->arena,
		    "%.*s ESMTP hookline " HOOKLINE_VERSION " ready",
		    STR(session->conv.me));
	else if (strcasestr(text.p, "ESMTP") == NULL)
		text = arena_printf(ctx->arena, "%s ESMTP", text.p);
	reply_send(session, ctx, 220, STR_EMPTY, text);
}

static void
resolve(struct session *session, struct hl_ctx *ctx)
{
	struct conf_list *list;

	session->limits = limits_get(ctx, &session->listener->limits);
	session->conv.me =
	    arena_str(&session->conv.arena, slice_str(session->limits->me));
	session->conv.arena.cap = (size_t)session->limits->max_session_memory;
	session->conv.account.cap = (size_t)session->limits->max_notes;
	list = hook_config(ctx, STR_LIT("bare_lf_exclude"));
	session->bare_lf_excluded =
	    conf_list_has_ip(list, &session->conv.facts.peer);
	conf_list_unref(&list);
}

static void
step_accept(struct session *session, struct hl_ctx *ctx)
{
	struct outcome outcome;

	resolve(session, ctx);
	if (!admit(session, ctx))
		return;
	if (session->limits->rdns)
		peer_name_start(session->server->engine, &session->conv);
	hook_run(ctx, HOOK_PRE_CONNECTION, NULL, &outcome);
	if (outcome.fate == FATE_CLOSE) {
		session->skip_hooks = true;
		(void)reply_outcome(session, ctx, &outcome);
		return;
	}
	hook_run(ctx, HOOK_CONNECT, NULL, &outcome);
	if (outcome.fate == FATE_KEEP && !outcome.answered)
		greet(session, ctx);
	else
		(void)reply_outcome(session, ctx, &outcome);
}

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
	reply_text(
	    session, ctx, 421, "4.3.2", "Service closing, try again later");
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

/* False: no whole line yet. */
static bool
step_command(struct session *session, struct hl_ctx *ctx)
{
	struct slice line;
	size_t used;

	switch (smtp_line_next(&session->line, input_peek(session),
	    (size_t)session->limits->max_line, session_bare_lf(session), &line,
	    &used)) {
	case SMTP_LINE_MORE:
		input_take(session, used);
		return false;
	case SMTP_LINE_DONE:
		/* Copied before anything may park: the bytes are borrowed. */
		line = slice_str(arena_str(ctx->arena, line));
		input_take(session, used);
		dispatch(session, ctx, line);
		break;
	case SMTP_LINE_TOO_LONG:
		input_take(session, used);
		reply_refuse(session, ctx, HOOK_UNRECOGNIZED_COMMAND, 500,
		    "5.5.2", "Line too long");
		check_errors(session, ctx);
		break;
	case SMTP_LINE_BAD:
		input_take(session, used);
		line_is_bad(session, ctx);
		break;
	}
	return true;
}

static void
check_memory(struct session *session, struct hl_ctx *ctx)
{
	if (!arena_is_over(&session->conv.arena) &&
	    !session->conv.account.over && !arena_is_over(ctx->arena))
		return;
	reply_refuse(session, ctx, HOOK_UNRECOGNIZED_COMMAND, 421, "4.3.1",
	    "Session needs too much memory");
	session_finish(session, END_QUIT);
}

static bool
step_events(struct session *session, struct hl_ctx *ctx)
{
	if ((session->events & EVENT_ACCEPT) != 0) {
		session->events &= (uint8_t)~EVENT_ACCEPT;
		step_accept(session, ctx);
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
	if (step_events(session, ctx))
		return true;
	if (stream_queued(session->stream) > OUT_MAX)
		return wait_for_reader(session);
	if (session->data != NULL)
		return data_feed(session, ctx);
	return input_peek(session).n > 0 && step_command(session, ctx);
}

void
session_run(struct session *session, struct hl_ctx *ctx)
{
	while (session->end == END_NOT) {
		bool did;

		if (session->gone) {
			session_finish(session, END_GONE);
			break;
		}
		did = step(session, ctx);
		if (session->end == END_NOT)
			check_memory(session, ctx);
		arena_reset(ctx->arena);
		if (session->out.n > OUT_MAX)
			session_flush(session);
		if (did)
			continue;
		if (!session->eof)
			return;
		session_finish(session, END_EOF);
	}
	session_close(session, ctx);
	arena_reset(ctx->arena);
}
