/* SPDX-License-Identifier: MIT */
/* data_feed.c - message bytes into the store, and to the hooks that watch.
 *
 * The bytes lie in the stream's shared buffer, which others overwrite as
 * soon as this fiber parks.  So they are copied first when a hook watches;
 * the store itself parks after they were taken, in message_settle.
 */
#include <errno.h>
#include <string.h>

#include "base/mem.h"
#include "data.h"
#include "hook/ctx.h"
#include "hook/engine.h"
#include "hook/hook_log.h"
#include "mail/body.h"
#include "rcpt_replies.h"

#define PIECE 16384

struct feed {
	struct session *session;
	struct hl_ctx *ctx;
};

static hl_str
own(hl_str text)
{
	return (hl_str){ mem_dup(slice_str(text)), text.n };
}

void
data_refuse(struct session *session, const struct outcome *outcome)
{
	struct data *data = session->data;
	struct txn *txn = session->conv.txn;

	if (data->swallow)
		return;
	data->swallow = true;
	data->refusal = *outcome;
	data->refusal.text = own(outcome->text);
	data->refusal.enhanced = own(outcome->enhanced);
	data->refusal.plugin_text = STR_EMPTY;
	/* The client may take its time with the rest. */
	if (txn != NULL && txn->has_message && !txn->message.ended)
		message_drop(&txn->message);
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

void
data_check_line_ends(struct session *session)
{
	const struct smtp_data *scan = &session->data->scan;

	if (scan->policy == BARE_LF_REJECT && smtp_data_is_bare(scan))
		data_refuse_core(session, 550, "5.6.11",
		    "Message has a bare CR, a bare LF or a NUL; lines must "
		    "end in CRLF");
}

void
data_send_refusal(
    struct session *session, struct hl_ctx *ctx, enum hook_fate fate)
{
	struct data *data = session->data;
	struct outcome refusal = data->refusal;
	struct log_line line;

	/* Chunks that were on their way: not one more fault each. */
	if (data->told && !session->reply_each) {
		reply_send(
		    session, ctx, refusal.code, refusal.enhanced, refusal.text);
		return;
	}
	data->told = true;
	if (data->store_error != 0) {
		hook_log_begin(&line, LOG_LEVEL_ERROR, &session->conv);
		log_add_text(&line, LOG_event, "store_failed");
		log_add_text(&line, LOG_file, ctx->engine->bodies->spool_dir);
		log_printf(&line, LOG_err, "%s", strerror(-data->store_error));
		log_end(&line);
	}
	refusal.fate = fate;
	(void)rcpt_replies_send(session, ctx, &refusal);
}

/* Too big: told once; the answer comes at the end of data. */
static bool
size_is_fine(struct session *session, struct hl_ctx *ctx)
{
	struct hook_args args = {
		.n1 = session->data->scan.size_bytes,
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

void
data_refuse_stored(struct session *session, int error)
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
		data_refuse_stored(session, ret);
}

/* One run of unstuffed bytes. */
static void
on_run(void *arg, struct slice run)
{
	struct feed *feed = arg;
	struct session *session = feed->session;
	int ret;

	if (session->data->swallow || session->gone ||
	    !size_is_fine(session, feed->ctx))
		return;
	ret = message_append(&session->conv.txn->message, run.p, run.n);
	if (ret < 0) {
		data_refuse_stored(session, ret);
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

/* The end of data, or of a chunk. */
static void
end(struct session *session, struct hl_ctx *ctx)
{
	struct data *data = session->data;
	struct feed feed = { session, ctx };

	if (data->scan.is_counted && !data->is_last) {
		bdat_answer(session, ctx);
		return;
	}
	if (data->scan.is_counted) {
		smtp_data_finish(&data->scan, on_run, &feed);
		settle(session);
	}
	data_end(session, ctx);
}

bool
data_feed(struct session *session, struct hl_ctx *ctx)
{
	struct smtp_data *scan = &session->data->scan;
	struct feed feed = { session, ctx };
	struct slice in = input_peek(session);
	size_t used;
	bool ended;

	if (in.n == 0 && !(scan->is_counted && scan->left == 0))
		return false;
	ctx->txn = session->conv.txn;
	if (in.n > 0 && may_park(session, ctx)) {
		char *copy;

		in = slice_head(in, PIECE);
		copy = arena_alloc(ctx->arena, in.n);
		memcpy(copy, in.p, in.n);
		in.p = copy;
	}
	ended = smtp_data_feed(scan, in, on_run, &feed, &used);
	input_take(session, used);
	settle(session);
	if (ended && session->end == END_NOT)
		end(session, ctx);
	return true;
}
