/* SPDX-License-Identifier: MIT */
/* call.c - one call of a plugin's entries in a host. */
#include <errno.h>
#include <string.h>

#include "hook/hook_log.h"
#include "hook/instance.h"
#include "host_private.h"
#include "wire.h"

/* What a host may send during a call: some of its largest frames. */
#define CALL_BYTES_MAX (UINT64_C(64) * 1024 * 1024)
/* Room for credentials, so that no copy of them is left where the frame was
 * before it grew. */
#define SECRET_ROOM (32u * 1024)

static int
send_call(struct hl_ctx *ctx, struct host_session *session,
    const struct host_plugin *plugin)
{
	enum hook_id hook = ctx->frame->hook;
	struct buf fields = BUF_INIT;
	size_t args;
	int status;

	if (hook_table[hook].call == HOOK_CALL_AUTH || hook == HOOK_AUTH_PARSE)
		buf_reserve(&fields, SECRET_ROOM);
	wire_add_text(&fields, "call");
	wire_add_number(&fields, ++session->calls);
	wire_add_text(&fields, hook_table[hook].name);
	row_write(session, ctx, plugin, &fields);
	args = wire_open(&fields);
	args_write(hook, ctx->frame->args, ctx, &fields);
	wire_close(&fields, args);
	sync_out(session, ctx, &fields);
	status = host_link_send(session->link, buf_slice(&fields));
	buf_done_secret(&fields);
	return status;
}

/* Number, verdict, microseconds, remark of each entry; the last one counts. */
static int
take_results(struct hl_ctx *ctx, struct slice list, struct host_answer *ret)
{
	struct slice number, verdict, us, remark;
	bool some = false;

	while (wire_next(&list, &number)) {
		uint64_t value;

		if (!wire_next(&list, &verdict) || !wire_next(&list, &us) ||
		    !wire_next(&list, &remark))
			return -EPROTO;
		/* What is no number is no verdict. */
		if (wire_number(verdict, UINT32_MAX, &value) < 0)
			value = 1;
		some = true;
		/* 0 is none in a host; DECLINED is 909. */
		ret->verdict = value == 909 ? HL_DECLINED
			       : value == 0 ? 1
					    : (unsigned)value;
		ret->died = slice_starts(remark, "died");
		if (!ret->died)
			continue;
		ret->any_died = true;
		ret->remark = arena_str(ctx->arena, remark);
	}
	return some && list.n == 0 ? 0 : -EPROTO;
}

/* "answer" or "then" ID RESULTS TEXTS UPDATE... */
static int
take_answer(struct hl_ctx *ctx, struct host_session *session,
    struct slice fields, struct host_answer *ret)
{
	struct slice id, results, texts;
	uint64_t number;

	if (!wire_next(&fields, &id) || !wire_next(&fields, &results) ||
	    !wire_next(&fields, &texts) ||
	    wire_number(id, UINT32_MAX, &number) < 0 ||
	    number != session->calls || !wire_is_list(texts) ||
	    sync_check(fields) < 0)
		return -EPROTO;
	*ret = (struct host_answer){ .remark = STR_EMPTY };
	if (take_results(ctx, results, ret) < 0)
		return -EPROTO;
	/* The frame is gone with the next receive. */
	if (texts.n > 0) {
		char *copy = arena_alloc(ctx->arena, texts.n);

		memcpy(copy, texts.p, texts.n);
		ret->texts = (struct slice){ copy, texts.n };
	}
	/* What it has printed comes before what follows from its answer. */
	if (stdio_flush(session) < 0)
		return -ECANCELED;
	sync_in(ctx, session, fields);
	sync_settle(session, ctx);
	ret->printed = stdio_end(session, false);
	return 1;
}

/* One frame of the host's; 1: it was the answer. */
static int
take_frame(struct hl_ctx *ctx, struct host_session *session,
    struct slice fields, struct host_answer *ret)
{
	struct slice kind;

