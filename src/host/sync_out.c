/* SPDX-License-Identifier: MIT */
/* sync_out.c - what has changed since the host was told
 * (docs/host-protocol.md, "Updates").
 *
 * Each section is written anew and compared with the bytes that the host was
 * told: they are few, and nobody has to note down what it changes.
 */
#include <stdio.h>
#include <string.h>

#include "hook/conv.h"
#include "host_private.h"
#include "mail/notes.h"
#include "mail/value.h"
#include "wire.h"

/* The section as it is now; true when the host knows another. */
static bool
differs(struct section *section, struct buf *now)
{
	if (section->told.n == now->n &&
	    (now->n == 0 || memcmp(section->told.p, now->p, now->n) == 0)) {
		buf_done(now);
		return false;
	}
	return true;
}

static void
remember(struct section *section, struct buf *now)
{
	buf_done(&section->told);
	section->told = *now;
}

/* One update of texts. */
static void
update2(struct buf *fields, const char *kind, struct slice a)
{
	size_t at = wire_open(fields);

	wire_add_text(fields, kind);
	wire_add(fields, a);
	wire_close(fields, at);
}

/* The text behind `name` in a packed list of name, text, name, text ...; false:
 * it is not there. */
static bool
find_text(struct slice list, struct slice name, struct slice *ret)
{
	struct slice key;

	while (wire_next(&list, &key) && wire_next(&list, ret)) {
		if (slice_eq(key, name))
			return true;
	}
	return false;
}

/* ---- facts ---- */

static void
fact(struct buf *now, const char *name, struct slice text)
{
	wire_add_text(now, name);
	wire_add(now, text);
}

static void
fact_number(struct buf *now, const char *name, unsigned number)
{
	wire_add_text(now, name);
	wire_add_number(now, number);
}

/* Name, text, name, text ... */
static void
write_facts(struct hl_ctx *ctx, struct buf *now)
{
	const struct facts *facts = &ctx->conv->facts;
	char local[INET_TEXT_MAX];
	size_t n = inet_text(&facts->local, local);

	fact(now, "sid", slice_of(facts->sid));
	fact(now, "listener", slice_str(facts->listener));
	fact(now, "me", slice_str(ctx->conv->me));
	fact(now, "remote_ip", slice_str(facts->peer_ip));
	fact_number(now, "remote_port", facts->peer.port);
	fact(now, "local_ip", (struct slice){ local, n });
	fact_number(now, "local_port", facts->local.port);
	/* Known already: need not be asked for. */
	fact(now, "remote_host",
	    facts->peer_name.p != NULL ? slice_str(facts->peer_name)
				       : SLICE_LIT(""));
	fact(now, "hello",
	    facts->helo.n == 0 ? SLICE_LIT("")
	    : facts->esmtp     ? SLICE_LIT("ehlo")
			       : SLICE_LIT("helo"));
	fact(now, "hello_host", slice_str(facts->helo));
	fact(now, "auth_user", slice_str(facts->auth_user));
	fact(now, "auth_mechanism", slice_str(facts->auth_mechanism));
	fact(now, "tls",
	    facts->tls != NULL ? slice_str(facts->tls->cipher) : SLICE_LIT(""));
}

/* Those that have changed.  What was never told is empty. */
static void
tell_facts(struct slice told, struct slice now, struct buf *fields)
{
	struct slice name, text, known;

	while (wire_next(&now, &name) && wire_next(&now, &text)) {
		size_t at;

		if (!find_text(told, name, &known))
			known = SLICE_NONE;
		if (slice_eq(text, known))
			continue;
		at = wire_open(fields);
		wire_add_text(fields, "fact");
		wire_add(fields, name);
		wire_add(fields, text);
		wire_close(fields, at);
	}
}

static void
sync_facts(struct host_session *session, struct hl_ctx *ctx, struct buf *fields)
{
	struct buf now = BUF_INIT;

	/* None is the host's to change. */
	if (fields == NULL)
		return;
	write_facts(ctx, &now);
	if (!differs(&session->facts, &now))
		return;
	tell_facts(buf_slice(&session->facts.told), buf_slice(&now), fields);
	remember(&session->facts, &now);
}

static void
sync_relay(
    struct host_session *session, const struct conv *conv, struct buf *fields)
{
	bool relay = conv->facts.relay_client;

	if (session->relay == relay)
		return;
	session->relay = relay;
	if (fields != NULL)
		update2(
		    fields, "relay", relay ? SLICE_LIT("1") : SLICE_LIT("0"));
}

