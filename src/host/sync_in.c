/* SPDX-License-Identifier: MIT */
/* sync_in.c - what a plugin in a host has changed
 * (docs/host-protocol.md, "Updates", those from the host).
 *
 * All of an answer's updates are looked at first (sync_check), so that
 * nothing is half applied.  What cannot be done (a bad address, a note over
 * the limit) is logged and left out, as it is for a native plugin that does
 * not look at what a function returns.
 */
#include <errno.h>
#include <string.h>

#include "hook/hook_log.h"
#include "host_private.h"
#include "mail/notes.h"
#include "mail/value.h"
#include "wire.h"

#define FIELDS_MAX 4

/* The fields of one update behind its kind. */
struct update {
	struct hl_ctx *ctx;
	struct host_session *session;
	struct slice at[FIELDS_MAX];
	unsigned count;
};

static void
complain(struct hl_ctx *ctx, const char *what, struct slice about, int error)
{
	struct log_line line;

	hook_log_begin_ctx(&line, LOG_LEVEL_WARN, ctx);
	log_add_text(&line, LOG_event, "not_changed");
	log_add_text(&line, LOG_key, what);
	log_add(&line, LOG_value, about);
	log_add_text(&line, LOG_err, strerror(-error));
	hook_log_end_ctx(&line, ctx);
}

static hl_str
text(const struct update *update, unsigned i)
{
	return arena_str(update->ctx->arena, update->at[i]);
}

static int
in_relay(const struct update *update)
{
	hl_relay_client_set(update->ctx, slice_eq_text(update->at[0], "1"));
	return 0;
}

static int
in_unread(const struct update *update)
{
	return stdio_unread(update->session, update->at[0]);
}

static int
in_ehlo(const struct update *update)
{
	return hl_ehlo_add(update->ctx, text(update, 0));
}

/* ---- notes ---- */

static int
rcpt_note(const struct update *update, const struct hl_value *value)
{
	uint64_t index;
	struct hl_rcpt *rcpt;

	if (wire_number(update->at[0], UINT32_MAX, &index) < 0)
		return -EINVAL;
	rcpt = hl_rcpt_at(update->ctx, (size_t)index);
	if (rcpt == NULL)
		return -EINVAL;
	if (value != NULL)
		return hl_rcpt_note_set(
		    update->ctx, rcpt, text(update, 1), value);
	(void)notes_remove(&rcpt->notes, update->at[1]);
	return 0;
}

static int
set_note(const struct update *update, struct hl_value *value)
{
	bool is_txn = slice_eq_text(update->at[0], "t");
	enum hl_scope scope = is_txn ? HL_TRANSACTION : HL_CONNECTION;

	if (!is_txn && !slice_eq_text(update->at[0], "c"))
		return rcpt_note(update, value);
	if (value != NULL)
		return hl_note_set(update->ctx, scope, text(update, 1), value);
	(void)hl_note_delete(update->ctx, scope, text(update, 1));
	return 0;
}

static int
in_note(const struct update *update)
{
	struct hl_value *value = NULL;
	int status = wire_value(update->at[2], &value);

	if (status == 0)
		status = set_note(update, value);
	value_unref(&value);
	return status;
}

/* ---- the envelope ---- */

static int
in_sender(const struct update *update)
{
	struct txn *txn = update->ctx->txn;
	const struct hl_addr *addr;
	int status;

	if (txn == NULL || txn->read_only)
		return -EROFS;
	status = hl_addr_parse(update->ctx, text(update, 0), &addr);
	if (status == 0)
		txn->sender = addr_from_parts(
		    &txn->arena, slice_str(addr->local), slice_str(addr->host));
	return status;
}

static bool
is_ascii(hl_str text)
{
	for (size_t i = 0; i < text.n; i++) {
		if ((unsigned char)text.p[i] >= 0x80)
			return false;
	}
	return true;
}

/* That of the running MAIL or RCPT: the next plugins see this one. */
static int
in_address(const struct update *update)
{
	struct hl_ctx *ctx = update->ctx;
	enum hook_id hook = ctx->frame->hook;
	const struct hl_addr *addr;
	int status;

	if (ctx->addr == NULL || (hook != HOOK_MAIL && hook != HOOK_RCPT))
		return -EINVAL;
	status = hl_addr_parse(ctx, text(update, 0), &addr);
	if (status < 0)
		return status;
	if ((hook == HOOK_RCPT && addr->local.n == 0) ||
	    (!ctx->txn->smtputf8 && !is_ascii(addr->path)))
		return -EINVAL;
	*ctx->addr = addr;
	return 0;
}

static bool
is_listed(struct slice list, hl_str path)
{
	struct slice rcpt, address;

	while (wire_next(&list, &rcpt)) {
		if (wire_next(&rcpt, &address) &&
		    slice_eq(address, slice_str(path)))
			return true;
	}
	return false;
}

static bool
has_rcpt(struct hl_ctx *ctx, struct slice address)
{
	for (size_t i = 0; i < hl_rcpt_count(ctx); i++) {
		if (slice_eq(slice_str(hl_rcpt_addr(hl_rcpt_at(ctx, i))->path),
			address))
			return true;
	}
	return false;
}

/* The whole list: who is not in it goes, who is new comes last. */
static int
in_rcpts(const struct update *update)
{
	struct hl_ctx *ctx = update->ctx;
	struct slice list = update->at[0], rcpt, address;
	int status = 0;

	for (size_t i = hl_rcpt_count(ctx); i > 0; i--) {
		struct hl_rcpt *old = hl_rcpt_at(ctx, i - 1);

		if (!is_listed(list, old->addr->path))
			status = hl_rcpt_remove(ctx, old);
	}
	while (status == 0 && wire_next(&list, &rcpt)) {
		if (!wire_next(&rcpt, &address) || has_rcpt(ctx, address))
			continue;
		status = hl_rcpt_add(ctx, arena_str(ctx->arena, address));
	}
	return status;
}

