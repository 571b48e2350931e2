/* SPDX-License-Identifier: MIT */
/* accept.c - who the client is, and whether it may talk: from the accepted
 * connection to the greeting; once more after XCLIENT. */
#include <string.h>

#include "conf/conf_list.h"
#include "hook/config.h"
#include "hook/peer_name.h"
#include "reply.h"
#include "server_private.h"
#include "session.h"
#include "shm/stats.h"

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

static bool
is_in(struct hl_ctx *ctx, hl_str key, const struct inet_addr *addr)
{
	struct conf_list *list = hook_config(ctx, key);
	bool yes = conf_list_has_ip(list, addr);

	conf_list_unref(&list);
	return yes;
}

static void
resolve(struct session *session, struct hl_ctx *ctx)
{
	session->limits = limits_get(ctx, &session->listener->limits);
	session->conv.me =
	    arena_str(&session->conv.arena, slice_str(session->limits->me));
	session->conv.arena.cap = (size_t)session->limits->max_session_memory;
	session->conv.account.cap = (size_t)session->limits->max_notes;
	session->bare_lf_excluded =
	    is_in(ctx, STR_LIT("bare_lf_exclude"), &session->conv.facts.peer);
}

void
session_accept(struct session *session, struct hl_ctx *ctx)
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
