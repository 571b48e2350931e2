/* SPDX-License-Identifier: MIT */
/* data_hooks.c - the hooks that watch a message arrive: header,
 * data_headers_end, body_chunk (docs/hooks.md). */
#include "data.h"
#include "rcpt_replies.h"

#define CHUNK_MAX 65536

bool
data_hooks_used(const struct hl_ctx *ctx)
{
	return hook_is_used(ctx, HOOK_HEADER) ||
	       hook_is_used(ctx, HOOK_DATA_HEADERS_END) ||
	       hook_is_used(ctx, HOOK_BODY_CHUNK);
}

/* Answers ahead of time, as the end of what arrives would be answered. */
static void
hang_up(
    struct session *session, struct hl_ctx *ctx, const struct outcome *outcome)
{
	const struct data *data = session->data;

	if (!data->scan.is_counted || data->is_last)
		rcpt_replies_begin(session, ctx);
	(void)rcpt_replies_send(session, ctx, outcome);
	rcpt_replies_end(session);
	session->data->swallow = true;
}

/* What a refusal while data arrives does: swallow; or at once (disc). */
static void
take_outcome(
    struct session *session, struct hl_ctx *ctx, const struct outcome *outcome)
{
	struct outcome kept = *outcome;

	if (outcome->fate == FATE_DISC) {
		hang_up(session, ctx, outcome);
		return;
	}
	if (outcome->fate != FATE_SWALLOW)
		return;
	kept.fate = outcome->column == COLUMN_DENY_DISCONNECT ||
			    outcome->column == COLUMN_DENYSOFT_DISCONNECT
			? FATE_DISC
			: FATE_RESET;
	session->data->refused_by_hook = true;
	data_refuse(session, &kept);
}

static void
tell_headers(struct session *session, struct hl_ctx *ctx)
{
	struct data *data = session->data;
	struct header *header = &session->conv.txn->message.header;

	while (data->fields_told < header->arrived && !data->swallow) {
		const struct header_field *field =
		    header_arrival(header, data->fields_told++);
		struct hook_args args = { 0 };
		struct outcome outcome;

		if (field == NULL || !hook_is_used(ctx, HOOK_HEADER))
			continue;
		args.a = arena_str(ctx->arena, header_name(header, field));
		args.b = header_value(header, field, ctx->arena, HEADER_FOLDED);
		hook_run(ctx, HOOK_HEADER, &args, &outcome);
		take_outcome(session, ctx, &outcome);
	}
}

static void
tell_headers_end(struct session *session, struct hl_ctx *ctx)
{
	struct message *message = &session->conv.txn->message;
	struct outcome outcome;

	if (session->data->headers_told || session->data->swallow ||
	    !message->header_ended)
		return;
	session->data->headers_told = true;
	session->data->chunk_pos = message->body_start;
	hook_run(ctx, HOOK_DATA_HEADERS_END, NULL, &outcome);
	take_outcome(session, ctx, &outcome);
}

static bool
tell_chunk(struct session *session, struct hl_ctx *ctx, struct slice bytes)
{
	struct hook_args args = { .bytes = bytes.p, .size = bytes.n };
	struct outcome outcome;

	hook_run(ctx, HOOK_BODY_CHUNK, &args, &outcome);
	take_outcome(session, ctx, &outcome);
	return !session->data->swallow;
}

/* Body bytes not told yet: from memory, or from the run that came last when
 * they have gone to the spool file. */
static void
tell_body(struct session *session, struct hl_ctx *ctx, struct slice run)
{
	struct data *data = session->data;
	const struct body *body = &session->conv.txn->message.body;

	if (!data->headers_told || !hook_is_used(ctx, HOOK_BODY_CHUNK))
		return;
	while (data->chunk_pos < body_size(body) && !data->swallow) {
		uint64_t run_start = body_size(body) - run.n;
		struct slice bytes;

		if (data->chunk_pos >= run_start)
			bytes = slice_from(
			    run, (size_t)(data->chunk_pos - run_start));
		else
			bytes = body_peek(body, data->chunk_pos);
		bytes = slice_head(bytes, CHUNK_MAX);
		if (bytes.n == 0)
			break;
		data->chunk_pos += bytes.n;
		if (!tell_chunk(session, ctx, bytes))
			break;
	}
}

void
data_hooks(struct session *session, struct hl_ctx *ctx, struct slice run)
{
	tell_headers(session, ctx);
	tell_headers_end(session, ctx);
	tell_body(session, ctx, run);
}
