/* SPDX-License-Identifier: MIT */
/* api_dsn.c - plugin.h: what the parameters of DSN say.
 *
 * They were checked when they came; what a *_parse hook made up may still be
 * no such value, and counts as absent.
 */
#include "ctx.h"
#include "smtp/dsn.h"

static hl_str
value_of(const struct hl_params *params, const char *key)
{
	const struct smtp_param *param = smtp_params_get(&params->list, key);

	return param != NULL ? param->value : STR_EMPTY;
}

hl_str
hl_dsn_ret(const struct hl_ctx *ctx)
{
	struct slice value = slice_str(value_of(hl_sender_params(ctx), "ret"));

	if (slice_caseeq_text(value, "FULL"))
		return STR_LIT("FULL");
	return slice_caseeq_text(value, "HDRS") ? STR_LIT("HDRS") : STR_EMPTY;
}

hl_str
hl_dsn_envid(struct hl_ctx *ctx)
{
	hl_str value = value_of(hl_sender_params(ctx), "envid"), envid;

	if (smtp_envid_parse(ctx->arena, slice_str(value), &envid, NULL) < 0)
		return STR_EMPTY;
	return envid;
}

unsigned
hl_dsn_notify(const struct hl_rcpt *rcpt)
{
	hl_str value = value_of(&rcpt->params, "notify");
	unsigned bits;

	return smtp_notify_parse(slice_str(value), &bits, NULL) == 0 ? bits : 0;
}

bool
hl_dsn_orcpt(struct hl_ctx *ctx, const struct hl_rcpt *rcpt, hl_str *ret_type,
    hl_str *ret_address)
{
	hl_str value = value_of(&rcpt->params, "orcpt");
	struct smtp_orcpt orcpt;

	ctx_check(ctx);
	if (smtp_orcpt_parse(ctx->arena, slice_str(value), &orcpt, NULL) < 0)
		return false;
	*ret_type = orcpt.type;
	*ret_address = orcpt.address;
	return true;
}
