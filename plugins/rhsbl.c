/* SPDX-License-Identifier: MIT */
/* rhsbl.c - refuses senders whose domain is in a list of the DNS.
 *
 *	rhsbl [reject 0|1|naughty] [reject_type perm|temp|disconnect|...]
 *
 * A line of config/rhsbl_zones is a zone, and behind a space what the client
 * is told; a zone alone tells it itself, in a TXT record.  The null sender,
 * address literals and immune clients pass.  `rhsbl disconnect` is the old
 * form of `reject_type disconnect`.
 */
#include <hookline/policy.h>

struct args {
	struct hl_reject reject;
};

static const struct hl_zones zones = {
	.file = "rhsbl_zones",
	.separator = ' ',
};

static enum hl_verdict
on_mail(struct hl_ctx *ctx, const struct hl_addr *from)
{
	const struct args *args = hl_args(ctx);
	struct hl_reject how = args->reject;
	hl_str host = hl_addr_host_ascii(from);
	struct hl_listing found;

	if (hl_is_immune(ctx))
		return HL_DECLINED;
	if (host.n == 0 || host.p[0] == '[' ||
	    hl_zones_find(ctx, &zones, host, &found) <= 0) {
		hl_log(ctx, HL_LOG_DEBUG, "pass");
		return HL_DECLINED;
	}
	if (how.how == HL_REJECT_DEFAULT)
		how.how = HL_REJECT_PERM;
	/* qpsmtpd's words: it is the sender's domain that is listed. */
	return hl_reject(ctx, &how, NULL,
	    "Mail from HELO %s rejected because it %s", hl_helo(ctx).p,
	    found.message.n > 0 ? found.message.p : found.text.p);
}

static const char *const files[] = { "rhsbl_zones", NULL };

static const struct hl_arg args[] = {
	HL_REJECT_ARGS(struct args, reject),
	HL_REJECT_TYPE_ALONE(struct args, reject),
	{ .name = NULL },
};

static const struct hl_plugin plugin = {
	.name = "rhsbl",
	.about = "refuse senders whose domain is in a list of the DNS",
	.args = args,
	.args_size = sizeof(struct args),
	.files = files,
	.mail = on_mail,
};
HL_PLUGIN(plugin);
