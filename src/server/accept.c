/* SPDX-License-Identifier: MIT */
/* accept.c - who the client is, and whether it may talk: from the accepted
 * connection to the greeting; once more after XCLIENT. */
#include <string.h>

#include "conf/conf_list.h"
#include "hook/config.h"
#include "hook/peer_key.h"
#include "hook/peer_name.h"
#include "reply.h"
#include "server_private.h"
#include "session.h"
#include "shm/stats.h"

/* Before an implicit handshake words cannot be read and are not sent: the
 * handshake would cost more than this client is worth now. */
static void
refuse_to_admit(struct session *session, struct hl_ctx *ctx, const char *text)
{
	struct decision decision = { .hook = HOOK_PRE_CONNECTION,
		.plugin = STR_LIT("core"),
		.code = 421,
		.enhanced = STR_EMPTY,
		.text = str_of(text) };

	if (session_can_speak(session))
		reply_decision(session, ctx, &decision);
	else
		decision_reject(session, ctx, &decision);
}

static void
refuse_early(struct session *session, struct hl_ctx *ctx, const char *text)
{
	session->skip_hooks = true;
	refuse_to_admit(session, ctx, text);
	session_finish(session, END_QUIT);
}

/* Has this client more connections than that? */
static bool
has_too_many(struct session *session, unsigned max)
{
	struct shm_key key =
	    peer_key(session->server->conf, &session->conv.facts);

	return shm_peer_count(session->server->options.shm, &key) > max;
}

static const char too_many_of_you[] =
    "Too many connections from you, try again later";

/* Refuses the client when there are too many.  Where a plugin has a say of
 * how many this client may have, it is asked first, within bounds. */
static bool
admit(struct session *session, struct hl_ctx *ctx)
{
	const struct limits *limits = session->limits;
	struct shm *shm = session->server->options.shm;
	unsigned max = (unsigned)limits->max_per_client;

	if (max > 0 && hook_is_used(ctx, HOOK_PRE_CONNECTION))
		max += HL_PEER_CONNECTIONS_EXTRA;
	if (limits->max_connections > 0 &&
	    shm_peer_total(shm) > (unsigned)limits->max_connections)
		refuse_early(
		    session, ctx, "Too many connections, try again later");
	else if (max > 0 && has_too_many(session, max))
		refuse_early(session, ctx, too_many_of_you);
	else
		return true;
	return false;
}

/* The same after pre-connection has said what it had to. */
static bool
admit_asked(struct session *session, struct hl_ctx *ctx)
{
	unsigned max = session->conv.connections_max;

	if (max == 0)
		max = (unsigned)session->limits->max_per_client;
	if (max == 0 || !hook_is_used(ctx, HOOK_PRE_CONNECTION) ||
	    !has_too_many(session, max))
		return true;
	refuse_early(session, ctx, too_many_of_you);
	return false;
}

static void
greet(struct session *session, struct hl_ctx *ctx)
{
	const char *proto = session->conv.facts.lmtp ? "LMTP" : "ESMTP";
	hl_str text = session->limits->greeting;

	if (text.n == 0)
		text = arena_printf(ctx->arena,
		    "%.*s %s hookline " HOOKLINE_VERSION " ready",
		    STR(session->conv.me), proto);
	else if (strcasestr(text.p, proto) == NULL)
		text = arena_printf(ctx->arena, "%s %s", text.p, proto);
	reply_send(session, ctx, 220, STR_EMPTY, text);
}

bool
session_is_in(struct hl_ctx *ctx, hl_str key, const struct inet_addr *addr)
{
	struct conf_list *list = hook_config(ctx, key);
	bool yes = conf_list_has_ip(list, addr);

	conf_list_unref(&list);
	return yes;
}

void
session_resolve(struct session *session, struct hl_ctx *ctx)
{
	limits_unref(&session->limits);
	session->limits = limits_get(ctx, &session->listener->limits);
	if (!str_eq(session->conv.me, session->limits->me))
		session->conv.me = arena_str(
		    &session->conv.arena, slice_str(session->limits->me));
	session->conv.arena.cap = (size_t)session->limits->max_session_memory;
	session->conv.account.cap = (size_t)session->limits->max_notes;
}

/* `proxy` and `pre-connection`.  False: refused and answered. */
static bool
run_hook(struct session *session, struct hl_ctx *ctx, enum hook_id hook,
    const struct hook_args *args)
{
	struct outcome outcome;

	hook_run(ctx, hook, args, &outcome);
	if (outcome.fate != FATE_CLOSE)
		return true;
	session->skip_hooks = true;
	(void)reply_outcome(session, ctx, &outcome);
	return false;
}

static bool
run_early_hooks(struct session *session, struct hl_ctx *ctx)
{
	struct hook_args args = { .object = session->conv.facts.proxy };

	return (args.object == NULL ||
		   run_hook(session, ctx, HOOK_PROXY, &args)) &&
	       run_hook(session, ctx, HOOK_PRE_CONNECTION, NULL);
}

void
session_greet(struct session *session, struct hl_ctx *ctx)
{
	const struct facts *facts = &session->conv.facts;
	struct outcome outcome;

	if (session->limits->rdns && facts->peer_name.p == NULL)
		peer_name_start(session->server->engine, &session->conv);
	session->conv.connections_max = 0;
	if (!run_early_hooks(session, ctx) || !admit_asked(session, ctx) ||
	    session_tls_refused(session, ctx))
		return;
	hook_run(ctx, HOOK_CONNECT, NULL, &outcome);
	session->relays_by_place =
	    facts->relay_client && facts->auth_user.n == 0;
	if (outcome.fate == FATE_KEEP && !outcome.answered)
		greet(session, ctx);
	else
		(void)reply_outcome(session, ctx, &outcome);
}

static void
look_up_lists(struct session *session, struct hl_ctx *ctx)
{
	session->bare_lf_excluded = session_is_in(
	    ctx, STR_LIT("bare_lf_exclude"), &session->conv.facts.peer);
}

void
session_welcome(struct session *session, struct hl_ctx *ctx)
{
	look_up_lists(session, ctx);
	if (admit(session, ctx))
		session_greet(session, ctx);
}

void
session_accept(struct session *session, struct hl_ctx *ctx)
{
	session_resolve(session, ctx);
	session->may_xclient = session_is_in(
	    ctx, STR_LIT("xclient_hosts"), &session->conv.facts.peer);
	if (!session->listener->tls) {
		session_welcome(session, ctx);
		return;
	}
	look_up_lists(session, ctx);
	if (!admit(session, ctx))
		return;
	session->skip_hooks = true; /* until the client can be heard */
	session->wants_tls = true;
}
