/* SPDX-License-Identifier: MIT */
/* api_smtp_open.c - smtp_client.h: a connection that is ready for a message.
 *
 * A hop "smtps:HOST:PORT" has TLS from the first byte and no STARTTLS.
 *
 * What the server has offered stays with a kept connection, so that the next
 * message begins at once with MAIL.  XCLIENT is said again for each client.
 */
#include <errno.h>
#include <string.h>

#include "api_smtp_private.h"
#include "ctx.h"
#include "smtp/params.h"
#include "smtp/xclient.h"

#define RESET_MS 5000u
#define XCLIENT_LINE_MAX 510u /* RFC 5321 4.5.3.1.4, without CRLF */

static const char quit[] = "QUIT\r\n"; /* RFC 5321 4.1.1.10 */

/* FNV-1a of what makes a connection another one. */
static uint64_t
hash_text(uint64_t hash, hl_str text)
{
	for (size_t i = 0; i <= text.n; i++) /* and the NUL */
		hash =
		    (hash ^ (unsigned char)text.p[i]) * UINT64_C(0x100000001b3);
	return hash;
}

static hl_str
or_empty(hl_str text)
{
	return text.p != NULL ? text : HL_STR("");
}

static uint64_t
fingerprint(const struct hl_smtp *smtp)
{
	const struct hl_smtp_options *options = smtp->options;
	uint64_t hash = UINT64_C(0xcbf29ce484222325);

	hash = hash_text(hash, or_empty(options->hello));
	hash = hash_text(hash, or_empty(options->tls_name));
	hash = hash_text(hash, or_empty(options->tls_ca));
	hash = hash_text(hash, or_empty(options->auth_file));
	return hash << 5 | (unsigned)smtp->is_implicit << 4 |
	       options->tls << 2 | options->xclient << 1 | options->lmtp;
}

/* ---- hello ---- */

static int
refused(struct hl_smtp *smtp, const char *what)
{
	unsigned code = smtp->answer.code;

	return smtp__fail(smtp, code >= 500 ? -EPERM : -EAGAIN,
	    "%s: it said %u %.200s", what, code, smtp->answer.text);
}

/* A name of a client may be anything. */
static bool
is_word(hl_str name)
{
	for (size_t i = 0; i < name.n; i++)
		if ((unsigned char)name.p[i] <= ' ' ||
		    (unsigned char)name.p[i] >= 127)
			return false;
	return name.n > 0 && name.n <= 255;
}

static int
say_hello(struct hl_smtp *smtp, hl_str name)
{
	const char *verb = smtp->options->lmtp ? "LHLO" : "EHLO";
	int code = smtp__ask(smtp, hl_printf(smtp->ctx, "%s %s", verb, name.p));

	if (code == 250) {
		smtp_keywords_parse(
		    (struct slice){ smtp->answer.text, smtp->answer.n },
		    &smtp->kept.keywords);
		return 0;
	}
	smtp->kept.keywords = (struct smtp_keywords){ 0 };
	if (code >= 500 && !smtp->options->lmtp && !smtp->kept.is_in_tls)
		code = smtp__ask(smtp, hl_printf(smtp->ctx, "HELO %s", name.p));
	if (code < 0)
		return code;
	return code == 250 ? 0 : refused(smtp, verb);
}

static int
hello(struct hl_smtp *smtp)
{
	hl_str name = or_empty(smtp->options->hello);

	return say_hello(smtp, name.n > 0 ? name : hl_me(smtp->ctx));
}

/* ---- TLS ---- */

/* Of "unix:PATH", "HOST:PORT", "[ADDRESS]:PORT". */
hl_str
smtp__host(const struct hl_smtp *smtp)
{
	const char *colon = strrchr(smtp->where.p, ':');
	const char *from = smtp->where.p;
	int n;

	if (strncmp(from, "unix:", 5) == 0 || colon == NULL)
		return HL_STR("");
	n = (int)(colon - from);
	if (from[0] == '[' && n > 2) {
		from++;
		n -= 2;
	}
	return hl_printf(smtp->ctx, "%.*s", n, from);
}

