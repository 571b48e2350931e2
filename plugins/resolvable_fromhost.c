/* SPDX-License-Identifier: MIT */
/* resolvable_fromhost.c - refuses senders whose domain takes no mail.
 *
 *	resolvable_fromhost [reject 0|1|naughty] [reject_type temp|perm|...]
 *	    [timeout SECONDS]
 *
 * A domain is good when one of its MX has an address, or when it has none and
 * an address itself.  MX in the networks of config/invalid_resolvable_fromhost
 * do not count.  What was found is the transaction's note
 * `resolvable_fromhost`: mx, a, ip (an address literal), null (no sender), or
 * what is wrong; its domain is `resolvable_fromhost_host`.
 */
#include <errno.h>

#include <hookline/policy.h>

#define MX_MAX 10 /* that are looked up (RFC 7208, 4.6.4) */

struct args {
	struct hl_reject reject;
	uint64_t timeout_ms;
};

static void
note(struct hl_ctx *ctx, const char *text)
{
	(void)hl_note_set_text(
	    ctx, HL_TRANSACTION, HL_STR("resolvable_fromhost"), hl_text(text));
}

/* As hl_dns_query; what cannot be asked for has no records. */
static int
ask(struct hl_ctx *ctx, hl_str name, enum hl_dns_type type,
    const struct hl_dns **ret)
{
	int count = hl_dns_query(ctx, name, type, ret);

	return count == -EINVAL ? 0 : count == -ETIME ? -EAGAIN : count;
}

static bool
is_valid(struct hl_ctx *ctx, hl_str ip)
{
	return hl_list_find_ip(
		   hl_config_list(ctx, "invalid_resolvable_fromhost"), ip) < 0;
}

/* 1, 0, or the DNS's error. */
static int
mx_is_valid(struct hl_ctx *ctx, hl_str name)
{
	static const enum hl_dns_type types[] = { HL_DNS_A, HL_DNS_AAAA };
	const struct hl_dns *dns;

	if (hl_dns_reverse(ctx, name, hl_text("")).n > 0)
		return is_valid(ctx, name);
	for (size_t i = 0; i < 2; i++) {
		int count = ask(ctx, name, types[i], &dns);

		if (count < 0)
			return count;
		if (count > 0)
			return is_valid(ctx, hl_dns_text(dns, 0));
	}
	return 0;
}

/* 1 one leads somewhere, 0 there is none; -ENOENT none of them does; else the
 * DNS's error. */
static int
check_mx(struct hl_ctx *ctx, hl_str host)
{
	const struct hl_dns *dns;
	int count = ask(ctx, host, HL_DNS_MX, &dns), fault = -ENOENT;

	if (count < 0)
		return count;
	if (count == 0)
		hl_karma(ctx, -1);
	for (int i = 0; i < count && i < MX_MAX; i++) {
		int valid = mx_is_valid(ctx, hl_dns_text(dns, (size_t)i));

		if (valid > 0)
			return 1;
		if (valid < 0)
			fault = valid;
	}
	return count == 0 ? 0 : fault;
}

static int
check_address(struct hl_ctx *ctx, hl_str host)
{
	int count = ask(ctx, host, HL_DNS_A, NULL);
	int other = count > 0 ? 0 : ask(ctx, host, HL_DNS_AAAA, NULL);

	return count > 0 || other > 0 ? 1 : count < 0 ? count : other;
}

/* 1 good, 0 it does not exist; -ENOENT its MX lead nowhere; else the DNS's
 * error. */
static int
check_host(struct hl_ctx *ctx, hl_str host)
{
	int mx = check_mx(ctx, host), address;

	if (mx > 0) {
		note(ctx, "mx");
		return 1;
	}
	if (mx == -ENOENT) {
		note(ctx, hl_printf(ctx, "invalid MX for %s", host.p).p);
		hl_karma(ctx, -1);
		return mx;
	}
	/* A domain's MX may be unknown while its address is known. */
	if (mx < 0 && mx != -EAGAIN)
		return mx;
	address = check_address(ctx, host);
	if (address > 0)
		note(ctx, "a");
	return address == 0 ? mx : address;
}

/* There is no such domain, or nobody can tell. */
static enum hl_verdict
refuse_unknown(struct hl_ctx *ctx, struct hl_reject how, hl_str host, int rc)
{
	if (rc == -ECANCELED || rc == -ETIMEDOUT)
		return HL_DECLINED;
	if (rc < 0) {
		hl_log(ctx, HL_LOG_WARN, "no answer about %s", host.p);
		how.how = how.how == HL_REJECT_DISCONNECT ||
				  how.how == HL_REJECT_TEMP_DISCONNECT
			      ? HL_REJECT_TEMP_DISCONNECT
			      : HL_REJECT_TEMP;
	}
	return hl_reject(
	    ctx, &how, "5.4.3", "Temporary address resolution failure");
}

static enum hl_verdict
on_mail(struct hl_ctx *ctx, const struct hl_addr *from)
{
	const struct args *args = hl_args(ctx);
	struct hl_reject how = args->reject;
	hl_str host = hl_addr_host_ascii(from);
	int rc = -ENOENT;

	hl_dns_budget(ctx, args->timeout_ms);
	if (how.how == HL_REJECT_DEFAULT)
		how.how = HL_REJECT_SOFT;
	if (hl_is_immune(ctx))
		return HL_DECLINED;
	if (hl_addr_is_null(from)) {
		note(ctx, "null");
		return HL_DECLINED;
	}
	(void)hl_note_set_text(ctx, HL_TRANSACTION,
	    HL_STR("resolvable_fromhost_host"), hl_addr_host(from));
	if (host.n == 0) {
		note(ctx, "unparsable host");
		hl_karma(ctx, -1);
	} else if (host.p[0] == '[') {
		note(ctx, "ip");
		hl_karma(ctx, -1);
		return HL_DECLINED;
	} else {
		rc = check_host(ctx, host);
	}
	if (rc == 1) {
		hl_log(ctx, HL_LOG_DEBUG, "pass");
		return HL_DECLINED;
	}
	if (rc != -ENOENT)
		return refuse_unknown(ctx, how, host, rc);
	hl_karma(ctx, -1);
	return hl_reject(
	    ctx, &how, "5.1.8", "FQDN required in the envelope sender");
}

static const char *const files[] = { "invalid_resolvable_fromhost networks",
	NULL };

static const struct hl_arg args[] = {
	HL_REJECT_ARGS(struct args, reject),
	{ "timeout", "for all questions about a sender", .def = "20",
	    .offset = offsetof(struct args, timeout_ms),
	    .type = HL_ARG_SECONDS },
	{ .name = NULL },
};

static const struct hl_plugin plugin = {
	.name = "resolvable_fromhost",
	.about = "refuse senders whose domain takes no mail",
	.args = args,
	.args_size = sizeof(struct args),
	.files = files,
	.mail = on_mail,
};
HL_PLUGIN(plugin);