/* ---- the message ---- */

static int
in_body(const struct update *update)
{
	struct txn *txn = update->ctx->txn;

	if (txn == NULL || !txn->has_message || !txn->message.ended)
		return -EINVAL;
	if (txn->read_only)
		return -EROFS;
	return message_add(&txn->message, update->at[0]);
}

/* ---- the header ---- */

static int
in_add(const struct update *update)
{
	hl_str name = text(update, 1), value = text(update, 2);

	return slice_eq_text(update->at[0], "top")
		   ? hl_header_add_top(update->ctx, name, value)
		   : hl_header_add(update->ctx, name, value);
}

static int
in_set(const struct update *update)
{
	uint64_t index;

	if (wire_number(update->at[1], UINT32_MAX, &index) < 0)
		return -EINVAL;
	return hl_header_replace(
	    update->ctx, text(update, 0), (size_t)index, text(update, 2));
}

static int
in_del(const struct update *update)
{
	uint64_t index;

	if (update->at[1].n == 0)
		return hl_header_delete(update->ctx, text(update, 0), SIZE_MAX);
	if (wire_number(update->at[1], UINT32_MAX, &index) < 0)
		return -EINVAL;
	return hl_header_delete(update->ctx, text(update, 0), (size_t)index);
}

/* How many fields of `list` are those that there are now, from the top. */
static size_t
same_fields(struct hl_ctx *ctx, struct slice *list)
{
	struct slice rest = *list, name, value;
	hl_str now_name, now_value;
	size_t same = 0;

	while (hl_header_at(ctx, same, &now_name, &now_value) &&
	       wire_next(&rest, &name) && wire_next(&rest, &value) &&
	       slice_eq(name, slice_str(now_name)) &&
	       slice_eq(value, slice_str(now_value))) {
		*list = rest;
		same++;
	}
	return same;
}

/* The whole header: what has not changed above the first change keeps its
 * bytes, the rest is written anew. */
static int
in_header(const struct update *update)
{
	struct hl_ctx *ctx = update->ctx;
	struct slice list = update->at[0], name, value;
	size_t same = same_fields(ctx, &list);
	hl_str old_name, old_value;
	int status = 0;

	while (status >= 0 && hl_header_at(ctx, same, &old_name, &old_value)) {
		size_t index = 0;
		hl_str other, ignored;

		for (size_t i = 0; i < same; i++) {
			if (hl_header_at(ctx, i, &other, &ignored))
				index += str_caseeq(other, old_name);
		}
		status = hl_header_delete(ctx, old_name, index);
	}
	while (
	    status >= 0 && wire_next(&list, &name) && wire_next(&list, &value))
		status = hl_header_add(ctx, arena_str(ctx->arena, name),
		    arena_str(ctx->arena, value));
	return status;
}

/* ---- all of them ---- */

static const struct kind {
	const char *name;
	unsigned fields;
	int (*apply)(const struct update *update);
} kinds[] = {
	{ "unread", 1, in_unread },
	{ "relay", 1, in_relay },
	{ "ehlo", 1, in_ehlo },
	{ "note", 3, in_note },
	{ "sender", 1, in_sender },
	{ "address", 1, in_address },
	{ "rcpts", 1, in_rcpts },
	{ "body", 1, in_body },
	{ "add", 3, in_add },
	{ "set", 3, in_set },
	{ "del", 2, in_del },
	{ "header", 1, in_header },
};

static const struct kind *
take(struct slice fields, struct update *ret)
{
	struct slice name;

	if (!wire_next(&fields, &name))
		return NULL;
	ret->count = 0;
	while (
	    ret->count < FIELDS_MAX && wire_next(&fields, &ret->at[ret->count]))
		ret->count++;
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		if (slice_eq_text(name, kinds[i].name))
			return fields.n == 0 && ret->count == kinds[i].fields
				   ? &kinds[i]
				   : NULL;
	}
	return NULL;
}

/* Those whose last field holds more. */
static bool
is_sound(const struct kind *kind, const struct update *update)
{
	struct hl_value *value = NULL;

	if (kind->apply == in_rcpts || kind->apply == in_header)
		return wire_is_list(update->at[0]);
	if (kind->apply != in_note)
		return true;
	if (wire_value(update->at[2], &value) < 0)
		return false;
	value_unref(&value);
	return true;
}

int
sync_check(struct slice updates)
{
	struct slice fields;

	while (wire_next(&updates, &fields)) {
		struct update update;
		const struct kind *kind = take(fields, &update);

		if (kind == NULL || !is_sound(kind, &update))
			return -EPROTO;
	}
	return updates.n == 0 ? 0 : -EPROTO;
}

void
sync_in(struct hl_ctx *ctx, struct host_session *session, struct slice updates)
{
	struct slice fields;

	while (wire_next(&updates, &fields)) {
		struct update update = { .ctx = ctx, .session = session };
		const struct kind *kind = take(fields, &update);
		int status = kind->apply(&update);

		if (status < 0)
			complain(ctx, kind->name,
			    kind->apply == in_unread || kind->apply == in_body
				? SLICE_NONE
			    : update.count > 1 ? update.at[1]
					       : update.at[0],
			    status);
	}
}
