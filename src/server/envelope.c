/* SPDX-License-Identifier: MIT */
/* envelope.c - the arguments of MAIL and RCPT.
 *
 *	*_parse hook -> else "FROM:" path params -> *_pre hook -> path
 * The pre hook sees the address text as sent and may give another, e.g. with
 * the brackets that a client forgot.
 *
 * Octets above 127 are parsed always, so that the client is told what is
 * wrong: that MAIL has to say SMTPUTF8 (RFC 6531), or that they are no UTF-8.
 */
#include <errno.h>

#include "base/err.h"
#include "base/idna.h"
#include "commands.h"
#include "hook/lines.h"
#include "smtp/params.h"
#include "smtp/path.h"
#include "smtputf8.h"

struct parts {
	hl_str path; /* as sent, with brackets if there were any */
	struct smtp_params params;
};

/* The text of the path: up to the '>' that closes it, or the first space
 * outside of quotes. */
static struct slice
path_text(struct slice *rest)
{
	bool quoted = false, bracket = rest->n > 0 && rest->p[0] == '<';
	struct slice text;
	size_t i;

	for (i = 0; i < rest->n; i++) {
		char c = rest->p[i];

		if (quoted && c == '\\' && i + 1 < rest->n)
			i++;
		else if (c == '"')
			quoted = !quoted;
		else if (!quoted && bracket && c == '>') {
			i++;
			break;
		} else if (!quoted && !bracket && ascii_is_space(c))
			break;
	}
	text = slice_head(*rest, i);
	*rest = slice_from(*rest, i);
	return text;
}

static int
refuse(struct session *session, struct hl_ctx *ctx,
    const struct envelope_kind *kind, unsigned code, const char *enhanced,
    const char *text)
{
	reply_refuse(session, ctx, kind->hook, code, enhanced, text);
	return -EINVAL;
}

static int
parse_builtin(struct session *session, struct hl_ctx *ctx,
    const struct envelope_kind *kind, struct slice rest, struct parts *ret)
{
	struct err err;
	struct slice after;
	int status;

	if (!smtp_command_prefix(rest, kind->prefix, &after))
		return refuse(session, ctx, kind, 501, "5.5.4",
		    "Syntax error in command");
	ret->path = arena_str(ctx->arena, path_text(&after));
	status = smtp_params_parse(
	    ctx->arena, after, SMTP_PARAMS_MAX, true, &ret->params, &err);
	if (status < 0)
		return refuse(session, ctx, kind, 501, "5.5.4", err.text);
	return 0;
}

static int
parse_parts(struct session *session, struct hl_ctx *ctx,
    const struct envelope_kind *kind, struct slice rest, struct parts *ret)
{
	struct hl_parsed *parsed;
	struct hook_args args = { 0 };
	struct outcome outcome;

	if (!hook_is_used(ctx, kind->parse))
		return parse_builtin(session, ctx, kind, rest, ret);
	parsed = arena_alloc(ctx->arena, sizeof(*parsed));
	parsed->arena = ctx->arena;
	args.a = arena_str(ctx->arena, rest);
	args.ret = parsed;
	hook_run(ctx, kind->parse, &args, &outcome);
	if (outcome.fate == FATE_REPLY) {
		(void)reply_outcome(session, ctx, &outcome);
		return -EINVAL;
	}
	if (outcome.fate != FATE_DATA || !parsed->is_set)
		return parse_builtin(session, ctx, kind, rest, ret);
	ret->path = parsed->what;
	if (ret->path.n == 0 || ret->path.p[0] != '<')
		ret->path =
		    arena_printf(ctx->arena, "<%.*s>", STR(parsed->what));
	ret->params.items = parsed->params;
	ret->params.count = parsed->count;
	return 0;
}

static void
run_pre(struct hl_ctx *ctx, enum hook_id pre, struct parts *parts,
    const struct hl_params *params)
{
	struct hl_out out = { .arena = ctx->arena };
	struct hook_args args = {
		.a = parts->path, .params = params, .ret = &out
	};
	struct outcome outcome;

	hook_run(ctx, pre, &args, &outcome);
	if (outcome.fate == FATE_DATA && out.is_set)
		parts->path = out.address;
}

/* RFC 6531 3.4: values hold UTF-8 in a transaction with SMTPUTF8 only. */
static bool
values_are_ascii(const struct smtp_params *params)
{
	for (size_t i = 0; i < params->count; i++) {
		if (!idna_is_ascii(slice_str(params->items[i].value)))
			return false;
	}
	return true;
}

static int
parse_path(struct session *session, struct hl_ctx *ctx,
    const struct envelope_kind *kind, hl_str text, struct smtp_path *ret)
{
	struct slice after;
	struct err err;

	if (text.n == 0 || text.p[0] != '<')
		return refuse(session, ctx, kind, 501, kind->bad_path,
		    "Syntax error: the address must stand in <brackets>");
	if (smtp_path_parse(ctx->arena, slice_str(text),
		kind->path_flags | SMTP_PATH_UTF8, ret, &after, &err) < 0)
		return refuse(
		    session, ctx, kind, 501, kind->bad_path, err.text);
	if (after.n > 0)
		return refuse(session, ctx, kind, 501, kind->bad_path,
		    "Syntax error behind the address");
	return 0;
}

int
envelope_parse(struct session *session, struct hl_ctx *ctx,
    const struct envelope_kind *kind, struct slice rest, struct envelope *ret)
{
	struct parts parts = { STR_EMPTY, { NULL, 0 } };
	struct smtp_path path;
	bool utf8;

	if (parse_parts(session, ctx, kind, rest, &parts) < 0)
		return -EINVAL;
	ret->params.list = parts.params;
	ctx->params = &ret->params;
	if (kind->hook == HOOK_MAIL)
		smtputf8_begin(session, &parts.params);
	utf8 = session->conv.txn != NULL && session->conv.txn->smtputf8;
	run_pre(ctx, kind->pre, &parts, &ret->params);
	if (parse_path(session, ctx, kind, parts.path, &path) < 0)
		return -EINVAL;
	if (path.is_utf8 && !utf8)
		return refuse(session, ctx, kind, kind->no_utf8, "5.6.7",
		    "Addresses outside of ASCII need SMTPUTF8 at MAIL");
	if (!utf8 && !values_are_ascii(&parts.params))
		return refuse(session, ctx, kind, 501, "5.5.4",
		    "Values outside of ASCII need SMTPUTF8 at MAIL");
	ret->addr = addr_from_path(ctx->arena, &path);
	return 0;
}