static int
shake_hands(struct hl_smtp *smtp)
{
	const struct hl_smtp_options *options = smtp->options;
	hl_str name = or_empty(options->tls_name);
	struct hl_tls_peer peer = { .name = name,
		.ca_file = or_empty(options->tls_ca),
		.unverified = options->tls != HL_SMTP_TLS_VERIFY };
	int rc;

	if (name.n == 0)
		peer.name = smtp__host(smtp);
	rc =
	    hl_conn_starttls(smtp->ctx, smtp->conn, &peer, options->connect_ms);
	if (rc < 0)
		return smtp__fail(smtp, rc, "%s", hl_conn_error(smtp->ctx).p);
	smtp->kept.is_in_tls = true;
	return 0;
}

/* *ret_may_do_without: it failed, and a connection in clear will do. */
static int
handshake(struct hl_smtp *smtp, unsigned tls, bool *ret_may_do_without)
{
	int rc = shake_hands(smtp);

	*ret_may_do_without = rc < 0 && tls == HL_SMTP_TLS_MAY &&
			      rc != -ECANCELED && rc != -ETIMEDOUT;
	/* RFC 3207 4.2: what was said in clear is forgotten. */
	return rc < 0 ? rc : hello(smtp);
}

static int
start_tls(struct hl_smtp *smtp, unsigned tls, bool *ret_may_do_without)
{
	int code;

	if (tls == HL_SMTP_TLS_OFF)
		return 0;
	if (!smtp__has(smtp, SMTP_KEYWORD_STARTTLS))
		return tls == HL_SMTP_TLS_MAY
			   ? 0
			   : smtp__fail(
				 smtp, -ENOTSUP, "it does not offer STARTTLS");
	code = smtp__ask(smtp, HL_STR("STARTTLS"));
	if (code < 0)
		return code;
	if (code != 220)
		return tls == HL_SMTP_TLS_MAY && !smtp->is_broken
			   ? 0
			   : refused(smtp, "STARTTLS");
	return handshake(smtp, tls, ret_may_do_without);
}

/* ---- XCLIENT ---- */

/* Postfix's XCLIENT_README: values in xtext, IPv6 addresses with a prefix. */
static hl_str
attribute(struct hl_smtp *smtp, enum xattr attr)
{
	struct hl_ctx *ctx = smtp->ctx;
	hl_str value = HL_STR("");
	const char *prefix = "";

	switch (attr) {
	case XATTR_NAME:
		value = hl_peer_name(ctx);
		if (strcmp(value.p, "Unknown") == 0 || value.p[0] == '[')
			value = HL_STR("");
		break;
	case XATTR_ADDR:
	case XATTR_DESTADDR:
		value = attr == XATTR_ADDR ? hl_peer_ip(ctx) : hl_local_ip(ctx);
		prefix = strchr(value.p, ':') != NULL ? "IPV6:" : "";
		break;
	case XATTR_PORT:
		value = hl_printf(ctx, "%u", hl_peer_port(ctx));
		break;
	case XATTR_DESTPORT:
		value = hl_printf(ctx, "%u", hl_local_port(ctx));
		break;
	case XATTR_PROTO:
		value = hl_is_esmtp(ctx) ? HL_STR("ESMTP") : HL_STR("SMTP");
		break;
	case XATTR_HELO:
		value = hl_helo(ctx);
		break;
	case XATTR_LOGIN:
		value = hl_auth_user(ctx);
		break;
	case XATTR_IDENT:
	case XATTR_SOURCE:
	case XATTR_COUNT:
		break;
	}
	if (value.n == 0 || value.n > XATTR_VALUE_MAX)
		return hl_printf(ctx, " %s=[UNAVAILABLE]", xattr_names[attr]);
	value =
	    smtp_xtext_encode(ctx->arena, (struct slice){ value.p, value.n });
	return hl_printf(ctx, " %s=%s%s", xattr_names[attr], prefix, value.p);
}

static int
send_xclient(struct hl_smtp *smtp, hl_str words)
{
	int code = smtp__ask(smtp, hl_printf(smtp->ctx, "XCLIENT%s", words.p));

	if (code >= 0 && code != 220)
		return refused(smtp, "XCLIENT");
	return code < 0 ? code : 0;
}

