/* SPDX-License-Identifier: MIT */
/* session_io.c - bytes in, bytes out, deadlines at rest.
 *
 * While the fiber is parked the stream is read on into the session's own
 * buffer, up to input_ahead; at rest there is no buffer but an unfinished
 * line.
 */
#include <errno.h>

#include "base/mem.h"
#include "data.h"
#include "net/stream.h"
#include "rt/fiber.h"
#include "server_private.h"
#include "session.h"
#include "shm/running.h"

struct slice
input_peek(const struct session *session)
{
	const struct input *input = &session->input;

	return input->own.n > 0
		   ? slice_from(buf_slice(&input->own), input->taken)
		   : input->borrowed;
}

void
input_take(struct session *session, size_t n)
{
	struct input *input = &session->input;

	if (input->own.n == 0) {
		input->borrowed = slice_from(input->borrowed, n);
		return;
	}
	input->taken += n;
	if (input->taken == input->own.n) {
		buf_clear(&input->own);
		input->taken = 0;
	}
}

void
input_take_secret(struct session *session, size_t n)
{
	struct slice in = input_peek(session);

	CHECK(n <= in.n);
	secret_wipe((void *)(uintptr_t)in.p, n);
	input_take(session, n);
}

void
input_put_back(struct session *session, struct slice bytes)
{
	struct input *input = &session->input;
	struct buf all = BUF_INIT;

	input_settle(session);
	buf_add_secret(&all, bytes.p, bytes.n);
	if (input->own.n > 0) {
		struct slice rest = input_peek(session);

		buf_add_secret(&all, rest.p, rest.n);
	}
	buf_done_secret(&input->own);
	input->own = all;
	input->taken = 0;
	session->line = (struct smtp_line){ 0 };
}

/* What a client sends between messages may be half of a password: the shared
 * buffer, which it leaves, keeps nothing of it. */
static void
keep(struct session *session, struct slice in)
{
	buf_add_secret(&session->input.own, in.p, in.n);
	if (session->data == NULL)
		secret_wipe((void *)(uintptr_t)in.p, in.n);
}

void
input_settle(struct session *session)
{
	struct input *input = &session->input;

	if (input->borrowed.n > 0) {
		CHECK(input->own.n == 0);
		keep(session, input->borrowed);
	}
	input->borrowed = SLICE_NONE;
	if (input->own.n == 0)
		buf_done(&input->own);
}

/* How much more may be read while the fiber is parked. */
static void
limit_reading(struct session *session)
{
	size_t ahead = session->limits != NULL
			   ? (size_t)session->limits->input_ahead
			   : 4096;
	size_t have = session->input.own.n - session->input.taken;

	stream_want(session->stream, have < ahead ? ahead - have : 0);
	session->parked_want = true;
}

enum smtp_bare_lf
session_bare_lf(const struct session *session)
{
	enum smtp_bare_lf policy = (enum smtp_bare_lf)session->limits->bare_lf;

	if (policy == BARE_LF_REJECT &&
	    (session->conv.facts.relay_client || session->bare_lf_excluded))
		return BARE_LF_FIX;
	return policy;
}

void
session_on_data(void *owner, const char *p, size_t n)
{
	struct session *session = owner;
	struct input *input = &session->input;

	CHECK_OBJ(session, SESSION_MAGIC);
	if (session->closing)
		return;
	if (input->taken > input->own.n / 2) {
		buf_shift_secret(&input->own, input->taken);
		input->taken = 0;
	}
	if (session->fiber != NULL || input->own.n > 0)
		keep(session, (struct slice){ p, n });
	else
		input->borrowed = (struct slice){ p, n };
	if (session->fiber != NULL) {
		if (!session->reads_exactly)
			limit_reading(session);
		if (session->client_waiter)
			fiber_wake(session->fiber);
		return;
	}
	session_wake(session);
	input_settle(session);
	if (session->fiber != NULL && !session->reads_exactly)
		limit_reading(session);
}

void
session_on_eof(void *owner)
{
	struct session *session = owner;

	CHECK_OBJ(session, SESSION_MAGIC);
	session->eof = true;
	if (session->fiber != NULL && session->client_waiter)
		fiber_wake(session->fiber);
	session_wake(session);
}

void
session_on_gone(void *owner, int err)
{
	struct session *session = owner;

	(void)err;
	CHECK_OBJ(session, SESSION_MAGIC);
	session_lost(session);
	session_wake(session);
}

/* What was said so far must not wait with the fiber. */
void
session_before_park(struct conv *conv)
{
	session_flush(session_of(conv));
}

