/* SPDX-License-Identifier: MIT */
/* badmailfrom.c - refuses senders listed in config/badmailfrom.
 *
 *	badmailfrom [reject 0|1|naughty] [reject_type perm|temp|...]
 *
 * A line is an address, `@domain`, or a Perl regular expression (it has one of
 * / ^ $ * + ! % ? \ in it), and behind a space the reason that the client is
 * given.  The null sender and immune clients pass.
 */
#include <hookline/policy.h>

struct args {
	struct hl_reject reject;
};

static enum hl_verdict
on_mail(struct hl_ctx *ctx, const struct hl_addr *from)
{
	const struct args *args = hl_args(ctx);
	const struct hl_list *list = hl_config_list(ctx, "badmailfrom");
	hl_str local = hl_addr_local(from), host = hl_addr_host(from), reason;

	if (hl_is_immune(ctx))
		return HL_DECLINED;
	if (hl_list_count(list) == 0 || local.n == 0 || host.n == 0) {
		hl_log(ctx, HL_LOG_DEBUG, "skip, nothing to compare");
		return HL_DECLINED;
	}
	if (hl_list_match(
		list, hl_printf(ctx, "%s@%s", local.p, host.p), &reason) < 0) {
		hl_log(ctx, HL_LOG_DEBUG, "pass");
		return HL_DECLINED;
	}
	hl_karma(ctx, -1);
	if (reason.n == 0)
		reason =
		    HL_STR("Your envelope sender is in my badmailfrom list");
	return hl_reject(ctx, &args->reject, NULL, "%s", reason.p);
}

static const char *const files[] = { "badmailfrom patterns", NULL };

static const struct hl_arg args[] = {
	HL_REJECT_ARGS(struct args, reject),
	{ .name = NULL },
};

static const struct hl_plugin plugin = {
	.name = "badmailfrom",
	.about = "refuse senders listed in config/badmailfrom",
	.args = args,
	.args_size = sizeof(struct args),
	.files = files,
	.mail = on_mail,
};
HL_PLUGIN(plugin);
