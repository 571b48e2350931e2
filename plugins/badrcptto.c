/* SPDX-License-Identifier: MIT */
/* badrcptto.c - refuses recipients listed in config/badrcptto.
 *
 * A line is an address, `@domain`, or a Perl regular expression (it has one of
 * / ^ $ * + ! % ? \ in it), and behind a space the reason that the client is
 * given.  Immune clients may send to all of them.
 */
#include <hookline/policy.h>

static enum hl_verdict
on_rcpt(struct hl_ctx *ctx, const struct hl_addr *to)
{
	const struct hl_list *list = hl_config_list(ctx, "badrcptto");
	hl_str local = hl_addr_local(to), host = hl_addr_host(to), reason;

	if (hl_is_immune(ctx))
		return HL_DECLINED;
	if (hl_list_count(list) == 0 || host.n == 0) {
		hl_log(ctx, HL_LOG_DEBUG, "skip, nothing to compare");
		return HL_DECLINED;
	}
	if (hl_list_match(
		list, hl_printf(ctx, "%s@%s", local.p, host.p), &reason) < 0) {
		hl_log(ctx, HL_LOG_DEBUG, "pass");
		return HL_DECLINED;
	}
	hl_karma(ctx, -2);
	if (reason.n == 0)
		reason = hl_printf(
		    ctx, "mail to %s not accepted here", hl_addr_text(to).p);
	return hl_deny(ctx, "5.1.1", "%s", reason.p);
}

static const char *const files[] = { "badrcptto patterns", NULL };

static const struct hl_plugin plugin = {
	.name = "badrcptto",
	.about = "refuse recipients listed in config/badrcptto",
	.files = files,
	.rcpt = on_rcpt,
};
HL_PLUGIN(plugin);
