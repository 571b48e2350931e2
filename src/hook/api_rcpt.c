/* SPDX-License-Identifier: MIT */
/* api_rcpt.c - plugin.h: the recipients of a message. */
#include <errno.h>

#include "base/err.h"
#include "conf/conf_value.h"
#include "run.h"
#include "smtp/path.h"

/* Those whom an earlier plugin of this chain has decided, or an earlier hook
 * has refused, are not the next one's business (docs/hooks.md, "Single
 * recipients"). */
static bool
some_are_hidden(const struct hl_ctx *ctx)
{
	return ctx->txn->some_decided &&
	       (ctx->frame->hook == HOOK_QUEUE ||
		   ctx->frame->hook == HOOK_QUEUE_PRE ||
		   ctx->frame->hook == HOOK_DATA_POST);
}

size_t
hl_rcpt_count(const struct hl_ctx *ctx)
{
	ctx_check(ctx);
	if (ctx->txn == NULL)
		return 0;
	return some_are_hidden(ctx) ? ctx->txn->open_count
				    : ctx->txn->rcpt_count;
}

struct hl_rcpt *
hl_rcpt_at(const struct hl_ctx *ctx, size_t index)
{
	ctx_check(ctx);
	if (ctx->txn == NULL)
		return NULL;
	return some_are_hidden(ctx) ? txn_rcpt_open_at(ctx->txn, index)
				    : txn_rcpt_at(ctx->txn, index);
}

const struct hl_addr *
hl_rcpt_addr(const struct hl_rcpt *rcpt)
{
	return rcpt->addr;
}

const struct hl_params *
hl_rcpt_params(const struct hl_rcpt *rcpt)
{
	return &rcpt->params;
}

int
hl_rcpt_add(struct hl_ctx *ctx, hl_str address)
{
	static const struct smtp_params none;
	struct smtp_path path;
	struct err err;

	ctx_check(ctx);
	if (ctx->txn == NULL)
		return -EINVAL;
	if (ctx->txn->read_only)
		return -EROFS;
	if (ctx->txn->rcpt_count >= (unsigned)conf_int(ctx->engine->conf,
					ctx->conv->facts.listener,
					CONF_MAX_RECIPIENTS))
		return -E2BIG;
	if (smtp_address_parse(&ctx->txn->arena, slice_str(address),
		SMTP_PATH_POSTMASTER | SMTP_PATH_UTF8 | SMTP_PATH_UNDERSCORE,
		&path, &err) < 0 ||
	    (path.is_utf8 && !ctx->txn->smtputf8))
		return -EINVAL;
	(void)txn_rcpt_add(
	    ctx->txn, addr_from_path(&ctx->txn->arena, &path), &none);
	return 0;
}

int
hl_rcpt_remove(struct hl_ctx *ctx, struct hl_rcpt *rcpt)
{
	ctx_check(ctx);
	if (ctx->txn == NULL || rcpt == NULL)
		return -EINVAL;
	if (ctx->txn->read_only)
		return -EROFS;
	txn_rcpt_remove(ctx->txn, rcpt);
	return 0;
}

int
hl_rcpt_verdict(struct hl_ctx *ctx, struct hl_rcpt *rcpt,
    enum hl_verdict verdict, hl_str text)
{
	enum hook_column column = hook_column_of(verdict);

	ctx_check(ctx);
	if (ctx->txn == NULL || rcpt == NULL || rcpt->is_refused ||
	    ctx->frame->in_load ||
	    (ctx->frame->hook != HOOK_DATA_POST &&
		ctx->frame->hook != HOOK_QUEUE))
		return -EINVAL;
	if (column == COLUMN_COUNT || column == COLUMN_DONE)
		return -EINVAL;
	/* Disconnecting one recipient makes no sense. */
	if (verdict == HL_DENY_DISCONNECT)
		verdict = HL_DENY;
	if (verdict == HL_DENYSOFT_DISCONNECT)
		verdict = HL_DENYSOFT;
	rcpt->verdict = verdict;
	ctx->txn->some_named = true;
	rcpt->text = arena_str(&ctx->txn->arena, slice_str(text));
	rcpt->by = ctx->frame->plugin->name;
	return 0;
}

bool
hl_rcpt_replies(const struct hl_ctx *ctx)
{
	ctx_check(ctx);
	if (ctx->txn == NULL)
		return false;
	return ctx->conv->facts.lmtp
		   ? ctx->txn->given_count > 0
		   : ctx->txn->prdr && ctx->txn->given_count > 1;
}

enum hl_verdict
hl_rcpt_fate(const struct hl_rcpt *rcpt, hl_str *ret_text)
{
	if (rcpt == NULL || rcpt->verdict == 0)
		return HL_DECLINED;
	if (ret_text != NULL)
		*ret_text = rcpt->text;
	return (enum hl_verdict)rcpt->verdict;
}
