/* SPDX-License-Identifier: MIT */
/* dnsbl.c - refuses clients whose address is in a list of the DNS.
 *
 *	dnsbl [reject 0|1|naughty|connect] [reject_type perm|temp|...]
 *	      [timeout 20]
 *
 *	config/dnsbl_zones	"bl.example": the client is told what the zone
 *				says (TXT), or "bl.example:words", where %IP%
 *				is its address
 *	config/dnsbl_allow	addresses, or their beginnings ("192.0.2."),
 *				that are not looked up
 *	config/dnsbl_rejectmsg	words in front of those of RBLSMTPD
 *
 * With the environment variable RBLSMTPD of the server nobody is looked up;
 * with `reject connect` all are refused with its text, unless that is empty.
 * With `reject naughty` mail to the postmaster passes: see plugins/naughty.
 * `dnsbl disconnect` is the old form of `reject_type disconnect`.
 */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include <hookline/policy.h>

struct args {
	struct hl_reject reject;
	uint64_t timeout_ms;
};

/* As a choice of `reject`: RBLSMTPD refuses, too. */
#define REJECT_CONNECT (HL_REJECT_NAUGHTY + 1)

static hl_str
with_ip(struct hl_ctx *ctx, const char *text)
{
	hl_str done = HL_STR(""), ip = hl_peer_ip(ctx);
	const char *at;

	while ((at = strstr(text, "%IP%")) != NULL) {
		done = hl_printf(
		    ctx, "%s%.*s%s", done.p, (int)(at - text), text, ip.p);
		text = at + strlen("%IP%");
	}
	return hl_printf(ctx, "%s%s", done.p, text);
}

static enum hl_verdict
refuse(struct hl_ctx *ctx, const char *before, hl_str text)
{
	const struct args *args = hl_args(ctx);
	struct hl_reject how = args->reject;

	if (how.when == REJECT_CONNECT)
		how.when = HL_REJECT_NOW;
	if (how.how == HL_REJECT_DEFAULT)
		how.how = HL_REJECT_PERM;
	return hl_reject(ctx, &how, NULL, "%s%s%s", before,
	    before[0] != '\0' ? " " : "", text.p);
}

/* A line is an address or its beginning, with or without the last dot. */
static bool
is_allowed(struct hl_ctx *ctx)
{
	const struct hl_list *list = hl_config_list(ctx, "dnsbl_allow");
	hl_str ip = hl_peer_ip(ctx);

	for (size_t n = ip.n; n > 0; n--) {
		if (n < ip.n && ip.p[n] != '.')
			continue;
		if (hl_list_has(list, hl_printf(ctx, "%.*s", (int)n, ip.p)) ||
		    hl_list_has(list, hl_printf(ctx, "%.*s.", (int)n, ip.p)))
			return true;
	}
	return false;
}

static enum hl_verdict
look_up(struct hl_ctx *ctx)
{
	const struct args *args = hl_args(ctx);
	struct hl_zones zones = {
		.file = "dnsbl_zones",
		.separator = ':',
		.timeout_ms = args->timeout_ms,
	};
	struct hl_listing found;

	if (hl_zones_find(ctx, &zones, hl_peer_ip(ctx), &found) <= 0) {
		hl_log(ctx, HL_LOG_DEBUG, "pass");
		return HL_DECLINED;
	}
	hl_karma(ctx, -1);
	return refuse(ctx, "",
	    found.message.n > 0 ? with_ip(ctx, found.message.p) : found.text);
}

static enum hl_verdict
on_connect(struct hl_ctx *ctx)
{
	const struct args *args = hl_args(ctx);
	const char *said = getenv("RBLSMTPD");

	if (said != NULL && said[0] != '\0' &&
	    args->reject.when == REJECT_CONNECT)
		return refuse(ctx, hl_config(ctx, "dnsbl_rejectmsg").p,
		    with_ip(ctx, said));
	if (hl_is_immune(ctx))
		return HL_DECLINED;
	if (said != NULL || is_allowed(ctx)) {
		hl_log(ctx, HL_LOG_DEBUG, "skip, %s",
		    said != NULL ? "RBLSMTPD is set" : "dnsbl_allow");
		return HL_DECLINED;
	}
	return look_up(ctx);
}

/* Who is listed can still tell the postmaster. */
static enum hl_verdict
on_rcpt(struct hl_ctx *ctx, const struct hl_addr *to)
{
	static const char *const special[] = { "postmaster", "abuse",
		"mailer-daemon", "root" };
	hl_str local = hl_addr_local(to);

	for (size_t i = 0; i < sizeof(special) / sizeof(special[0]); i++) {
		if (strcasecmp(local.p, special[i]) != 0)
			continue;
		(void)hl_note_delete(ctx, HL_CONNECTION, HL_STR("rejected"));
		if (hl_note_delete(ctx, HL_CONNECTION, HL_STR("naughty")))
			hl_log(ctx, HL_LOG_INFO,
			    "skip, %s may be written to by who is listed",
			    special[i]);
	}
	return HL_DECLINED;
}

static int
on_load(struct hl_ctx *ctx)
{
	if (getenv("RBLSMTPD") != NULL)
		hl_log(ctx, HL_LOG_WARN,
		    "RBLSMTPD is set: no client is looked up");
	return 0;
}

static const char *const files[] = { "dnsbl_zones", "dnsbl_allow",
	"dnsbl_rejectmsg", NULL };

static const struct hl_arg args[] = {
	{ .name = "reject",
	    .about = "0: let it pass; naughty: the plugin naughty does; "
		     "connect: as 1, and by RBLSMTPD",
	    .def = "1",
	    .choices = "0|1|naughty|connect",
	    .offset = offsetof(struct args, reject.when),
	    .type = HL_ARG_CHOICE },
	{ .name = "reject_type",
	    .about = "how it refuses",
	    .def = "perm",
	    .choices = HL_REJECT_TYPES,
	    .offset = offsetof(struct args, reject.how),
	    .type = HL_ARG_CHOICE },
	{ .name = "timeout",
	    .about = "how long the lists may take together",
	    .def = "20",
	    .offset = offsetof(struct args, timeout_ms),
	    .type = HL_ARG_SECONDS },
	HL_REJECT_TYPE_ALONE(struct args, reject),
	{ .name = NULL },
};

static const struct hl_plugin plugin = {
	.name = "dnsbl",
	.about = "refuse clients whose address is in a list of the DNS",
	.args = args,
	.args_size = sizeof(struct args),
	.files = files,
	.load = on_load,
	.connect = on_connect,
	.rcpt = on_rcpt,
};
HL_PLUGIN(plugin);
