/* SPDX-License-Identifier: MIT */
/* data_feed.c - message bytes into the store, and to the hooks that watch.
 *
 * The bytes lie in the stream's shared buffer, which others overwrite as
 * soon as this fiber parks.  So they are copied first when a hook watches;
 * the store itself parks after they were taken, in message_settle.
 */
#include <errno.h>
#include <string.h>

#include "data.h"

#define PIECE 16384

struct feed {
	struct session *session;
	struct hl_ctx *ctx;
};

static void
keep_texts(struct outcome *outcome, struct arena *arena)
{
	outcome->text = arena_str(arena, slice_str(outcome->text));
	outcome->enhanced = arena_str(arena, slice_str(outcome->enhanced));
}

void
data_refuse(struct session *session, const struct outcome *outcome)
{
	struct data *data = session->data;

	if (data->swallow)
		return;
	data->swallow = true;
	data->refusal = *outcome;
	keep_texts(&data->refusal, &session->conv.txn->arena);
}

void
data_refuse_core(struct session *session, unsigned code, const char *enhanced,
    const char *text)
{
	struct outcome outcome = { .hook = HOOK_DATA,
		.fate = FATE_RESET,
		.code = code,
		.enhanced = str_of(enhanced),
		.text = str_of(text),
		.plugin_text = STR_EMPTY };

	data_refuse(session, &outcome);
}

/* Too big: told once; the answer comes at the end of data. */
static bool
size_is_fine(struct session *session, struct hl_ctx *ctx, size_t more)
{
	struct hook_args args = {
		.n1 = body_size(&session->conv.txn->message.body) + more,
		.n2 = (uint64_t)session->limits->databytes,
	};
	struct outcome outcome;

	if (args.n2 == 0 || args.n1 <= args.n2)
		return true;
	if (session->data->size_told)
		return false;
	session->data->size_told = true;
	hook_run(ctx, HOOK_MAX_DATA_EXCEEDED, &args, &outcome);
	data_refuse(session, &outcome);
	return false;
}

static void
refuse_stored(struct session *session, int error)
{
	if (error == -EMSGSIZE)
		data_refuse_core(
		    session, 552, "5.3.4", "Header section too big");
	else if (error == -ENOSPC || error == -EDQUOT || error == -EFBIG ||
		 error == -ENOMEM)
		data_refuse_core(
		    session, 452, "4.3.1", "Insufficient system storage");
	else
		data_refuse_core(session, 451, "4.3.0",
		    "Message cannot be stored now, try again later");
	session->data->store_error = error;
}

/* The input is taken; what has gathered may go to the spool file. */
static void
settle(struct session *session)
{
	int ret;

	if (session->data->swallow || session->gone)
		return;
	ret = message_settle(&session->conv.txn->message);
	if (ret < 0)
		refuse_stored(session, ret);
}

/* One run of unstuffed bytes. */
static void
on_run(void *arg, struct slice run)
{
	struct feed *feed = arg;
	struct session *session = feed->session;
	int ret;

	if (session->data->swallow || session->gone ||
	    !size_is_fine(session, feed->ctx, run.n))
		return;
	ret = message_append(&session->conv.txn->message, run.p, run.n);
	if (ret < 0) {
		refuse_stored(session, ret);
		return;
	}
	if (data_hooks_used(feed->ctx))
		data_hooks(session, feed->ctx, run);
}

/* May something park while these bytes are looked at? */
static bool
may_park(struct session *session, struct hl_ctx *ctx)
{
	if (session->data->swallow)
		return false;
	return data_hooks_used(ctx) ||
	       hook_is_used(ctx, HOOK_MAX_DATA_EXCEEDED);
}

bool
data_feed(struct session *session, struct hl_ctx *ctx)
{
	struct feed feed = { session, ctx };
	struct slice in = input_peek(session);
	size_t used;
	bool ended;

	if (in.n == 0)
		return false;
	ctx->txn = session->conv.txn;
	if (may_park(session, ctx)) {
		char *copy;

		in = slice_head(in, PIECE);
		copy = arena_alloc(ctx->arena, in.n);
		memcpy(copy, in.p, in.n);
		in.p = copy;
	}
	ended = smtp_data_feed(&session->data->scan, in, on_run, &feed, &used);
	input_take(session, used);
	settle(session);
	if (ended)
		data_end(session, ctx);
	return true;
}
