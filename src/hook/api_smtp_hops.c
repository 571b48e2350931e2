/* SPDX-License-Identifier: MIT */
/* api_smtp_hops.c - smtp_client.h: who can take a message. */
#include <errno.h>
#include <string.h>

#include "api_smtp_private.h"
#include "base/num.h"
#include "ctx.h"

#define MX "mx:"
#define SMTPS_PORT 465 /* RFC 8314 7.3 */

static bool
is_port(struct slice text)
{
	unsigned port;

	return num_parse_unsigned(text, 65535, &port) == 0 && port > 0;
}

/* "HOST", "HOST:PORT", "[ADDRESS]", "[ADDRESS]:PORT", an address of IPv6; with
 * its port, "" what is none of them. */
static hl_str
with_port(struct hl_ctx *ctx, struct slice text, unsigned port)
{
	size_t colon = slice_rfind(text, ':');
	bool is_bare_ipv6 = text.n > 0 && text.p[0] != '[' &&
			    slice_find(text, ':') < colon && colon < text.n;
	bool is_whole = text.n > 0 && text.p[text.n - 1] == ']';

	if (text.n == 0 || text.n > 255 || slice_find(text, '/') < text.n)
		return HL_STR("");
	if (is_bare_ipv6)
		return hl_printf(ctx, "[%.*s]:%u", (int)text.n, text.p, port);
	if (colon == text.n || is_whole)
		return hl_printf(ctx, "%.*s:%u", (int)text.n, text.p, port);
	if (colon == 0 || !is_port(slice_from(text, colon + 1)))
		return HL_STR("");
	return hl_printf(ctx, "%.*s", (int)text.n, text.p);
}

hl_str
smtp__address(hl_str where)
{
	size_t n = strlen(SMTP_SMTPS);

	if (strncmp(where.p, SMTP_SMTPS, n) != 0)
		return where;
	return (hl_str){ where.p + n, where.n - n };
}

static hl_str
parse_smtps(struct hl_ctx *ctx, struct slice host)
{
	hl_str text = slice_starts(host, MX) ? HL_STR("")
					     : with_port(ctx, host, SMTPS_PORT);

	return text.n > 0 ? hl_printf(ctx, SMTP_SMTPS "%s", text.p) : text;
}

static hl_str
parse_hop(struct hl_ctx *ctx, struct slice text, unsigned port)
{
	hl_str rest;

	if (slice_starts(text, "unix:/"))
		return hl_printf(ctx, "%.*s", (int)text.n, text.p);
	if (slice_starts(text, SMTP_SMTPS))
		return parse_smtps(ctx, slice_from(text, strlen(SMTP_SMTPS)));
	if (!slice_starts(text, MX))
		return with_port(ctx, text, port);
	rest = with_port(ctx, slice_from(text, strlen(MX)), port);
	return rest.n > 0 ? hl_printf(ctx, MX "%s", rest.p) : rest;
}

int
hl_smtp_hops(struct hl_ctx *ctx, hl_str list, unsigned port,
    struct hl_smtp_hops *ret, hl_str *ret_bad)
{
	struct slice left = { list.p, list.n }, part;
	hl_str *where = hl_alloc(ctx, (list.n + 1) * sizeof(*where));
	size_t count = 0;

	while (slice_cut(&left, ',', &part)) {
		where[count] = parse_hop(ctx, part, port);
		if (where[count++].n > 0)
			continue;
		if (ret_bad != NULL)
			*ret_bad = hl_printf(ctx, "%.*s", (int)part.n, part.p);
		return -EINVAL;
	}
	if (count > SMTP_HOPS_MAX) {
		if (ret_bad != NULL)
			*ret_bad = list;
		return -EINVAL;
	}
	*ret = (struct hl_smtp_hops){ .where = where, .count = count };
	return 0;
}

int
hl_smtp_need(struct hl_ctx *ctx, const struct hl_smtp_hops *hops,
    const struct hl_smtp_options *options)
{
	int rc = smtp__auth_need(ctx, options);

	if (rc == 0 && options->tls_ca.p != NULL && options->tls_ca.n > 0)
		rc = hl_need_read(ctx, options->tls_ca);
	for (size_t i = 0; rc == 0 && i < hops->count; i++) {
		bool is_mx = strncmp(hops->where[i].p, MX, strlen(MX)) == 0;

		rc = hl_need_connect(
		    ctx, is_mx ? HL_STR("*") : smtp__address(hops->where[i]));
	}
	return rc;
}

/* Whoever rules the domain writes it: "unix:/run/x" would be a socket here. */
static bool
is_host(hl_str name)
{
	return name.n > 0 && strcmp(name.p, ".") != 0 &&
	       strspn(name.p, "abcdefghijklmnopqrstuvwxyz"
			      "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
			      "0123456789-_.") == name.n;
}

/* The hosts of an MX, best first; a domain without one is its own (RFC 5321
 * 5.1), one with the null MX takes none (RFC 7505). */
static size_t
find_mx(
    struct hl_ctx *ctx, hl_str where, hl_str *ret, size_t room, hl_str *ret_why)
{
	const char *port = strrchr(where.p, ':');
	hl_str domain = hl_printf(ctx, "%.*s",
	    (int)(port - where.p) - (int)strlen(MX), where.p + strlen(MX));
	const struct hl_dns *dns = NULL;
	int count = hl_dns_query(ctx, domain, HL_DNS_MX, &dns);
	size_t n = 0;

	if (count < 0) {
		*ret_why = hl_printf(ctx, "%s: the DNS tells no MX: %s",
		    domain.p, strerrordesc_np(-count));
		return 0;
	}
	if (count == 0 && room > 0)
		ret[n++] = hl_printf(ctx, "%s%s", domain.p, port);
	for (size_t i = 0; i < (size_t)count && n < room; i++) {
		hl_str host = hl_dns_text(dns, i);

		if (is_host(host))
			ret[n++] = hl_printf(ctx, "%s%s", host.p, port);
	}
	if (n == 0)
		*ret_why = hl_printf(ctx, "%s: takes no mail", domain.p);
	return n;
}

size_t
smtp__hops_find(struct hl_ctx *ctx, const struct hl_smtp_hops *hops,
    hl_str ret[SMTP_HOPS_MAX], hl_str *ret_why)
{
	size_t n = 0;

	for (size_t i = 0; i < hops->count && n < SMTP_HOPS_MAX; i++) {
		hl_str where = hops->where[i];

		if (strncmp(where.p, MX, strlen(MX)) == 0)
			n += find_mx(
			    ctx, where, ret + n, SMTP_HOPS_MAX - n, ret_why);
		else
			ret[n++] = where;
	}
	return n;
}
