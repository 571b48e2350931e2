/* SPDX-License-Identifier: MIT */
/* server_drain.c - the end of a server's sessions (server.h). */
#include <uv.h>

#include "base/mem.h"
#include "rt/fiber.h"
#include "server_private.h"
#include "session.h"
#include "shm/stats.h"

/* The last session is gone: `shutdown` hooks are run by server_free's
 * engine_stop; whoever drains is told from the loop. */
static void
on_idle(uv_idle_t *handle)
{
	struct server *server = handle->data;

	(void)uv_idle_stop(handle);
	uv_close((uv_handle_t *)handle, (uv_close_cb)mem_free);
	server->on_empty(server->on_empty_arg);
}

static void
tell_empty(struct server *server)
{
	uv_idle_t *idle;

	if (!server->draining || server->stopping || server->session_count > 0)
		return;
	server->stopping = true;
	idle = mem_alloc(sizeof(*idle));
	(void)uv_idle_init(rt_loop(server->rt), idle);
	idle->data = server;
	(void)uv_idle_start(idle, on_idle);
}

void
server_session_gone(struct server *server)
{
	server->session_count--;
	shm_gauge(
	    &shm_totals(server->options.shm)->sessions, server->session_count);
	tell_empty(server);
}

static void
end_session(struct server *server, struct session *session)
{
	session_shutdown(session);
	if (server->how != SERVER_DRAIN_NOW)
		return;
	if (session->fiber != NULL && !session->closing)
		fiber_cancel(session->fiber);
	else
		session_wake(session);
}

void
server_drain(struct server *server, enum server_drain how,
    void (*on_empty)(void *arg), void *arg)
{
	server->on_empty = on_empty;
	server->on_empty_arg = arg;
	if (!server->draining) {
		server->draining = true;
		server->how = how;
		LIST_FOR_EACH (link, safe, &server->listeners) {
			struct server_listener *at =
			    CONTAINER_OF(link, struct server_listener, link);

			if (at->listener != NULL)
				server_unlisten(
				    server, at->fd, SERVER_UNLISTEN_LEAVE);
		}
	}
	if (how > server->how)
		server->how = how;
	if (server->how != SERVER_DRAIN_KEEP) {
		LIST_FOR_EACH (link, safe, &server->sessions)
			end_session(
			    server, CONTAINER_OF(link, struct session, link));
	}
	tell_empty(server);
}

void
server_age_out(struct server *server, uint64_t older_than_ms)
{
	struct mono now = mono_now();

	LIST_FOR_EACH (link, safe, &server->sessions) {
		struct session *session =
		    CONTAINER_OF(link, struct session, link);

		if (mono_since_us(now, session->conv.facts.since) / 1000 >=
		    older_than_ms)
			session_shutdown(session);
	}
}