	if (!wire_next(&fields, &kind))
		return -EPROTO;
	if (slice_eq_text(kind, "answer")) {
		/* The host has stopped here. */
		if (session->depth == 1)
			session->ahead.left = 0;
		return take_answer(ctx, session, fields, ret);
	}
	if (slice_eq_text(kind, "then"))
		return session->depth == 1 && session->ahead.left > 0
			   ? take_answer(ctx, session, fields, ret)
			   : -EPROTO;
	if (slice_eq_text(kind, "at"))
		return 0;
	if (slice_eq_text(kind, "log")) {
		host_log(ctx, fields);
		return 0;
	}
	return slice_eq_text(kind, "ask") ? host_ask(ctx, session, fields)
					  : -EPROTO;
}

/* A host that was left in the middle of something is of no more use.  Returns
 * its process, or 0. */
static int
give_up(struct host_session *session, int status)
{
	const struct host *host = session->host;
	const struct host_link *link = session->link;
	const char *how = status == -ECANCELED   ? "gone"
			  : status == -ETIMEDOUT ? "late"
						 : "bad";
	int pid = link != NULL ? host_link_pid(link) : 0;

	if (pid > 0 && status != -EPIPE && host->on_stuck != NULL)
		host->on_stuck(host->arg, pid, host_link_fd(link), how);
	host_session_drop(session);
	return pid;
}

static const char *
reason(int status)
{
	return status == -EPIPE       ? "the host process has died"
	       : status == -EPROTO    ? "the host sent nonsense"
	       : status == -E2BIG     ? "the host sent too much"
	       : status == -ETIMEDOUT ? "the host did not answer in time"
				      : strerror(-status);
}

/* Frames until the answer (1), or until the link is not the one that the call
 * began on: a call inside of this one has lost it (-EPIPE). */
static int
take_frames(struct hl_ctx *ctx, struct host_session *session, unsigned links,
    struct host_answer *ret)
{
	unsigned id = session->calls;
	uint64_t until = host_link_received(session->link) + CALL_BYTES_MAX;
	int status = 0;

	while (status == 0) {
		struct slice fields;

		if (session->link == NULL || session->links != links)
			return -EPIPE;
		status = stdio_wait(session);
		if (status == 0)
			status = host_link_receive(session->link, 0, &fields);
		if (status < 0)
			return status;
		/* The arena grows with what it asks and logs. */
		if (host_link_received(session->link) > until ||
		    arena_is_over(ctx->arena))
			return -E2BIG;
		session->calls = id;
		status = take_frame(ctx, session, fields, ret);
	}
	return status;
}

/* The host is at calls that the engine does not make any more (the client has
 * gone, a plugin was late): what they say counts for nothing but its
 * updates. */
static int
leave_row(struct hl_ctx *ctx, struct host_session *session, unsigned links)
{
	int status = 0;

	while (status >= 0 && session->depth == 1 && session->ahead.left > 0) {
		struct host_answer ignored;

		row_take(session);
		status = take_frames(ctx, session, links, &ignored);
	}
	return status < 0 ? status : 0;
}

/* Sends what is to be sent, and waits for the answer.  1; negative errno. */
static int
call(struct hl_ctx *ctx, struct host_session *session,
    const struct host_plugin *plugin, struct host_answer *ret)
{
	unsigned links = session->links;
	int status = 0;

	if (row_has(session, ctx)) {
		row_take(session);
	} else {
		status = leave_row(ctx, session, links);
		if (status == 0)
			status = send_call(ctx, session, plugin);
	}
	return status < 0 ? status : take_frames(ctx, session, links, ret);
}

int
host_call(struct hl_ctx *ctx, struct host_plugin *plugin,
    struct host_answer *ret, struct err *err)
{
	struct host_session *session;
	int status = host_session_get(ctx, plugin->host, &session, err);
	unsigned links;

	if (status < 0)
		return status;
	links = session->links;
	status = call(ctx, session, plugin, ret);
	if (status < 0)
		(void)stdio_end(session, true);
	/* Another host may serve the session already. */
	if (status < 0 && session->links == links)
		ret->pid = give_up(session, status);
	host_session_put(session);
	if (status > 0)
		return 0;
	return err_set(err, status, "%s", reason(status));
}
