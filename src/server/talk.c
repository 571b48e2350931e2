/* SPDX-License-Identifier: MIT */
/* talk.c - a plugin that reads and writes the client's bytes itself.
 *
 * For plugins in a host whose standard input and output are the client
 * (host/stdio.c), by conv_ops.  What they print goes out behind the replies
 * that were made before; what they are given is taken off the input, and what
 * they leave of it comes back in front of what has arrived since.  Message
 * bytes are not for them, neither is anything before the session has its
 * limits nor at its end.
 */
#include <errno.h>

#include "net/stream.h"
#include "reply.h"
#include "server_private.h"
#include "session.h"

struct slice
talk_peek(struct conv *conv, bool *ret_eof)
{
	struct session *session = session_of(conv);
	struct slice in;

	*ret_eof = false;
	if (!session_may_listen(session))
		return SLICE_NONE;
	input_settle(session);
	in = input_peek(session);
	*ret_eof = session->eof && in.n == 0;
	session_listen(session);
	return in;
}

void
talk_take(struct conv *conv, size_t n)
{
	struct session *session = session_of(conv);

	input_take_secret(session, n);
	/* Of a line whose beginning is gone. */
	session->line = (struct smtp_line){ 0 };
}

int
talk_say(struct conv *conv, struct slice text)
{
	struct session *session = session_of(conv);
	bool is_too_early =
	    session->listener->tls && stream_ssl(session->stream) == NULL;

	if (session->gone || session->is_shaking || is_too_early)
		return 0;
	buf_add_slice(&session->out, text);
	session_flush(session);
	if (session->gone)
		return -ECANCELED;
	if (stream_queued(session->stream) <= OUT_MAX)
		return 0;
	return wait_for_reader(session) ? 0 : -ECANCELED;
}

void
talk_end(struct conv *conv, struct slice unread)
{
	struct session *session = session_of(conv);

	session->client_waiter = false;
	if (unread.n > 0 && !session->closing)
		input_put_back(session, unread);
}

void
talk_replied(struct hl_ctx *ctx, unsigned code)
{
	struct session *session = session_of(ctx->conv);
	struct decision decision = { .hook = ctx->frame->hook,
		.plugin = ctx->frame->plugin->name,
		.code = code,
		.enhanced = STR_EMPTY,
		.text = STR_LIT("(printed by the plugin)") };

	session->answered = true;
	reply_noted(session, ctx, &decision);
}
