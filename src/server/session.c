/* SPDX-License-Identifier: MIT */
/* session.c - the life cycle of a session. */
#include "session.h"

#include <unistd.h>

#include "base/mem.h"
#include "hook/hook_log.h"
#include "hook/peer_key.h"
#include "mail/forwarded.h"
#include "net/stream.h"
#include "reply.h"
#include "rt/fiber.h"
#include "server_private.h"
#include "shm/running.h"
#include "shm/stats.h"

#define SESSION_BLOCK 192

static void
on_disconnect(struct conv *conv)
{
	session_finish(session_of(conv), END_QUIT);
}

static const struct conv_ops conv_ops = {
	.before_park = session_before_park,
	.reply = reply_of_plugin,
	.disconnect = on_disconnect,
	.client_wait = session_client_wait,
	.client_line = session_client_line,
	.talk_peek = talk_peek,
	.talk_take = talk_take,
	.talk_say = talk_say,
	.talk_end = talk_end,
	.talk_replied = talk_replied,
	.tls_exporter = session_tls_exporter,
};

static void
set_facts(struct session *session, const struct inet_addr *peer,
    const struct inet_addr *local)
{
	struct facts *facts = &session->conv.facts;
	char text[INET_TEXT_MAX];
	size_t n;

	facts->peer = *peer;
	facts->local = *local;
	n = inet_text(peer, text);
	facts->peer_ip =
	    arena_str(&session->conv.arena, (struct slice){ text, n });
	facts->listener = session->listener->name;
	facts->lmtp = session->listener->lmtp;
	facts->helo = STR_EMPTY;
	facts->auth_user = STR_EMPTY;
	facts->auth_mechanism = STR_EMPTY;
	facts->since = mono_now();
	facts_make_sid(facts, session->server->options.slot);
}

static struct session *
session_new(struct server_listener *listener)
{
	struct session *session = mem_alloc(sizeof(*session));
	struct server *server = listener->server;

	session->magic = SESSION_MAGIC;
	session->server = server;
	session->listener = listener;
	arena_init(&session->conv.arena, SESSION_BLOCK, 0);
	session->conv.ops = &conv_ops;
	session->conv.chains = listener->chains;
	session->conv.results = session->results;
	session->conv.me = STR_EMPTY;
	return session;
}

/* The stream is closed and no fiber runs. */
static void
session_free(struct session *session)
{
	struct server *server = session->server;

	CHECK_OBJ(session, SESSION_MAGIC);
	CHECK(session->fiber == NULL && session->stream_closed);
	timeq_cancel(&session->timer);
	list_remove(&session->waiting);
	list_remove(&session->link);
	if (session->is_counted)
		shm_peer_remove(server->options.shm, session->peer_ref);
	txn_unref(&session->conv.txn);
	forwarded_free(&session->forwarded);
	session_forget_plugins(session);
	if (session->conv.facts.helo.n > 0)
		mem_free((void *)(uintptr_t)session->conv.facts.helo.p);
	arena_done(&session->conv.arena);
	buf_done(&session->out);
	buf_done_secret(&session->input.own);
	mem_free(session->auth_failed_user);
	limits_unref(&session->limits);
	session->magic = 0;
	mem_free(session);
	server_session_gone(server);
}

static void
on_closed(void *owner)
{
	struct session *session = owner;

	CHECK_OBJ(session, SESSION_MAGIC);
	session->stream_closed = true;
	if (session->fiber == NULL)
		session_free(session);
}

static void
session_fiber(void *arg)
{
	struct session *session = arg;
	struct hl_ctx ctx;

	CHECK_OBJ(session, SESSION_MAGIC);
	session->fiber = fiber_self();
	timeq_cancel(&session->timer);
	list_remove(&session->waiting);
	ctx_init(&ctx, session->server->engine, &session->conv);
	session_run(session, &ctx);
	session_flush(session);
	/* The last write may be what tells that the client is gone. */
	if (session->gone && !session->closing)
		session_run(session, &ctx);
	session->fiber = NULL;
	if (session->stream_closed)
		session_free(session);
	else if (!session->closing)
		session_rest(session);
}

void
session_wake(struct session *session)
{
	struct server *server = session->server;

	CHECK_OBJ(session, SESSION_MAGIC);
	if (session->fiber != NULL || session->closing)
		return;
	/* Who waits already keeps its place and its time. */
	if (fiber_start(server->rt, session_fiber, session) == 0 ||
	    link_is_linked(&session->waiting))
		return;
	list_push_back(&server->waiting, &session->waiting);
	stream_pause(session->stream);
	session->parked_want = true; /* session_rest reads again */
	timeq_arm(server_timeq(server, SERVER_FIBER_WAIT_MS), &session->timer);
}

void
session_open(struct server_listener *listener, int fd,
    const struct inet_addr *peer, const struct inet_addr *local)
{
	struct server *server = listener->server;
	struct session *session = session_new(listener);
	int ret;

	ret = stream_open(
	    server->rt, fd, &session_stream_events, session, &session->stream);
	if (ret < 0) {
		(void)close(fd);
		session->stream_closed = true;
		list_push_back(&server->sessions, &session->link);
		server->session_count++;
		session_free(session);
		return;
	}
	set_facts(session, peer, local);
	session_count_peer(session);
	list_push_back(&server->sessions, &session->link);
	server->session_count++;
	shm_add(&shm_totals(server->options.shm)->connections, 1);
	shm_gauge(
	    &shm_totals(server->options.shm)->sessions, server->session_count);
	session_begin(session);
}

void
session_count_peer(struct session *session)
{
	struct shm *shm = session->server->options.shm;
	struct shm_key key =
	    peer_key(session->server->conf, &session->conv.facts);

	if (session->is_counted)
		shm_peer_remove(shm, session->peer_ref);
	session->peer_ref = shm_peer_add(shm, &key);
	session->is_counted = true;
}

void
session_begin(struct session *session)
{
	if (session->listener->proxy && session->conv.facts.proxy == NULL) {
		session->events |= EVENT_PROXY;
		session_wake(session);
		return;
	}
	session->events |= EVENT_ACCEPT;
	session_wake(session);
}

bool
session_is_idle(const struct session *session)
{
	return session->fiber == NULL && session->data == NULL &&
	       (session->conv.txn == NULL ||
		   session->conv.txn->sender == NULL) &&
	       session->input.own.n == 0;
}

void
session_shutdown(struct session *session)
{
	session->events |= EVENT_SHUTDOWN;
	if (session_is_idle(session))
		session_wake(session);
}

size_t
session_memory(const struct session *session)
{
	return sizeof(*session) + session->conv.arena.used +
	       session->conv.account.used + session->out.cap +
	       session->input.own.cap + stream_memory(session->stream);
}

const struct stream_events session_stream_events = {
	.on_data = session_on_data,
	.on_eof = session_on_eof,
	.on_gone = session_on_gone,
	.on_closed = on_closed,
	.on_secure = session_on_secure,
	.on_tls_failed = session_on_tls_failed,
};
