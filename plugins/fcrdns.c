/* SPDX-License-Identifier: MIT */
/* fcrdns.c - does the client's name lead back to its address?
 *
 *	fcrdns [timeout SECONDS] [total_timeout SECONDS]
 *	    [reject 0|1|naughty] [reject_type ...]
 *
 * The names that the client's address has (PTR) must have addresses, and one
 * of these must be the client's, or near it (the same /24, or /64).  What came
 * out stands in Authentication-Results as `iprev` (RFC 8601, section 3) and
 * changes the client's karma; as with qpsmtpd nobody is refused here, whatever
 * `reject` says.
 */
#include <string.h>

#include <hookline/policy.h>

#define NAMES_MAX 10 /* that are looked up (RFC 7208, 4.6.4) */

struct args {
	uint64_t timeout_ms, total_timeout_ms;
	struct hl_reject reject;
};

/* As hl_dns_query. */
static int
ask(struct hl_ctx *ctx, hl_str name, enum hl_dns_type type,
    const struct hl_dns **ret)
{
	const struct args *args = hl_args(ctx);

	return hl_dns_wait(
	    ctx, hl_dns_start(ctx, name, type), args->timeout_ms, ret);
}

static enum hl_verdict
tell(struct hl_ctx *ctx, const char *iprev, int karma, const char *text)
{
	hl_auth_results_add(ctx, hl_printf(ctx, "iprev=%s", iprev));
	if (karma != 0)
		hl_karma(ctx, karma);
	hl_log(ctx, HL_LOG_INFO, "%s", text);
	return HL_DECLINED;
}

/* Is one of these addresses the client's?  Then it has been told. */
static bool
leads_back(struct hl_ctx *ctx, const struct hl_dns *addrs)
{
	for (size_t i = 0; i < hl_dns_count(addrs); i++) {
		enum hl_ip_match match =
		    hl_ip_compare(hl_peer_ip(ctx), hl_dns_text(addrs, i));

		if (match == HL_IP_SAME)
			return tell(ctx, "pass", 1, "pass"), true;
		if (match == HL_IP_NEAR)
			return tell(ctx, "pass", 0, "pass, network match"),
			       true;
	}
	return false;
}

/* The first name that has addresses decides. */
static enum hl_verdict
look_forward(struct hl_ctx *ctx, const struct hl_dns *names)
{
	bool is_v6 = strchr(hl_peer_ip(ctx).p, ':') != NULL, failed = false;
	const struct hl_dns *addrs;

	for (size_t i = 0; i < hl_dns_count(names) && i < NAMES_MAX; i++) {
		int count = ask(ctx, hl_dns_text(names, i),
		    is_v6 ? HL_DNS_AAAA : HL_DNS_A, &addrs);

		if (count > 0)
			return leads_back(ctx, addrs)
				   ? HL_DECLINED
				   : tell(ctx, "fail", 0,
					 "fail, the name has another address");
		failed = failed || count < 0;
	}
	if (failed)
		return tell(
		    ctx, "temperror", 0, "fail, the DNS does not answer");
	return tell(ctx, "fail", -1, "fail, no PTR hosts have forward DNS");
}

/* NULL: none, and it has been told. */
static const struct hl_dns *
look_back(struct hl_ctx *ctx)
{
	hl_str name = hl_dns_reverse(ctx, hl_peer_ip(ctx), hl_text(""));
	const struct hl_dns *names;
	int count;

	if (name.n == 0) /* "unknown": a proxy has not said it */
		return NULL;
	count = ask(ctx, name, HL_DNS_PTR, &names);
	if (count > 0)
		return names;
	if (count < 0)
		(void)tell(ctx, "temperror", 0,
		    "fail, error getting rDNS: the DNS does not answer");
	else
		(void)tell(ctx, "permerror", hl_dns_name_exists(names) ? 0 : -1,
		    "fail, no rDNS");
	return NULL;
}

/* What the address's name looks like; false, and told, when it is no name. */
static bool
is_name(struct hl_ctx *ctx)
{
	hl_str name = hl_peer_name(ctx), ip = hl_peer_ip(ctx);
	const char *fault = NULL;

	if (name.p[0] == '[' || strcmp(name.p, "Unknown") == 0)
		return true;
	if (strcmp(name.p, "localhost") == 0 &&
	    (strncmp(ip.p, "127.", 4) == 0 || strcmp(ip.p, "::1") == 0))
		return true;
	if (strchr(name.p, '.') == NULL)
		fault = "fail, not FQDN";
	else if (strspn(name.p, "abcdefghijklmnopqrstuvwxyz"
				"ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				"0123456789-.") != name.n)
		fault = "fail, invalid FQDN chars";
	if (fault == NULL)
		return true;
	hl_karma(ctx, -1);
	hl_log(ctx, HL_LOG_INFO, "%s", fault);
	return false;
}

static enum hl_verdict
on_connect(struct hl_ctx *ctx)
{
	const struct args *args = hl_args(ctx);
	const struct hl_dns *names;

	hl_dns_budget(ctx, args->total_timeout_ms);
	if (hl_is_immune(ctx) || !is_name(ctx))
		return HL_DECLINED;
	names = look_back(ctx);
	return names != NULL ? look_forward(ctx, names) : HL_DECLINED;
}

static const struct hl_arg args[] = {
	HL_REJECT_ARGS_DEFAULT(struct args, reject, "0"),
	{ "timeout", "for each question", .def = "5",
	    .offset = offsetof(struct args, timeout_ms),
	    .type = HL_ARG_SECONDS },
	{ "total_timeout", "for all questions about a client", .def = "20",
	    .offset = offsetof(struct args, total_timeout_ms),
	    .type = HL_ARG_SECONDS },
	{ .name = NULL },
};

static const struct hl_plugin plugin = {
	.name = "fcrdns",
	.about = "look whether the client's name leads back to its address",
	.args = args,
	.args_size = sizeof(struct args),
	.connect = on_connect,
};
HL_PLUGIN(plugin);