static void
sync_command(
    struct host_session *session, const struct conv *conv, struct buf *fields)
{
	struct buf number = BUF_INIT;
	size_t at;

	if (session->commands == conv->commands)
		return;
	session->commands = conv->commands;
	if (fields == NULL)
		return;
	at = wire_open(fields);
	buf_add_u64(&number, conv->commands);
	wire_add_text(fields, "command");
	wire_add(fields, buf_slice(&number));
	wire_add(fields, slice_str(conv->command_line));
	wire_close(fields, at);
	buf_done(&number);
}

/* ---- notes ---- */

/* A packed list of name, value, name, value ... */
static void
write_notes(const struct notes *notes, struct buf *now)
{
	struct hl_value *value;
	size_t cursor = 0;
	hl_str name;

	while (notes_next(notes, &cursor, &name, &value)) {
		wire_add(now, slice_str(name));
		wire_add_value(now, value);
	}
}

static void
tell_note(struct buf *fields, struct slice scope, struct slice name,
    struct slice value)
{
	size_t at = wire_open(fields);

	wire_add_text(fields, "note");
	wire_add(fields, scope);
	wire_add(fields, name);
	wire_add(fields, value);
	wire_close(fields, at);
}

static void
tell_notes(
    struct slice told, struct slice now, struct slice scope, struct buf *fields)
{
	struct slice list = now, name, value, other;

	while (wire_next(&list, &name) && wire_next(&list, &value)) {
		if (!find_text(told, name, &other) || !slice_eq(value, other))
			tell_note(fields, scope, name, value);
	}
	for (list = told;
	     wire_next(&list, &name) && wire_next(&list, &value);) {
		if (!find_text(now, name, &other))
			tell_note(fields, scope, name, SLICE_LIT("u"));
	}
}

static void
sync_notes(struct section *section, const struct notes *notes,
    struct slice scope, struct buf *fields)
{
	struct buf now = BUF_INIT;

	write_notes(notes, &now);
	if (!differs(section, &now))
		return;
	if (fields != NULL)
		tell_notes(
		    buf_slice(&section->told), buf_slice(&now), scope, fields);
	remember(section, &now);
}

/* ---- the transaction ---- */

/* Those that the running hook may see: see hl_rcpt_count. */
static void
write_rcpts(const struct hl_ctx *ctx, struct buf *now)
{
	for (size_t n = 0; n < hl_rcpt_count(ctx); n++) {
		const struct hl_rcpt *rcpt = hl_rcpt_at(ctx, n);
		const struct smtp_params *params = &rcpt->params.list;
		size_t at = wire_open(now);

		wire_add(now, slice_str(rcpt->addr->path));
		for (size_t i = 0; i < params->count; i++) {
			wire_add(now, slice_str(params->items[i].key));
			wire_add(now, slice_str(params->items[i].value));
		}
		wire_close(now, at);
	}
}

/* Address, its notes, address, its notes ... */
static void
write_rcpt_notes(const struct hl_ctx *ctx, struct buf *now)
{
	for (size_t i = 0; i < hl_rcpt_count(ctx); i++) {
		const struct hl_rcpt *rcpt = hl_rcpt_at(ctx, i);
		size_t at;

		wire_add(now, slice_str(rcpt->addr->path));
		at = wire_open(now);
		write_notes(rcpt->notes, now);
		wire_close(now, at);
	}
}

/* The notes of the `nth` recipient of that address. */
static struct slice
rcpt_notes_of(struct slice list, struct slice address, unsigned nth)
{
	struct slice other, notes;

	while (wire_next(&list, &other) && wire_next(&list, &notes)) {
		if (slice_eq(other, address) && nth-- == 0)
			return notes;
	}
	return SLICE_NONE;
}

/* How many of the first `n` recipients have that address. */
static unsigned
same_before(struct slice list, struct slice address, unsigned n)
{
	struct slice other, notes;
	unsigned same = 0;

	while (n-- > 0 && wire_next(&list, &other) && wire_next(&list, &notes))
		same += slice_eq(other, address);
	return same;
}

static void
sync_rcpt_notes(
    struct host_session *session, const struct hl_ctx *ctx, struct buf *fields)
{
	struct buf now = BUF_INIT;
	struct slice list, address, notes;