void
session_flush(struct session *session)
{
	int ret;

	if (session->out.n == 0 || session->gone)
		return;
	ret = stream_write(session->stream, session->out.p, session->out.n);
	buf_clear(&session->out);
	if (ret < 0)
		session_lost(session);
}

bool
wait_for_reader(struct session *session)
{
	int ret =
	    stream_drain(session->stream, session->limits->command_timeout_ms);

	if (ret < 0)
		session->gone = true;
	return ret == 0;
}

static uint64_t
rest_timeout_ms(const struct session *session)
{
	if (session->limits == NULL)
		return SERVER_FIBER_WAIT_MS;
	return data_is_due(session) ? (uint64_t)session->limits->timeout_ms
				    : session->limits->command_timeout_ms;
}

/* Gives back everything that a session at rest need not have. */
void
session_rest(struct session *session)
{
	buf_done(&session->out);
	if (session->input.own.n == 0)
		buf_done(&session->input.own);
	if (session->is_shaking)
		return; /* the stream reads, and has the deadline */
	if (session->parked_want) {
		session->parked_want = false;
		stream_resume(session->stream);
	}
	timeq_arm(server_timeq(session->server, rest_timeout_ms(session)),
	    &session->timer);
}

/* No fiber for 30 s: the one reply that needs none.  The closing hooks run
 * when there is one; a session that has not begun has none to run. */
static void
no_fiber(struct session *session)
{
	static const char sorry[] =
	    "421 4.3.2 Server busy, try again later\r\n";
	int ret = stream_write(session->stream, sorry, sizeof(sorry) - 1);

	session->end = END_SHUTDOWN;
	if ((session->events & (EVENT_ACCEPT | EVENT_PROXY)) == 0 &&
	    !session->skip_hooks)
		return;
	session->closing = true;
	list_remove(&session->waiting);
	if (ret < 0)
		stream_close(session->stream);
	else
		stream_linger_close(session->stream);
}

void
session_on_timeout(struct timeq_entry *entry, void *arg)
{
	struct session *session = CONTAINER_OF(entry, struct session, timer);

	(void)arg;
	CHECK_OBJ(session, SESSION_MAGIC);
	if (link_is_linked(&session->waiting)) {
		no_fiber(session);
		return;
	}
	session->events |= EVENT_TIMEOUT;
	session_wake(session);
}

bool
session_may_listen(const struct session *session)
{
	return session->limits != NULL && !data_is_due(session) &&
	       !session->closing;
}

void
session_listen(struct session *session)
{
	limit_reading(session);
	session->client_waiter = true;
}

/* Waits until there is input, the client has ended, or `ms` have passed. */
static int
wait_for_input(struct session *session, uint64_t ms)
{
	int ret = 0;

	session_flush(session);
	session_listen(session);
	while (ret == 0 && input_peek(session).n == 0 && !session->eof)
		ret = fiber_block(ms);
	session->client_waiter = false;
	return ret;
}

int
session_client_wait(struct conv *conv, uint64_t ms)
{
	struct session *session = session_of(conv);
	int ret;

	if (!session_may_listen(session))
		return -EINVAL;
	input_settle(session);
	fiber_label_wait("client");
	ret = wait_for_input(session, ms == 0 ? 1 : ms);
	if (ret == -ETIME)
		return 0;
	return ret < 0 ? ret : input_peek(session).n > 0;
}

int
session_client_line(
    struct conv *conv, uint64_t timeout_ms, struct arena *arena, hl_str *ret)
{
	struct session *session = session_of(conv);

	if (!session_may_listen(session))
		return -EINVAL;
	input_settle(session);
	fiber_label_wait("client");
	for (;;) {
		struct slice line;
		size_t used;
		enum smtp_line_status status = smtp_line_next(&session->line,
		    input_peek(session), SMTP_LINE_MAX_AUTH,
		    session_bare_lf(session), &line, &used);
		size_t before = input_peek(session).n;
		int waited;

		if (status == SMTP_LINE_DONE)
			*ret = arena_str(arena, line);
		input_take_secret(session, used);
		if (status == SMTP_LINE_DONE)
			return 0;
		if (status == SMTP_LINE_BAD)
			return -EINVAL;
		if (status == SMTP_LINE_TOO_LONG)
			return -EMSGSIZE;
		if (session->eof)
			return -EPIPE;
		stream_want(session->stream, SMTP_LINE_MAX_AUTH);
		session->parked_want = true;
		session->client_waiter = true;
		session_flush(session);
		waited = 0;
		while (waited == 0 && input_peek(session).n == before - used &&
		       !session->eof)
			waited = fiber_block(timeout_ms);
		session->client_waiter = false;
		if (waited < 0)
			return waited == -ETIME ? -ETIMEDOUT : waited;
	}
}
