/* SPDX-License-Identifier: MIT */
/* session.c - a client's session and its host process.
 *
 * Bound at the first call and until the end: plugins keep what they know of a
 * connection in the process.  A session whose host was lost goes on with
 * another one, which is told everything anew; what only the first knew is
 * gone.  Log lines have no session: the log fiber has one of its own, which
 * serves no client.  What else runs without a client (init_worker, shutdown)
 * does so on another fiber, seldom, and keeps no host process.
 */
#include "host_private.h"

#include <errno.h>

#include "base/mem.h"
#include "hook/conv.h"
#include "wire.h"

/* For a session that has waited in vain, until it has been as long again. */
#define BUSY_AGAIN_MS 10

static struct host_session *
session_new(struct host *host)
{
	struct host_session *session = mem_alloc(sizeof(*session));

	session->host = host;
	return session;
}

static void
forget(struct host_session *session)
{
	buf_done(&session->facts.told);
	buf_done(&session->notes.told);
	buf_done(&session->txn_notes.told);
	buf_done(&session->rcpts.told);
	buf_done(&session->rcpt_notes.told);
	buf_done(&session->sender.told);
	session->relay = session->message_told = false;
	session->header_told = 0;
	session->ahead = (struct row_ahead){ 0 };
	session->commands = 0;
	session->txn_id[0] = '\0';
}

void
host_session_drop(struct host_session *session)
{
	host_link_close(&session->link);
	forget(session);
}

void
host_session_free(struct host_session **session)
{
	struct host_session *old = *session;

	*session = NULL;
	if (old == NULL)
		return;
	host_session_drop(old);
	stdio_free(&old->stdio);
	mem_free(old);
}

/* Hooks of one session that come one after the other, such as those of its
 * settings, wait together, not each as long as the first. */
static int
open_link(struct hl_ctx *ctx, struct host_session *session, struct err *err)
{
	uint64_t wait_ms = session->host->wait_ms;
	bool again = mono_is_before(mono_now(), session->busy_until);
	struct mono halted = call_time_halt(ctx);
	int status =
	    host_link_open(ctx->engine->rt, slice_str(session->host->path),
		again ? BUSY_AGAIN_MS : wait_ms, &session->link, err);

	call_time_go_on(ctx, halted);
	if (status == -ETIME && !again)
		session->busy_until = mono_add_ms(mono_now(), wait_ms);
	return status;
}

static int
begin(struct hl_ctx *ctx, struct host_session *session, struct err *err)
{
	struct buf frame = BUF_INIT;
	int status = open_link(ctx, session, err);

	if (status < 0)
		return status;
	session->links++;
	wire_add_text(&frame, "session");
	status = host_link_send(session->link, buf_slice(&frame));
	buf_done(&frame);
	if (status < 0) {
		host_session_drop(session);
		return err_set(err, status, "the host has hung up");
	}
	return 0;
}

/* Does all this happen for the sake of a log line? */
static bool
is_logging(const struct hl_ctx *ctx)
{
	const struct hook_frame *frame = ctx->frame;

	while (frame->below != NULL)
		frame = frame->below;
	return !frame->in_load && frame->hook == HOOK_LOGGING;
}

static struct host_session **
place_of(struct hl_ctx *ctx, struct host *host)
{
	/* The opaque pointer is ours alone. */
	if (ctx->conv != NULL)
		return (struct host_session **)&ctx->conv->remote;
	return is_logging(ctx) ? &host->log : &host->other;
}

/* False: nobody can be told, or it was answered already. */
static bool
tell_busy(struct hl_ctx *ctx)
{
	bool plain =
	    (hook_table[ctx->frame->hook].flags & HOOK_FLAG_NOENH) != 0;

	return ctx->conv != NULL && ctx->conv->ops != NULL &&
	       hl_reply(ctx, 421, plain ? NULL : "4.3.2",
		   "Server busy, try again later") == 0;
}

int
host_session_get(struct hl_ctx *ctx, struct host *host,
    struct host_session **ret, struct err *err)
{
	struct host_session **place = place_of(ctx, host);
	int status;

	if (*place == NULL)
		*place = session_new(host);
	*ret = *place;
	status = (*place)->link != NULL ? 0 : begin(ctx, *place, err);
	if (status == 0)
		(*place)->depth++;
	/* All are busy: the client is told so. */
	if (status == -ETIME && tell_busy(ctx))
		return err_set(err, -EBUSY, "all hosts are busy");
	return status;
}

void
host_session_put(struct host_session *session)
{
	if (--session->depth == 0 && session == session->host->other)
		host_session_drop(session);
}
