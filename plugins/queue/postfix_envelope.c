/* SPDX-License-Identifier: MIT */
/* postfix_envelope.c - an envelope, as Postfix's smtpd tells it to cleanup. */
#include "postfix_envelope.h"

#include <string.h>
#include <strings.h>

#include <hookline/policy.h>

#include "postfix_records.h"

struct to {
	struct hl_ctx *ctx;
	struct records *records;
};

static void
put_text(struct to *to, char type, hl_str text)
{
	record_put(to->records, type, text.p, text.n);
}

static void
put(struct to *to, const char *name, hl_str value)
{
	record_attribute(to->records, name, value.p);
}

static void
put_number(struct to *to, const char *name, unsigned number)
{
	if (number != 0)
		put(to, name, hl_printf(to->ctx, "%u", number));
}

/* What a proxy that spoke XFORWARD knows of the first client, or we know. */
static hl_str
first(struct hl_ctx *ctx, const char *forwarded, hl_str ours)
{
	if (hl_forwarded(ctx, HL_STR("addr")).n == 0)
		return ours;
	return hl_forwarded(ctx, hl_text(forwarded));
}

static hl_str
or_unknown(hl_str text)
{
	return text.n > 0 ? text : HL_STR("unknown");
}

/* Is the client's name one whose address is the client's?  Its first result
 * says so, that of the connection: in those of the message are words of the
 * client. */
static bool
name_is_sure(struct hl_ctx *ctx)
{
	static const char method[] = "iprev=", pass[] = "pass";
	const char *at =
	    hl_note_text(ctx, HL_CONNECTION, HL_STR("authentication_results"))
		.p;

	while (strncmp(at, method, strlen(method)) != 0) {
		at = strstr(at, "; ");
		if (at == NULL)
			return false;
		at += strlen("; ");
	}
	at += strlen(method);
	return strncmp(at, pass, strlen(pass)) == 0 &&
	       (at[strlen(pass)] == '\0' || strchr("; ", at[strlen(pass)]));
}

static void
put_client(struct to *to)
{
	struct hl_ctx *ctx = to->ctx;
	hl_str ip = hl_peer_ip(ctx), name = hl_peer_name(ctx);
	hl_str rfc_ip =
	    strchr(ip.p, ':') != NULL ? hl_printf(ctx, "IPv6:%s", ip.p) : ip;
	hl_str port = hl_printf(ctx, "%u", hl_peer_port(ctx));
	hl_str proto = hl_is_esmtp(ctx) ? HL_STR("ESMTP") : HL_STR("SMTP");
	/* Postfix goes by that name alone. */
	hl_str sure = name_is_sure(ctx) ? name : HL_STR("unknown");
	hl_str log_name = or_unknown(first(ctx, "name", sure));
	hl_str log_ip = or_unknown(first(ctx, "addr", rfc_ip));

	put(to, "log_client_name", log_name);
	put(to, "log_client_address", log_ip);
	put(to, "log_client_port", or_unknown(first(ctx, "port", port)));
	put(to, "log_message_origin",
	    hl_printf(ctx, "%s[%s]", log_name.p, log_ip.p));
	put(to, "log_helo_name", first(ctx, "helo", hl_helo(ctx)));
	put(to, "log_protocol_name", first(ctx, "proto", proto));
	put(to, "client_name", sure);
	put(to, "reverse_client_name", name);
	put(to, "client_address", ip);
	put(to, "client_port", port);
	put(to, "server_address", hl_local_ip(ctx));
	put_number(to, "server_port", hl_local_port(ctx));
	put(to, "helo_name", hl_helo(ctx));
	put(to, "protocol_name", proto);
	/* AF_INET6, AF_INET */
	put_number(
	    to, "client_address_type", strchr(ip.p, ':') != NULL ? 10 : 2);
}

/* Only what the client said: nothing is made up (RFC 3461, 5.2.1), but the
 * original recipient, as Postfix does. */
static void
put_recipient(struct to *to, const struct hl_rcpt *rcpt)
{
	struct hl_ctx *ctx = to->ctx;
	const struct hl_addr *addr = hl_rcpt_addr(rcpt);
	hl_str type = HL_STR("rfc822"), orig = hl_addr_text(addr);

	(void)hl_dsn_orcpt(ctx, rcpt, &type, &orig);
	put_number(to, "notify_flags", hl_dsn_notify(rcpt));
	put(to, "dsn_orig_rcpt", hl_printf(ctx, "%s;%s", type.p, orig.p));
	put_text(to, RECORD_RECIPIENT, hl_addr_plain(ctx, addr));
}

void
postfix_envelope(struct hl_ctx *ctx, struct records *records)
{
	struct to envelope = { ctx, records }, *to = &envelope;
	long long now = hl_wall_us(ctx);
	hl_str ret = hl_dsn_ret(ctx);
	hl_str body = hl_param(hl_sender_params(ctx), HL_STR("body"));
	bool is_forwarded = hl_forwarded(ctx, HL_STR("ident")).n > 0;

	put_text(to, RECORD_TIME,
	    hl_printf(ctx, "%lld %lld", now / 1000000, now % 1000000));
	put(to, "log_ident",
	    is_forwarded ? hl_forwarded(ctx, HL_STR("ident")) : hl_txn_id(ctx));
	put(to, "rewrite_context",
	    hl_relay_client(ctx) ? HL_STR("local") : HL_STR("remote"));
	put(to, "sasl_method", hl_auth_mechanism(ctx));
	put(to, "sasl_username", hl_auth_user(ctx));
	put(to, "envelope_id", hl_dsn_envid(ctx));
	if (ret.n > 0)
		put_number(to, "ret_flags", strcmp(ret.p, "FULL") ? 2 : 1);
	put_text(to, RECORD_SENDER, hl_addr_plain(ctx, hl_sender(ctx)));
	if (strcasecmp(body.p, "8BITMIME") == 0)
		put(to, "encoding", HL_STR("8bit"));
	if (strcasecmp(body.p, "7BIT") == 0)
		put(to, "encoding", HL_STR("7bit"));
	put_client(to);
	for (size_t i = 0; i < hl_rcpt_count(ctx); i++)
		put_recipient(to, hl_rcpt_at(ctx, i));
}
