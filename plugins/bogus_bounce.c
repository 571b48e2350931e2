/* SPDX-License-Identifier: MIT */
/* bogus_bounce.c - refuses bounces that cannot be any.
 *
 *	bogus_bounce [reject 0|1|naughty] [reject_type perm|temp|...]
 *
 * A message from the null sender has exactly one recipient, and no field
 * Return-Path but an empty one (RFC 3834, section 4).  By default what does not
 * hold is only logged.  An old `action denysoft`, or that word alone, stands
 * for `reject_type temp`.
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE /* strcasestr */
#endif
#include <string.h>

#include <hookline/policy.h>

struct args {
	struct hl_reject reject;
	hl_str action, word;
};

static enum hl_verdict
refuse(struct hl_ctx *ctx, const char *text)
{
	const struct args *args = hl_args(ctx);
	struct hl_reject how = args->reject;

	if (strcasestr(args->action.p, "soft") != NULL ||
	    strcasestr(args->word.p, "soft") != NULL)
		how.how = HL_REJECT_TEMP;
	return hl_reject(ctx, &how, NULL, "%s", text);
}

static enum hl_verdict
on_data_post(struct hl_ctx *ctx)
{
	const struct hl_addr *from = hl_sender(ctx);
	hl_str path = hl_header_get(ctx, HL_STR("Return-Path"), 0);

	if (from == NULL || !hl_addr_is_null(from)) {
		hl_log(ctx, HL_LOG_DEBUG, "pass, not a null sender");
		return HL_DECLINED;
	}
	if (hl_rcpt_count(ctx) != 1)
		return refuse(
		    ctx, "fail, this bounce message does not have 1 recipient");
	if (path.n > 0 && !(path.n == 2 && path.p[0] == '<'))
		return refuse(
		    ctx, "a bounce return path must be empty (RFC 3834)");
	hl_log(ctx, HL_LOG_DEBUG, "pass, single recipient, empty Return-Path");
	return HL_DECLINED;
}

static const struct hl_arg args[] = {
	HL_REJECT_ARGS_DEFAULT(struct args, reject, "0"),
	{ "action", "denysoft: as reject_type temp",
	    .offset = offsetof(struct args, action) },
	{ "word", "the same", .offset = offsetof(struct args, word),
	    .positional = true },
	{ .name = NULL },
};

static const struct hl_plugin plugin = {
	.name = "bogus_bounce",
	.about = "refuse bounces with several recipients or a Return-Path",
	.args = args,
	.args_size = sizeof(struct args),
	.data_post = on_data_post,
};
HL_PLUGIN(plugin);
