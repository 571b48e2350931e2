/* SPDX-License-Identifier: MIT */
/* helo.c - checks the name that a client gives itself with HELO or EHLO.
 *
 *	helo [policy lenient|rfc|strict] [timeout SECONDS] [reject 0|1|naughty]
 *	     [reject_type disconnect|perm|temp|...]
 *
 * Each policy makes the checks of those before it, too; the first that fails
 * decides:
 *
 *	lenient	the name is in config/badhelo; it is "localhost", but comes
 *		from elsewhere; it is somebody else's address in brackets, or
 *		an address without them
 *	rfc	it has no dot, or characters that are in no name; it has no
 *		address; the client's address has no name
 *	strict	it is an address in brackets; neither has the name the client's
 *		address nor the address that name (the notes
 *		helo_forward_match and helo_reverse_match of the connection)
 *
 * A line of config/badhelo is a name, or a Perl regular expression (it has one
 * of { } [ ] ( ) ^ $ | * + ? \ ! in it; with ! in front what does not fit is
 * bad).  Immune clients pass.  The message gets the name as X-HELO.
 *
 * RFC 5321, 4.1.4, forbids to refuse mail because name and address do not
 * match, as `strict` does; with `reject 0` it is only logged.
 */
#include <string.h>
#include <strings.h>

#include <hookline/policy.h>

enum policy { LENIENT, RFC, STRICT };

struct args {
	struct hl_reject reject;
	uint64_t timeout_ms;
	unsigned policy;
};

struct look {
	hl_str host, literal; /* what is in brackets; "" no literal */
	struct hl_dns_ask *a, *aaaa, *ptr;
	bool is_for_now; /* a refusal is not for good */
};

/* ---- what the name alone tells; all return a text, or NULL --------------- */

static const char *
in_badhelo(struct hl_ctx *ctx, struct look *look)
{
	const struct hl_list *list = hl_config_list(ctx, "badhelo");
	long at = hl_list_match_as(list, HL_PATTERNS_NAMES, look->host, NULL);

	if (at < 0)
		return NULL;
	hl_log(ctx, HL_LOG_INFO, "fail, in badhelo (%s)",
	    hl_list_at(list, (size_t)at).p);
	if (strcasecmp(hl_list_at(list, (size_t)at).p, look->host.p) != 0)
		return "Your HELO hostname is not allowed";
	return hl_printf(ctx, "I do not believe you are %s.", look->host.p).p;
}

static const char *
false_localhost(struct hl_ctx *ctx, struct look *look)
{
	hl_str ip = hl_peer_ip(ctx);

	if (strcasecmp(look->host.p, "localhost") != 0 ||
	    strcmp(ip.p, "127.0.0.1") == 0 || strcmp(ip.p, "::1") == 0)
		return NULL;
	return "You are not localhost";
}

static const char *
forged_literal(struct hl_ctx *ctx, struct look *look)
{
	if (look->literal.n == 0 ||
	    hl_ip_compare(look->literal, hl_peer_ip(ctx)) == HL_IP_SAME)
		return NULL;
	return "Forged IPs not accepted here";
}

/* "192.0.2.1": four numbers of one to three digits. */
static bool
is_dotted(hl_str text)
{
	const char *p = text.p;

	for (int i = 0; i < 4; i++) {
		size_t n = strspn(p, "0123456789");

		if (n < 1 || n > 3 || p[n] != (i < 3 ? '.' : '\0'))
			return false;
		p += n + 1;
	}
	return true;
}

static const char *
plain_ip(struct hl_ctx *ctx, struct look *look)
{
	(void)ctx;
	return is_dotted(look->host)
		   ? "Plain IP is invalid HELO hostname (RFC 2821)"
		   : NULL;
}

