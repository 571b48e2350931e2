/* SPDX-License-Identifier: MIT */
/* cmd_helo.c - HELO and EHLO (RFC 5321 4.1.1.1, 4.1.4); LHLO, which is the
 * EHLO of LMTP (RFC 2033 4.1). */
#include "base/mem.h"
#include "commands.h"
#include "ehlo.h"
#include "hook/lines.h"
#include "smtp/domain.h"

struct hello {
	hl_str host;
	hl_str rest;
};

/* The parse hook, else the first word.  False: refused and answered. */
static bool
parse_hello(struct session *session, struct hl_ctx *ctx, enum hook_id parse,
    struct slice rest, struct hello *ret)
{
	struct hl_parsed parsed = { .arena = ctx->arena };
	struct hook_args args = { .a = arena_str(ctx->arena, rest),
		.ret = &parsed };
	struct outcome outcome;

	hook_run(ctx, parse, &args, &outcome);
	if (outcome.fate == FATE_REPLY)
		return reply_outcome(session, ctx, &outcome);
	if (outcome.fate == FATE_DATA && parsed.is_set) {
		ret->host = parsed.what;
		ret->rest = STR_EMPTY;
		return true;
	}
	ret->host = arena_str(ctx->arena, slice_word(&rest));
	ret->rest = arena_str(ctx->arena, slice_trim(rest));
	return true;
}

/* What anybody may say: no control bytes, not endless.  What a *good* name is
 * is policy (plugin helo). */
static bool
host_is_sane(hl_str host)
{
	if (host.n == 0 || host.n > 255)
		return false;
	for (size_t i = 0; i < host.n; i++) {
		if ((unsigned char)host.p[i] <= ' ' || host.p[i] == 127)
			return false;
	}
	return true;
}

/* Accepted: the transaction is over, the name is kept. */
static void
accept_hello(
    struct session *session, struct hl_ctx *ctx, hl_str host, bool esmtp)
{
	struct facts *facts = &session->conv.facts;

	session_reset_txn(session, ctx);
	if (facts->helo.n > 0)
		mem_free((void *)(uintptr_t)facts->helo.p);
	facts->helo = (hl_str){ mem_dup(slice_str(host)), host.n };
	facts->esmtp = esmtp;
	facts->phase = HL_PHASE_HELO;
}

static hl_str
welcome(struct session *session, struct hl_ctx *ctx)
{
	return arena_printf(ctx->arena, "%s greets %.*s [%.*s]",
	    session->conv.me.p, STR(session->conv.facts.helo),
	    STR(session->conv.facts.peer_ip));
}

/* The EHLO list, with what the ehlo hook adds, then the hooks that edit it. */
static hl_str
capabilities(struct session *session, struct hl_ctx *ctx, struct slice more)
{
	struct outcome outcome;
	struct buf list = BUF_INIT;
	hl_str text;

	buf_add_slice(&list, slice_str(welcome(session, ctx)));
	ehlo_list(session, &list);
	ehlo_add_more(&list, more);
	session->conv.ehlo = &list;
	hook_run(ctx, HOOK_CAPABILITIES, NULL, &outcome);
	session->conv.ehlo = NULL;
	if (hook_is_used(ctx, HOOK_CAPABILITIES))
		ehlo_hide(session, &list);
	text = arena_str(ctx->arena, buf_slice(&list));
	buf_done(&list);
	return text;
}

static void
hello(
    struct session *session, struct hl_ctx *ctx, struct slice rest, bool esmtp)
{
	enum hook_id parse = esmtp ? HOOK_EHLO_PARSE : HOOK_HELO_PARSE;
	enum hook_id hook = esmtp ? HOOK_EHLO : HOOK_HELO;
	struct outcome outcome;
	struct hello said = { 0 };
	struct hook_args args = { 0 };
	struct buf more = BUF_INIT;

	if (!parse_hello(session, ctx, parse, rest, &said))
		return;
	if (!host_is_sane(said.host)) {
		reply_refuse(session, ctx, hook, 501, NULL,
		    session->conv.facts.lmtp
			? "LHLO needs a domain or an address literal"
		    : esmtp ? "EHLO needs a domain or an address literal"
			    : "HELO needs a domain or an address literal");
		return;
	}
	args.a = said.host;
	args.b = said.rest;
	session->conv.ehlo = esmtp ? &more : NULL;
	hook_run(ctx, hook, &args, &outcome);
	session->conv.ehlo = NULL;
	if (outcome.fate != FATE_KEEP || outcome.answered) {
		(void)reply_outcome(session, ctx, &outcome);
	} else {
		accept_hello(session, ctx, said.host, esmtp);
		reply_send(session, ctx, 250, STR_EMPTY,
		    esmtp ? capabilities(session, ctx, buf_slice(&more))
			  : welcome(session, ctx));
	}
	buf_done(&more);
}

/* "The LMTP protocol is identical to ... SMTP ... except as modified": "The
 * HELO and EHLO commands of ESMTP are replaced by the LHLO command." */
static bool
is_of_smtp(struct session *session, struct hl_ctx *ctx, enum hook_id hook)
{
	if (!session->conv.facts.lmtp)
		return true;
	reply_refuse(
	    session, ctx, hook, 500, "5.5.1", "This is LMTP, say LHLO");
	return false;
}

void
cmd_helo(struct session *session, struct hl_ctx *ctx, struct slice rest)
{
	if (is_of_smtp(session, ctx, HOOK_HELO))
		hello(session, ctx, rest, false);
}

void
cmd_ehlo(struct session *session, struct hl_ctx *ctx, struct slice rest)
{
	if (is_of_smtp(session, ctx, HOOK_EHLO))
		hello(session, ctx, rest, true);
}

void
cmd_lhlo(struct session *session, struct hl_ctx *ctx, struct slice rest)
{
	hello(session, ctx, rest, true);
}