/* In as many lines as it takes.  The server then begins anew, and gets the
 * client's own greeting. */
static int
tell_client(struct hl_smtp *smtp)
{
	unsigned known = smtp->kept.keywords.xclient;
	hl_str words = HL_STR(""), name = hl_helo(smtp->ctx);
	int rc = 0;

	if (!smtp__has(smtp, SMTP_KEYWORD_XCLIENT))
		return smtp__fail(
		    smtp, -ENOTSUP, "it does not offer XCLIENT to this server");
	for (unsigned attr = 0; rc == 0 && attr < XATTR_COUNT; attr++) {
		hl_str word;

		if ((known & XATTR_BIT(attr)) == 0)
			continue;
		word = attribute(smtp, (enum xattr)attr);
		if (words.n > 0 &&
		    strlen("XCLIENT") + words.n + word.n > XCLIENT_LINE_MAX) {
			rc = send_xclient(smtp, words);
			words = HL_STR("");
		}
		words = hl_printf(smtp->ctx, "%s%s", words.p, word.p);
	}
	if (rc == 0 && words.n > 0)
		rc = send_xclient(smtp, words);
	if (rc < 0 || known == 0)
		return rc;
	return is_word(name) ? say_hello(smtp, name) : hello(smtp);
}

/* ---- connections ---- */

static void
drop(struct hl_smtp *smtp)
{
	hl_conn_close(&smtp->conn);
	smtp->kept = (struct smtp_kept){ 0 };
}

/* A kept one that was made in the same way.  True: there is one. */
static bool
take_kept(struct hl_smtp *smtp, uint64_t how, int *ret_rc)
{
	bool is_fresh = false;

	for (;;) {
		size_t n;

		*ret_rc = hl_conn_pool_get(smtp->ctx, smtp->where,
		    smtp->options->connect_ms, &smtp->conn, &is_fresh);
		if (*ret_rc < 0 || is_fresh)
			return false;
		n = hl_conn_note(smtp->conn, &smtp->kept, sizeof(smtp->kept));
		if (n == sizeof(smtp->kept) && smtp->kept.how == how)
			return true;
		drop(smtp);
	}
}

static int
begin(struct hl_smtp *smtp, unsigned tls, bool *ret_may_do_without)
{
	int code = smtp->is_implicit ? shake_hands(smtp) : 0;

	*ret_may_do_without = false;
	if (code == 0)
		code = smtp__hear(smtp, smtp->options->command_ms);
	if (code < 0)
		return code;
	if (code != 220)
		return refused(smtp, "greeting");
	code = hello(smtp);
	if (code == 0 && !smtp->is_implicit)
		code = start_tls(smtp, tls, ret_may_do_without);
	return code == 0 ? smtp__auth(smtp) : code;
}

static int
dial(struct hl_smtp *smtp)
{
	int rc = hl_dial(
	    smtp->ctx, smtp->where, smtp->options->connect_ms, &smtp->conn);

	smtp->is_fresh = true;
	return rc;
}

static int
connect_to(struct hl_smtp *smtp, bool fresh)
{
	const struct hl_smtp_options *options = smtp->options;
	uint64_t how = fingerprint(smtp);
	bool may_do_without = false;
	int rc;

	smtp->is_fresh = true;
	smtp->is_broken = false;
	if (fresh) {
		rc = dial(smtp);
	} else if (take_kept(smtp, how, &rc)) {
		smtp->is_fresh = false;
		return 0;
	}
	if (rc == 0)
		rc = begin(smtp, options->tls, &may_do_without);
	else
		smtp->why = hl_conn_error(smtp->ctx);
	/* TLS as far as it goes (RFC 7435). */
	if (rc < 0 && may_do_without) {
		hl_log(smtp->ctx, HL_LOG_WARN, "%s; going on in clear",
		    smtp->why.p);
		drop(smtp);
		smtp->is_broken = false;
		rc = dial(smtp);
		if (rc == 0)
			rc = begin(smtp, HL_SMTP_TLS_OFF, &may_do_without);
	}
	smtp->kept.how = how;
	return rc;
}