static const char *
no_fqdn(struct hl_ctx *ctx, struct look *look)
{
	(void)ctx;
	if (look->literal.n > 0)
		return NULL;
	if (strchr(look->host.p, '.') == NULL)
		return "HELO name is not fully qualified. Read RFC 2821";
	if (strspn(look->host.p, "abcdefghijklmnopqrstuvwxyz"
				 "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				 "0123456789-.") != look->host.n)
		return "HELO name contains invalid FQDN characters. "
		       "Read RFC 1035";
	return NULL;
}

static const char *
a_literal(struct hl_ctx *ctx, struct look *look)
{
	(void)ctx;
	return look->literal.n > 0
		   ? "RFC 2821 allows an address literal, but we do not"
		   : NULL;
}

/* ---- what the DNS tells --------------------------------------------------- */

static void
note_match(struct hl_ctx *ctx, const char *name)
{
	(void)hl_note_set_int(ctx, HL_CONNECTION, hl_text(name), 1);
}

/* All questions take the time of one. */
static void
start(struct hl_ctx *ctx, struct look *look)
{
	const struct args *args = hl_args(ctx);
	hl_str reverse = hl_dns_reverse(ctx, hl_peer_ip(ctx), HL_STR(""));

	hl_dns_budget(ctx, args->timeout_ms);
	if (look->literal.n == 0) {
		look->a = hl_dns_start(ctx, look->host, HL_DNS_A);
		look->aaaa = hl_dns_start(ctx, look->host, HL_DNS_AAAA);
	}
	if (reverse.n > 0)
		look->ptr = hl_dns_start(ctx, reverse, HL_DNS_PTR);
}

/* Is one of the addresses the client's, or near it? */
static void
match_forward(struct hl_ctx *ctx, const struct hl_dns *addrs)
{
	for (size_t i = 0; i < hl_dns_count(addrs); i++) {
		if (hl_ip_compare(hl_dns_text(addrs, i), hl_peer_ip(ctx)) !=
		    HL_IP_OTHER)
			note_match(ctx, "helo_forward_match");
	}
}

static const char *
no_forward(struct hl_ctx *ctx, struct look *look)
{
	const struct hl_dns *a, *aaaa;
	int count_a, count_aaaa;

	start(ctx, look);
	if (look->literal.n > 0)
		return NULL;
	count_a = hl_dns_wait(ctx, look->a, 0, &a);
	count_aaaa = hl_dns_wait(ctx, look->aaaa, 0, &aaaa);
	if (count_a > 0)
		match_forward(ctx, a);
	if (count_aaaa > 0)
		match_forward(ctx, aaaa);
	if (count_a > 0 || count_aaaa > 0)
		return NULL;
	if (count_a < 0 || count_aaaa < 0) {
		hl_log(ctx, HL_LOG_ERROR,
		    "skip, query failed (the DNS does not answer)");
		return NULL;
	}
	return hl_dns_name_exists(a) ? "HELO hostname did not resolve"
				     : "HELO hostname does not exist";
}

/* From the last but one label on, without a dot at the end. */
static hl_str
last_labels(struct hl_ctx *ctx, hl_str name)
{
	size_t n = name.n, dots = 0, from;

	if (n > 0 && name.p[n - 1] == '.')
		n--;
	for (from = n; from > 0; from--) {
		if (name.p[from - 1] == '.' && ++dots == 2)
			break;
	}
	return hl_printf(ctx, "%.*s", (int)(n - from), name.p + from);
}

static void
match_reverse(struct hl_ctx *ctx, struct look *look, hl_str name)
{
	hl_str domain = last_labels(ctx, name);

	if (strchr(domain.p, '.') != NULL &&
	    strcasecmp(domain.p, last_labels(ctx, look->host).p) == 0)
		note_match(ctx, "helo_reverse_match");
}

static const char *
no_reverse(struct hl_ctx *ctx, struct look *look)
{
	const char *ip = hl_peer_ip(ctx).p;
	const struct hl_dns *names;
	int count;

	if (look->ptr == NULL) /* a proxy has not said where it is */
		return NULL;
	count = hl_dns_wait(ctx, look->ptr, 0, &names);
	for (size_t i = 0; count > 0 && i < hl_dns_count(names); i++)
		match_reverse(ctx, look, hl_dns_text(names, i));
	if (count > 0)
		return NULL;
	look->is_for_now = count < 0;
	return hl_printf(ctx, "%s %s",
	    count < 0                   ? "error getting reverse DNS for"
	    : hl_dns_name_exists(names) ? "no reverse DNS for"
					: "no rDNS for",
	    ip)
	    .p;
}

static const char *
no_match(struct hl_ctx *ctx, struct look *look)
{
	bool forward =
	    hl_note_has(ctx, HL_CONNECTION, HL_STR("helo_forward_match"));
	bool reverse =
	    hl_note_has(ctx, HL_CONNECTION, HL_STR("helo_reverse_match"));

	(void)look;
	if (forward && reverse)
		hl_karma(ctx, 1);
	return forward || reverse ? NULL : "That HELO hostname fails FCrDNS";
}

/* ---- the checks ------------------------------------------------------------ */

static const struct {
	const char *(*fn)(struct hl_ctx *ctx, struct look *look);
	enum policy policy; /* from this on */
} checks[] = {
	{ in_badhelo, LENIENT },
	{ false_localhost, LENIENT },
	{ forged_literal, LENIENT },
	{ plain_ip, LENIENT },
	{ no_fqdn, RFC },
	{ no_forward, RFC },
	{ no_reverse, RFC },
	{ a_literal, STRICT },
	{ no_match, STRICT },
};

/* "[192.0.2.1]", "[IPv6:2001:db8::1]": what is in the brackets, or "". */
static hl_str
literal_of(struct hl_ctx *ctx, hl_str host)
{
	const char *tag = "[IPv6:";
	size_t skip =
	    strncasecmp(host.p, tag, strlen(tag)) == 0 ? strlen(tag) : 1;
	hl_str ip;

	if (host.n < skip + 2 || host.p[0] != '[' || host.p[host.n - 1] != ']')
		return HL_STR("");
	ip = hl_printf(ctx, "%.*s", (int)(host.n - skip - 1), host.p + skip);
	return skip > 1 || is_dotted(ip) ? ip : HL_STR("");
}

static enum hl_verdict
refuse(struct hl_ctx *ctx, const struct look *look, const char *text)
{
	const struct args *args = hl_args(ctx);
	struct hl_reject how = args->reject;

	if (look->is_for_now)
		how.how = how.how == HL_REJECT_DISCONNECT
			      ? HL_REJECT_TEMP_DISCONNECT
			      : HL_REJECT_TEMP;
	hl_karma(ctx, -1);
	return hl_reject(ctx, &how, NULL, "%s", text);
}

static enum hl_verdict
on_helo(struct hl_ctx *ctx, hl_str host, hl_str rest)
{
	const struct args *args = hl_args(ctx);
	struct look look = { .host = host };

	(void)rest;
	if (host.n == 0) {
		hl_log(ctx, HL_LOG_INFO, "fail, tolerated, no helo host");
		hl_karma(ctx, -2);
		return HL_DECLINED;
	}
	if (hl_is_immune(ctx))
		return HL_DECLINED;
	look.literal = literal_of(ctx, host);
	for (size_t i = 0; i < sizeof(checks) / sizeof(checks[0]); i++) {
		const char *text = NULL;

		if ((unsigned)checks[i].policy <= args->policy)
			text = checks[i].fn(ctx, &look);
		if (text != NULL)
			return refuse(ctx, &look, text);
	}
	hl_log(ctx, HL_LOG_INFO, "pass");
	return HL_DECLINED;
}

static enum hl_verdict
on_data_post(struct hl_ctx *ctx)
{
	(void)hl_header_delete(ctx, HL_STR("X-HELO"), SIZE_MAX);
	(void)hl_header_add_top(ctx, HL_STR("X-HELO"), hl_helo(ctx));
	return HL_DECLINED;
}

static const char *const files[] = { "badhelo name-patterns", NULL };

static const struct hl_arg args[] = {
	{ "policy", "which checks it makes", .def = "lenient",
	    .choices = "lenient|rfc|strict",
	    .offset = offsetof(struct args, policy), .type = HL_ARG_CHOICE },
	{ "timeout", "for the questions to the DNS, all at once", .def = "5",
	    .offset = offsetof(struct args, timeout_ms),
	    .type = HL_ARG_SECONDS },
	{ "dns_timeout", "the same",
	    .offset = offsetof(struct args, timeout_ms),
	    .type = HL_ARG_SECONDS },
	{ "reject", "0: let it pass; naughty: the plugin naughty does",
	    .def = "1", .choices = "0|1|naughty",
	    .offset = offsetof(struct args, reject.when),
	    .type = HL_ARG_CHOICE },
	{ "reject_type", "how it refuses", .def = "disconnect",
	    .choices = HL_REJECT_TYPES,
	    .offset = offsetof(struct args, reject.how),
	    .type = HL_ARG_CHOICE },
	{ .name = NULL },
};

static const struct hl_plugin plugin = {
	.name = "helo",
	.about = "check the name that a client gives itself",
	.args = args,
	.args_size = sizeof(struct args),
	.files = files,
	.ehlo = on_helo,
	.helo = on_helo,
	.data_post = on_data_post,
};
HL_PLUGIN(plugin);
