/* SPDX-License-Identifier: MIT */
/* cmd_auth.c - AUTH (RFC 4954 4): may it be asked now, and of which
 * mechanism.
 *
 *	AUTH SP sasl-mech [SP initial-response] *(SP) CRLF
 *	initial-response = base64 / "="
 */
#include "auth.h"
#include "base/mem.h"
#include "hook/lines.h"

/* Not now: answered, returns true. */
static bool
is_out_of_order(struct session *session, struct hl_ctx *ctx)
{
	const struct facts *facts = &session->conv.facts;
	const char *text = NULL;

	if (facts->helo.n == 0 || !facts->esmtp)
		text = "Say EHLO first";
	else if (facts->auth_user.n > 0)
		text = "Already authenticated";
	else if (session->conv.txn != NULL && session->conv.txn->sender != NULL)
		text = "Not inside a mail transaction";
	if (text != NULL)
		reply_refuse(session, ctx, HOOK_AUTH, 503, "5.5.1", text);
	return text != NULL;
}

static bool
is_forbidden(struct session *session, struct hl_ctx *ctx)
{
	if (auth_needs_tls(session)) {
		reply_refuse(session, ctx, HOOK_AUTH, 503, "5.7.11",
		    "Encryption needed before AUTH");
		return true;
	}
	return auth_is_locked(session, ctx);
}

struct request {
	struct slice mechanism;
	struct slice initial; /* p NULL: none */
};

/* The parse hook, else two words.  False: refused and answered. */
static bool
parse(struct session *session, struct hl_ctx *ctx, struct slice rest,
    struct request *ret)
{
	struct hl_parsed parsed = { .arena = ctx->arena };
	struct hook_args args = { .a = arena_str(ctx->arena, rest),
		.ret = &parsed };
	struct outcome outcome;

	*ret = (struct request){ SLICE_LIT(""), SLICE_NONE };
	hook_run(ctx, HOOK_AUTH_PARSE, &args, &outcome);
	if (outcome.fate == FATE_REPLY)
		return reply_outcome(session, ctx, &outcome);
	if (outcome.fate == FATE_DATA && parsed.is_set) {
		ret->mechanism = slice_str(parsed.what);
		if (parsed.count > 0)
			ret->initial = slice_str(parsed.params[0].value);
		return true;
	}
	ret->mechanism = slice_word(&rest);
	rest = slice_trim(rest);
	if (rest.n == 0)
		return true;
	ret->initial = slice_word(&rest);
	if (slice_trim(rest).n == 0)
		return true;
	reply_refuse(session, ctx, HOOK_AUTH, 501, "5.5.4",
	    "AUTH takes a mechanism and an initial response");
	return false;
}

static void
exchange(struct session *session, struct hl_ctx *ctx,
    const struct auth_mechanism *mechanism, struct slice initial)
{
	struct auth_exchange x = { .session = session,
		.ctx = ctx,
		.mechanism = mechanism,
		.initial = initial };

	x.shown.mechanism = str_of(mechanism->word);
	x.shown.user = x.shown.clear = x.shown.hash = STR_EMPTY;
	x.shown.ticket = x.shown.authzid = x.given.user = STR_EMPTY;
	session->auth = &x.shown;
	if (mechanism->show(&x)) {
		x.since = mono_now();
		if (x.outcome.code != 0 || mechanism->decide(&x))
			auth_finish(&x);
	}
	session->auth = NULL;
	secret_wipe(&x.given.keys, sizeof(x.given.keys));
}

void
cmd_auth(struct session *session, struct hl_ctx *ctx, struct slice rest)
{
	const struct auth_mechanism *mechanism;
	struct request request;

	session->has_secret = true;
	if (is_out_of_order(session, ctx) || is_forbidden(session, ctx) ||
	    !parse(session, ctx, rest, &request))
		return;
	mechanism = auth_find(session, request.mechanism);
	if (mechanism == NULL) {
		reply_refuse(session, ctx, HOOK_AUTH, 504, "5.5.4",
		    "Mechanism not offered");
		return;
	}
	exchange(session, ctx, mechanism, request.initial);
}