int
hl_smtp_open(struct hl_ctx *ctx, hl_str where,
    const struct hl_smtp_options *options, struct hl_smtp **ret,
    hl_str *ret_why)
{
	struct hl_smtp *smtp = hl_alloc(ctx, sizeof(*smtp));
	int rc;

	smtp->magic = SMTP_CLIENT_MAGIC;
	smtp->ctx = ctx;
	smtp->options = options;
	smtp->hop = hl_printf(ctx, "%s", where.p);
	smtp->where = smtp__address(smtp->hop);
	smtp->is_implicit = smtp->where.p != smtp->hop.p;
	smtp->why = HL_STR("");
	rc = connect_to(smtp, options->fresh);
	if (rc == 0 && options->xclient)
		rc = tell_client(smtp);
	if (rc < 0 && !smtp->is_fresh && rc != -ECANCELED && rc != -ETIMEDOUT) {
		drop(smtp); /* it was dead */
		rc = connect_to(smtp, true);
		if (rc == 0)
			rc = tell_client(smtp);
	}
	if (rc == 0) {
		*ret = smtp;
		return 0;
	}
	if (ret_why != NULL)
		*ret_why = smtp->why.n > 0 ? smtp->why
					   : hl_printf(ctx, "%s: %s", where.p,
						 strerrordesc_np(-rc));
	hl_conn_close(&smtp->conn);
	return rc;
}

bool
hl_smtp_is_fresh(const struct hl_smtp *smtp)
{
	CHECK_OBJ(smtp, SMTP_CLIENT_MAGIC);
	return smtp->is_fresh;
}

bool
hl_smtp_is_in_tls(const struct hl_smtp *smtp)
{
	CHECK_OBJ(smtp, SMTP_CLIENT_MAGIC);
	return smtp->kept.is_in_tls;
}

bool
hl_smtp_has(const struct hl_smtp *smtp, hl_str keyword)
{
	enum smtp_keyword found =
	    smtp_keyword_find((struct slice){ keyword.p, keyword.n });

	CHECK_OBJ(smtp, SMTP_CLIENT_MAGIC);
	return found != SMTP_KEYWORD_COUNT && smtp__has(smtp, found);
}

/* Somebody waits for our answer: not for long. */
static bool
reset(struct hl_smtp *smtp)
{
	return smtp__send(smtp, HL_STR("RSET\r\n")) == 0 &&
	       smtp__hear(smtp, RESET_MS) == 250;
}

/* Is there one more message for it? */
static bool
may_be_kept(const struct hl_smtp *smtp)
{
	return smtp->options->messages > 1 &&
	       (int64_t)smtp->kept.messages < smtp->options->messages;
}

/* Nothing is said behind DATA but the message; dropping the connection ends it
 * without one. */
static bool
can_talk(const struct hl_smtp *smtp)
{
	return !smtp->is_broken && !smtp->is_in_data;
}

/* For the next message. */
static void
keep(struct hl_smtp *smtp)
{
	if (hl_conn_note_set(smtp->conn, &smtp->kept, sizeof(smtp->kept)) ==
		0 &&
	    hl_conn_farewell(smtp->conn, quit, strlen(quit)) == 0)
		hl_conn_pool_put(smtp->ctx, &smtp->conn);
}

void
hl_smtp_close(struct hl_smtp **smtp_p)
{
	struct hl_smtp *smtp = *smtp_p;

	*smtp_p = NULL;
	if (smtp == NULL)
		return;
	CHECK_OBJ(smtp, SMTP_CLIENT_MAGIC);
	if (can_talk(smtp) && may_be_kept(smtp) &&
	    (!smtp->is_open || reset(smtp)))
		keep(smtp);
	/* Nobody waits for the answer to QUIT. */
	if (can_talk(smtp) && smtp->conn != NULL)
		(void)hl_send(smtp->conn, quit, strlen(quit), RESET_MS);
	hl_conn_close(&smtp->conn);
	smtp->magic = 0;
}
