/* SPDX-License-Identifier: MIT */
/* trace_fields.c - Received and Authentication-Results. */
#include "trace_fields.h"

#include "base/err.h"
#include "hook/lines.h"
#include "hook/peer_name.h"
#include "mail/authres.h"
#include "mail/forwarded.h"
#include "mail/notes.h"
#include "mail/received.h"
#include "mail/value.h"

/* RFC 3848; RFC 6531 4.3: "UTF8SMTPSA", "UTF8LMTP". */
static hl_str
proto_of(const struct session *session, struct hl_ctx *ctx)
{
	const struct facts *facts = &session->conv.facts;

	if (!facts->esmtp)
		return STR_LIT("SMTP");
	return arena_printf(ctx->arena, "%s%s%s%s",
	    session->conv.txn->smtputf8 ? "UTF8"
	    : facts->lmtp               ? ""
					: "E",
	    facts->lmtp ? "LMTP" : "SMTP", facts->tls != NULL ? "S" : "",
	    facts->auth_user.n > 0 ? "A" : "");
}

/* "TLSv1.3 cipher TLS_AES_256_GCM_SHA384"; empty in clear. */
static hl_str
tls_of(const struct session *session, struct arena *arena)
{
	const struct hl_tls *tls = session->conv.facts.tls;

	if (tls == NULL)
		return STR_EMPTY;
	return arena_printf(
	    arena, "%.*s cipher %.*s", STR(tls->version), STR(tls->cipher));
}

static hl_str
received_by_hook(struct session *session, struct hl_ctx *ctx)
{
	struct hl_lines lines = { .arena = ctx->arena };
	struct hook_args args = { .a = proto_of(session, ctx),
		.b = STR_EMPTY,
		.c = tls_of(session, ctx->arena),
		.ret = &lines };
	struct buf value = BUF_INIT;
	struct outcome outcome;
	hl_str text;

	hook_run(ctx, HOOK_RECEIVED_LINE, &args, &outcome);
	if (outcome.fate != FATE_DATA || lines.count == 0)
		return STR_EMPTY;
	for (size_t i = 0; i < lines.count; i++) {
		if (i > 0)
			buf_add_text(&value, "\n\t");
		buf_add_slice(&value, slice_trim(slice_str(lines.at[i])));
	}
	text = arena_str(ctx->arena, buf_slice(&value));
	buf_done(&value);
	return text;
}

/* XFORWARD: the message came from there. */
static void
first_client(const struct forwarded *forwarded, struct received_facts *received)
{
	if (forwarded == NULL)
		return;
	received->helo = slice_str(forwarded_value(forwarded, XATTR_HELO));
	received->name = slice_str(forwarded_value(forwarded, XATTR_NAME));
	received->ip = (struct inet_addr){ 0 };
	(void)xattrs_addr(
	    &forwarded->attrs, XATTR_ADDR, XATTR_PORT, &received->ip);
}

static hl_str
received_own(struct session *session, struct hl_ctx *ctx)
{
	struct txn *txn = session->conv.txn;
	const struct facts *facts = &session->conv.facts;
	struct received_facts received = {
		.helo = slice_str(facts->helo),
		.name = slice_str(peer_name(ctx)),
		.ip = facts->peer,
		.me = slice_str(session->conv.me),
		.version = SLICE_LIT(HOOKLINE_VERSION),
		.proto = slice_str(proto_of(session, ctx)),
		.id = slice_of(txn->id),
		.tls = slice_str(tls_of(session, ctx->arena)),
		.rcpt = SLICE_LIT(""),
		.date = wall_now(),
	};
	struct buf value = BUF_INIT;
	hl_str text;

	first_client(txn->forwarded, &received);
	if (txn->rcpt_count == 1)
		received.rcpt = slice_str(txn_rcpt_at(txn, 0)->addr->text);
	received_value(&received, &value);
	text = arena_str(ctx->arena, buf_slice(&value));
	buf_done(&value);
	return text;
}

static int
add_received(struct session *session, struct hl_ctx *ctx)
{
	struct header *header = &session->conv.txn->message.header;
	struct err err;
	hl_str value = received_by_hook(session, ctx);

	if (value.n > 0 && header_add_top(header, SLICE_LIT("Received"),
			       slice_str(value), &err) == 0)
		return 0;
	value = received_own(session, ctx);
	return header_add_top(
	    header, SLICE_LIT("Received"), slice_str(value), &err);
}

static int
add_authres(struct session *session, struct hl_ctx *ctx, struct slice id)
{
	struct header *header = &session->conv.txn->message.header;
	struct authres_facts facts = { .id = id, .auth = AUTHRES_NONE };
	struct hl_value *more =
	    notes_get(session->conv.notes, SLICE_LIT("authentication_results"));
	struct buf value = BUF_INIT;
	struct err err;
	int ret;

	facts.more =
	    more != NULL ? slice_str(value_as_text(more)) : SLICE_LIT("");
	if (session->conv.facts.auth_user.n > 0) {
		facts.auth = AUTHRES_PASS;
		facts.user = slice_str(session->conv.facts.auth_user);
		facts.mechanism = slice_str(session->conv.facts.auth_mechanism);
	} else if (session->auth_failed_user != NULL) {
		facts.auth = AUTHRES_FAIL;
		facts.user = slice_of(session->auth_failed_user);
		facts.mechanism = slice_of(session->auth_failed_by);
	}
	authres_value(&facts, &value);
	(void)ctx;
	ret = header_add_top(header, SLICE_LIT("Authentication-Results"),
	    buf_slice(&value), &err);
	buf_done(&value);
	value_unref(&more);
	return ret;
}

int
trace_fields_add(struct session *session, struct hl_ctx *ctx)
{
	struct header *header = &session->conv.txn->message.header;
	struct slice id = slice_str(session->limits->auth_id);
	bool none = slice_caseeq_text(id, "none");
	int ret;

	if (id.n == 0)
		id = slice_str(session->conv.me);
	if (!none) {
		ret = authres_rename(header, id);
		if (ret < 0)
			return ret;
	}
	ret = add_received(session, ctx);
	if (ret < 0 || none)
		return ret;
	return add_authres(session, ctx, id);
}