	write_rcpt_notes(ctx, &now);
	if (!differs(&session->rcpt_notes, &now))
		return;
	list = buf_slice(&now);
	for (unsigned i = 0; fields != NULL && wire_next(&list, &address) &&
			     wire_next(&list, &notes);
	     i++) {
		struct slice told =
		    rcpt_notes_of(buf_slice(&session->rcpt_notes.told), address,
			same_before(buf_slice(&now), address, i));
		char scope[16];

		(void)snprintf(scope, sizeof(scope), "%u", i);
		tell_notes(told, notes, slice_of(scope), fields);
	}
	remember(&session->rcpt_notes, &now);
}

static void
sync_list(struct section *section, struct buf *now, const char *kind,
    struct buf *fields)
{
	if (!differs(section, now))
		return;
	if (fields != NULL)
		update2(fields, kind, buf_slice(now));
	remember(section, now);
}

static void
sync_envelope(
    struct host_session *session, const struct hl_ctx *ctx, struct buf *fields)
{
	const struct txn *txn = ctx->txn;
	struct buf sender = BUF_INIT, rcpts = BUF_INIT;

	if (txn->sender != NULL)
		buf_add_slice(&sender, slice_str(txn->sender->path));
	sync_list(&session->sender, &sender, "sender", fields);
	write_rcpts(ctx, &rcpts);
	sync_list(&session->rcpts, &rcpts, "rcpts", fields);
}

static void
tell_header(struct hl_ctx *ctx, const struct header *header, struct buf *fields)
{
	size_t at = wire_open(fields), list;

	wire_add_text(fields, "header");
	list = wire_open(fields);
	for (size_t i = 0; i < header_total(header); i++) {
		const struct header_field *field = header_at(header, i);

		wire_add(fields, header_name(header, field));
		wire_add(fields, slice_str(header_value(header, field,
				     ctx->arena, HEADER_FOLDED)));
	}
	wire_close(fields, list);
	wire_close(fields, at);
}

/* Header, empty line and body with LF; body with the empty line. */
static void
tell_message(const struct message *message, struct buf *fields)
{
	struct body *body = (struct body *)(uintptr_t)&message->body;
	uint64_t size = body_data_size(body);
	size_t at = wire_open(fields);

	wire_add_text(fields, "message");
	wire_add_number(fields, size);
	wire_add_number(fields, size - message_head_size(message));
	wire_close(fields, at);
}

static void
sync_message(struct host_session *session, struct hl_ctx *ctx,
    const struct txn *txn, struct buf *fields)
{
	const struct message *message = &txn->message;

	if (!txn->has_message || !message->header_ended)
		return;
	if (session->header_told != message->header.generation + 1) {
		session->header_told = message->header.generation + 1;
		if (fields != NULL)
			tell_header(ctx, &message->header, fields);
	}
	if (!message->ended || session->message_told)
		return;
	session->message_told = true;
	if (fields != NULL)
		tell_message(message, fields);
}

/* Another transaction than the one that the host knows. */
static void
sync_begin(
    struct host_session *session, const struct txn *txn, struct buf *fields)
{
	const char *id = txn != NULL ? txn->id : "";

	if (strcmp(session->txn_id, id) == 0)
		return;
	buf_done(&session->txn_notes.told);
	buf_done(&session->rcpts.told);
	buf_done(&session->rcpt_notes.told);
	buf_done(&session->sender.told);
	session->header_told = 0;
	session->message_told = false;
	(void)snprintf(session->txn_id, sizeof(session->txn_id), "%s", id);
	if (fields != NULL)
		update2(fields, txn != NULL ? "begin" : "reset", slice_of(id));
}

static void
sync(struct host_session *session, struct hl_ctx *ctx, struct buf *fields)
{
	if (ctx->conv == NULL)
		return;
	sync_facts(session, ctx, fields);
	sync_relay(session, ctx->conv, fields);
	sync_command(session, ctx->conv, fields);
	sync_notes(&session->notes, ctx->conv->notes, SLICE_LIT("c"), fields);
	sync_begin(session, ctx->txn, fields);
	if (ctx->txn == NULL)
		return;
	sync_envelope(session, ctx, fields);
	sync_rcpt_notes(session, ctx, fields);
	sync_notes(
	    &session->txn_notes, ctx->txn->notes, SLICE_LIT("t"), fields);
	sync_message(session, ctx, ctx->txn, fields);
}

void
sync_out(struct host_session *session, struct hl_ctx *ctx, struct buf *fields)
{
	sync(session, ctx, fields);
}

void
sync_settle(struct host_session *session, struct hl_ctx *ctx)
{
	sync(session, ctx, NULL);
}
