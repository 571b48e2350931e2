/* SPDX-License-Identifier: MIT */
/* rcpt_regexp.c - decides on recipients by config/rcpt_regexp.
 *
 * A line is a recipient's address, or a Perl regular expression between
 * slashes, then a verdict and perhaps a text for the client; the first line
 * that fits decides:
 *
 *	me@example.org		OK
 *	/^user\d+@example\.in$/	OK
 *	info@example.com	DENY		User not found.
 *	/^.*$/			DECLINED	see the next plugin
 */
#include <hookline/policy.h>

static enum hl_verdict
on_rcpt(struct hl_ctx *ctx, const struct hl_addr *to)
{
	const struct hl_list *list = hl_config_list(ctx, "rcpt_regexp");
	hl_str local = hl_addr_local(to), host = hl_addr_host(to);
	long at;

	if (local.n == 0 || host.n == 0)
		return HL_DECLINED;
	at = hl_list_match_as(list, HL_PATTERNS_SLASHED,
	    hl_printf(ctx, "%s@%s", local.p, host.p), NULL);
	if (at < 0)
		return HL_DECLINED;
	hl_log(ctx, HL_LOG_DEBUG, "%s decides",
	    hl_list_where(ctx, list, (size_t)at).p);
	return hl_list_answer(ctx, "rcpt_regexp", list, (size_t)at, NULL, NULL);
}

static int
on_load(struct hl_ctx *ctx)
{
	hl_list_check_answers(
	    ctx, "rcpt_regexp", hl_config_list(ctx, "rcpt_regexp"));
	return 0;
}

static const char *const files[] = { "rcpt_regexp slashed-patterns", NULL };

static const struct hl_plugin plugin = {
	.name = "rcpt_regexp",
	.about = "accept and refuse recipients by config/rcpt_regexp",
	.files = files,
	.load = on_load,
	.rcpt = on_rcpt,
};
HL_PLUGIN(plugin);
