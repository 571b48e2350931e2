/* SPDX-License-Identifier: MIT */
/* server.c - loads, listens, drains (server.h). */
#include "server.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "conf/conf_dir.h"
#include "conf/conf_listen.h"
#include "conf/conf_value.h"
#include "hook/hook_log.h"
#include "hook/plugin_files.h"
#include "net/listener.h"
#include "rt/fiber.h"
#include "rt/timeq.h"
#include "server_private.h"
#include "server_tls.h"
#include "session.h"
#include "shm/stats.h"

#define SERVER_MAGIC 0x73727672u

/* ---- deadlines ---- */

struct timeq *
server_timeq(struct server *server, uint64_t timeout_ms)
{
	struct server_timeq *best = NULL;

	for (unsigned i = 0; i < SERVER_TIMEQS; i++) {
		struct server_timeq *at = &server->timeqs[i];

		if (at->queue == NULL) {
			at->timeout_ms = timeout_ms;
			at->queue = timeq_new(
			    server->rt, timeout_ms, session_on_timeout, server);
		}
		if (at->timeout_ms == timeout_ms)
			return at->queue;
		if (at->timeout_ms > timeout_ms &&
		    (best == NULL || at->timeout_ms < best->timeout_ms))
			best = at;
	}
	return best != NULL ? best->queue : server->timeqs[0].queue;
}

/* ---- listeners ---- */

static void
on_accept(void *owner, int fd, const struct inet_addr *peer,
    const struct inet_addr *local)
{
	session_open(owner, fd, peer, local);
}

static void
on_accept_error(void *owner, int err, unsigned pause_ms)
{
	struct server_listener *listener = owner;
	struct log_line line;

	log_begin(&line, LOG_LEVEL_ERROR);
	log_add_text(&line, LOG_event, "accept_failed");
	log_add(&line, LOG_listener, slice_str(listener->name));
	log_add_text(&line, LOG_err, strerror(-err));
	log_add_int(&line, LOG_delay_ms, pause_ms);
	log_end(&line);
}

static const struct listener_events listener_events = {
	.on_accept = on_accept,
	.on_error = on_accept_error,
};

static struct server_listener *
find_listener(struct server *server, int fd)
{
	LIST_FOR_EACH (link, safe, &server->listeners) {
		struct server_listener *at =
		    CONTAINER_OF(link, struct server_listener, link);

		if (at->fd == fd)
			return at;
	}
	return NULL;
}

/* The listener's own versions of them; so that faults show now. */
static void
read_files(const struct server_listener *listener)
{
	const struct server *server = listener->server;

	for (unsigned i = 0; i < listener->chains->count; i++)
		plugin_files_read(&listener->chains->plugins[i]->desc,
		    server->conf, listener->name, false);
}

int
server_listen(struct server *server, int fd, const struct conf_listener *line,
    struct err *err)
{
	const struct chain_set *chains =
	    engine_chains(server->engine, line->plugins);
	struct server_listener *listener;
	int ret;

	if (find_listener(server, fd) != NULL)
		return err_set(err, -EEXIST, "listening on it already");
	if (chains == NULL)
		return err_set(
		    err, -EINVAL, "no chain %.*s", STR(line->plugins));
	listener = mem_alloc(sizeof(*listener));
	listener->server = server;
	listener->fd = fd;
	listener->chains = chains;
	listener->tls = line->tls;
	listener->lmtp = line->lmtp;
	listener->proxy = line->proxy;
	ret = listener_open(
	    server->rt, fd, &listener_events, listener, &listener->listener);
	if (ret < 0) {
		mem_free(listener);
		return err_set(err, ret, "%s", strerror(-ret));
	}
	listener->name =
	    (hl_str){ mem_dup(slice_str(line->name)), line->name.n };
	server_tls__resolve(listener);
	read_files(listener);
	list_push_back(&server->listeners, &listener->link);
	if (server->accepting)
		listener_start(listener->listener);
	return 0;
}

/* Sessions point to their listener: only its socket goes now. */
void
server_unlisten(struct server *server, int fd, enum server_unlisten how)
{
	struct server_listener *listener = find_listener(server, fd);

	if (listener == NULL || listener->listener == NULL)
		return;
	listener_stop(listener->listener);
	if (how == SERVER_UNLISTEN_EMPTY &&
	    listener_accept_all(listener->listener) < 0)
		on_accept_error(listener, -EMFILE, 0);
	listener_close(&listener->listener);
	listener->fd = -1;
}

void
server_accept_start(struct server *server)
{
	server->accepting = true;
	LIST_FOR_EACH (link, safe, &server->listeners) {
		struct server_listener *at =
		    CONTAINER_OF(link, struct server_listener, link);

		if (at->listener != NULL)
			listener_start(at->listener);
	}
}

void
server_accept_stop(struct server *server)
{
	server->accepting = false;
	LIST_FOR_EACH (link, safe, &server->listeners) {
		struct server_listener *at =
		    CONTAINER_OF(link, struct server_listener, link);

		if (at->listener != NULL)
			listener_stop(at->listener);
	}
}

unsigned
server_sessions(const struct server *server)
{
	return server->session_count;
}

size_t
server_body_memory(const struct server *server)
{
	return server->bodies.memory.used;
}

void
server_faults(struct server *server, struct buf *ret)
{
	const struct conf_faults *faults = conf_faults(server->conf);

	for (size_t i = 0; i < faults->count; i++) {
		conf_fault_print(ret, &faults->at[i]);
		buf_add_char(ret, '\n');
	}
}

unsigned
server_config_flush(struct server *server, struct err *err)
{
	const struct conf_faults *faults;
	struct buf text = BUF_INIT;
	unsigned count;

	(void)conf_flush(server->conf);
	LIST_FOR_EACH (link, safe, &server->listeners)
		limits_unref(
		    &CONTAINER_OF(link, struct server_listener, link)->limits);
	faults = conf_faults(server->conf);
	count = (unsigned)faults->count;
	if (count > 0) {
		conf_fault_print(&text, &faults->at[0]);
		(void)err_set(err, -EINVAL, "%s", text.p);
		buf_done(&text);
	}
	return count;
}
