/* SPDX-License-Identifier: MIT */
/* dont_require_anglebrackets.c - takes a@b.example for <a@b.example>.
 *
 * In MAIL and RCPT.  The client loses 2 points of karma each time.
 */
#include <hookline/policy.h>

static enum hl_verdict
add_brackets(struct hl_ctx *ctx, hl_str addr, struct hl_out *ret)
{
	if (addr.n >= 2 && addr.p[0] == '<' && addr.p[addr.n - 1] == '>')
		return HL_DECLINED;
	hl_karma(ctx, -2);
	hl_log(ctx, HL_LOG_DEBUG, "fail, added angle brackets");
	hl_out_set(ret, hl_printf(ctx, "<%s>", addr.p));
	return HL_OK;
}

static enum hl_verdict
on_mail_pre(struct hl_ctx *ctx, hl_str addr, const struct hl_params *params,
    struct hl_out *ret)
{
	(void)params;
	return add_brackets(ctx, addr, ret);
}

static enum hl_verdict
on_rcpt_pre(struct hl_ctx *ctx, hl_str addr, const struct hl_params *params,
    struct hl_out *ret)
{
	(void)params;
	return add_brackets(ctx, addr, ret);
}

static const struct hl_plugin plugin = {
	.name = "dont_require_anglebrackets",
	.about = "accept addresses in MAIL and RCPT without <>",
	.rcpt_pre = on_rcpt_pre,
	.mail_pre = on_mail_pre,
};
HL_PLUGIN(plugin);
