/* SPDX-License-Identifier: MIT */
/* fake_server.c - server/server.h for the tests of the processes.
 *
 * A session is a line protocol that makes a worker do what plugins may do to
 * it.  The greeting is "220 SLOT GENERATION PID".
 *
 *	QUIT, TXN (a transaction begins), DONE (it ends)
 *	HOLD MS (a hook holds the loop), CRASH, ABORT, OVERFLOW, EXIT N
 *	NOTE US (a hook took so long), PEERS, LINE (of config/listen)
 *
 * config/plugins may say: "fail TEXT", "crash", "hang", all at load.
 * config/faulty, when it exists, is a fault for config-flush.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include <uv.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/list.h"
#include "base/mem.h"
#include "base/num.h"
#include "conf/conf_listen.h"
#include "net/listener.h"
#include "rt/fiber.h"
#include "rt/rt.h"
#include "server/server.h"
#include "shm/peers.h"
#include "shm/running.h"
#include "shm/stats.h"

/* Not known to the compiler. */
static volatile uintptr_t nowhere = 16;

struct port {
	struct link link;
	struct server *server;
	struct listener *listener;
	char *name;
};

struct session {
	struct link link;
	struct server *server;
	struct port *port;
	shm_peer_ref peer;
	struct shm_key key;
	uv_poll_t poll;
	int fd;
	char in[256];
	size_t used;
	bool is_busy, is_closing;
	struct mono begun;
};

struct server {
	struct server_options options;
	struct list ports, sessions;
	unsigned count;
	bool accepts, drains;
	enum server_drain how;
	void (*on_empty)(void *arg);
	void *arg;
	uv_timer_t empty;
	unsigned stat;
};

/* ---- sessions ------------------------------------------------------------ */

static void
on_empty_timer(uv_timer_t *timer)
{
	struct server *server = timer->data;

	server->on_empty(server->arg);
}

static void
check_empty(struct server *server)
{
	if (server->drains && server->count == 0 &&
	    !uv_is_active((uv_handle_t *)&server->empty))
		(void)uv_timer_start(&server->empty, on_empty_timer, 0, 0);
}

static void
on_closed(uv_handle_t *handle)
{
	struct session *s = handle->data;

	(void)close(s->fd);
	mem_free(s);
}

static void
session_close(struct session *s)
{
	if (s->is_closing)
		return;
	s->is_closing = true;
	list_remove(&s->link);
	s->server->count--;
	shm_peer_remove(s->server->options.shm, s->peer);
	uv_close((uv_handle_t *)&s->poll, on_closed);
	check_empty(s->server);
}

static void
say(struct session *s, const char *text)
{
	char line[256];
	int n = snprintf(line, sizeof(line), "%s\r\n", text);

	(void)!write(s->fd, line, (size_t)n);
}

static void
session_end(struct session *s)
{
	say(s, "421 4.3.2 shutting down");
	session_close(s);
}

static unsigned
recurse(volatile char *p, unsigned depth)
{
	volatile char frame[200];

	memset((void *)(uintptr_t)frame, (int)depth, sizeof(frame));
	if (depth == 0)
		return (unsigned)p[0];
	return recurse(frame, depth - 1) + (unsigned)frame[depth % 200];
}

static void
on_overflow_fiber(void *arg)
{
	volatile char bottom = 0;

	(void)arg;
	(void)recurse(&bottom, 1000000);
}

static void
do_hold(struct session *s, uint64_t ms)
{
	struct shm *shm = s->server->options.shm;
	struct mono begin = mono_now();

	shm_running_set(
	    shm, s->server->stat, SLICE_LIT("s1"), SLICE_LIT("t1"), begin);
	while (mono_since_us(mono_now(), begin) < ms * 1000)
		;
	shm_running_clear(shm, mono_now());
	say(s, "250 held");
}

static void
do_bad(struct session *s, struct slice word)
{
	shm_running_set(s->server->options.shm, s->server->stat,
	    SLICE_LIT("s1"), SLICE_LIT("t1"), mono_now());
	if (slice_eq_text(word, "ABORT"))
		abort();
	if (slice_eq_text(word, "OVERFLOW"))
		(void)!fiber_start(
		    s->server->options.rt, on_overflow_fiber, NULL);
	*(volatile int *)nowhere = 1;
}

static void
run_line(struct session *s, struct slice line)
{
	struct slice word = slice_word(&line);
	struct shm *shm = s->server->options.shm;
	uint64_t number = 0;
	char text[128];

	(void)!num_parse_u64(slice_trim(line), UINT64_MAX, &number);
	if (slice_eq_text(word, "QUIT")) {
		say(s, "221 bye");
		session_close(s);
	} else if (slice_eq_text(word, "TXN")) {
		s->is_busy = true;
		say(s, "250 busy");
	} else if (slice_eq_text(word, "DONE")) {
		s->is_busy = false;
		say(s, "250 done");
		if (s->server->drains && s->server->how >= SERVER_DRAIN_IDLE)
			session_end(s);
	} else if (slice_eq_text(word, "HOLD")) {
		do_hold(s, number);
	} else if (slice_eq_text(word, "NOTE")) {
		shm_hook_note(shm, s->server->stat, SHM_OK, number, 1);
		say(s, "250 noted");
	} else if (slice_eq_text(word, "PEERS")) {
		(void)snprintf(text, sizeof(text), "250 %u %u",
		    shm_peer_count(shm, &s->key), shm_peer_total(shm));
		say(s, text);
	} else if (slice_eq_text(word, "LINE")) {
		(void)snprintf(text, sizeof(text), "250 %s", s->port->name);
		say(s, text);
	} else if (slice_eq_text(word, "EXIT")) {
		_exit((int)number);
	} else {
		do_bad(s, word);
	}
}

static void
on_readable(uv_poll_t *poll, int status, int events)
{
	struct session *s = poll->data;
	ssize_t n = read(s->fd, s->in + s->used, sizeof(s->in) - s->used);
	char *end;

	(void)status;
	(void)events;
	if (n == -1 && errno == EAGAIN)
		return;
	if (n <= 0) {
		session_close(s);
		return;
	}
	s->used += (size_t)n;
	while (!s->is_closing && (end = memchr(s->in, '\n', s->used)) != NULL) {
		size_t length = (size_t)(end + 1 - s->in);

		run_line(s, slice_trim((struct slice){ s->in, length }));
		s->used -= length;
		memmove(s->in, s->in + length, s->used);
	}
}

static void
on_accept(void *owner, int fd, const struct inet_addr *peer,
    const struct inet_addr *local)
{
	struct port *port = owner;
	struct server *server = port->server;
	struct session *s = mem_alloc(sizeof(*s));
	char text[64];

	(void)local;
	s->server = server;
	s->port = port;
	s->fd = fd;
	s->begun = mono_now();
	s->key = shm_key_of(peer, 64);
	s->peer = shm_peer_add(server->options.shm, &s->key);
	shm_add(&shm_totals(server->options.shm)->connections, 1);
	list_push_back(&server->sessions, &s->link);
	server->count++;
	s->poll.data = s;
	CHECK(uv_poll_init(rt_loop(server->options.rt), &s->poll, fd) == 0);
	CHECK(uv_poll_start(&s->poll, UV_READABLE, on_readable) == 0);
	(void)snprintf(text, sizeof(text), "220 %u %u %d", server->options.slot,
	    server->options.generation, getpid());
	say(s, text);
}

/* ---- server.h ------------------------------------------------------------ */

static int
load_plugins(const struct server_options *options, struct err *err)
{
	char path[512], line[256] = "";
	FILE *file;

	(void)snprintf(path, sizeof(path), "%s/plugins", options->config_dir);
	file = fopen(path, "r");
	if (file == NULL)
		return 0;
	(void)!fgets(line, sizeof(line), file);
	(void)fclose(file);
	line[strcspn(line, "\n")] = '\0';
	if (strncmp(line, "fail ", 5) == 0)
		return err_set(err, -EINVAL, "%s:1: %s", path, line + 5);
	if (strcmp(line, "crash") == 0)
		*(volatile int *)nowhere = 1;
	while (strcmp(line, "hang") == 0)
		(void)pause();
	return 0;
}

int
server_load(
    const struct server_options *options, struct server **ret, struct err *err)
{
	struct server *server;
	int rc = load_plugins(options, err);

	if (rc < 0)
		return rc;
	server = mem_alloc(sizeof(*server));
	server->options = *options;
	list_init(&server->ports);
	list_init(&server->sessions);
	server->stat =
	    shm_stat_define(options->shm, SLICE_LIT("fake"), SLICE_LIT("rcpt"));
	server->empty.data = server;
	CHECK(uv_timer_init(rt_loop(options->rt), &server->empty) == 0);
	*ret = server;
	return 0;
}

int
server_listen(struct server *server, int fd, const struct conf_listener *line,
    struct err *err)
{
	static const struct listener_events events = { on_accept, NULL };
	struct port *port = mem_alloc(sizeof(*port));
	int rc;

	port->server = server;
	port->name = mem_dup(slice_str(line->name));
	rc = listener_open(
	    server->options.rt, fd, &events, port, &port->listener);
	if (rc < 0)
		return err_set(err, rc, "listen: %s", strerror(-rc));
	list_push_back(&server->ports, &port->link);
	if (server->accepts)
		listener_start(port->listener);
	return 0;
}

void
server_unlisten(struct server *server, int fd, enum server_unlisten how)
{
	LIST_FOR_EACH (link, safe, &server->ports) {
		struct port *port = CONTAINER_OF(link, struct port, link);

		if (port->listener == NULL || listener_fd(port->listener) != fd)
			continue;
		if (how == SERVER_UNLISTEN_EMPTY)
			(void)!listener_accept_all(port->listener);
		listener_close(&port->listener);
	}
}

void
server_accept_start(struct server *server)
{
	server->accepts = true;
	LIST_FOR_EACH (link, safe, &server->ports)
		listener_start(CONTAINER_OF(link, struct port, link)->listener);
}

void
server_accept_stop(struct server *server)
{
	server->accepts = false;
}

void
server_drain(struct server *server, enum server_drain how,
    void (*on_empty)(void *arg), void *arg)
{
	server->drains = true;
	server->how = how;
	server->on_empty = on_empty;
	server->arg = arg;
	LIST_FOR_EACH (link, safe, &server->ports)
		listener_close(
		    &CONTAINER_OF(link, struct port, link)->listener);
	LIST_FOR_EACH (link, safe, &server->sessions) {
		struct session *s = CONTAINER_OF(link, struct session, link);

		if (how == SERVER_DRAIN_NOW ||
		    (how == SERVER_DRAIN_IDLE && !s->is_busy))
			session_end(s);
	}
	check_empty(server);
}

size_t
server_body_memory(const struct server *server)
{
	(void)server;
	return 0;
}

unsigned
server_sessions(const struct server *server)
{
	return server->count;
}

void
server_age_out(struct server *server, uint64_t older_than_ms)
{
	LIST_FOR_EACH (link, safe, &server->sessions) {
		struct session *s = CONTAINER_OF(link, struct session, link);

		if (!s->is_busy &&
		    mono_since_us(mono_now(), s->begun) / 1000 > older_than_ms)
			session_end(s);
	}
}

int
server_tls_take(struct server *server, int fd, struct err *err)
{
	(void)server;
	(void)fd;
	(void)err;
	return 0;
}

int
server_tickets_take(struct server *server, int fd, struct err *err)
{
	(void)server;
	(void)fd;
	(void)err;
	return 0;
}

void
server_faults(struct server *server, struct buf *ret)
{
	char path[512];

	(void)snprintf(
	    path, sizeof(path), "%s/faulty", server->options.config_dir);
	if (access(path, F_OK) == 0)
		buf_add_text(ret, "faulty:1: bad line\n");
}

unsigned
server_config_flush(struct server *server, struct err *err)
{
	struct buf faults = BUF_INIT;
	unsigned count;

	server_faults(server, &faults);
	count = faults.n > 0;
	if (count > 0) {
		(void)err_set(err, -EINVAL, "faulty:1: bad line");
		server->options.on_fault(server->options.arg);
	}
	buf_done(&faults);
	return count;
}

static void
on_server_closed(uv_handle_t *handle)
{
	mem_free(handle->data);
}

void
server_free(struct server **server)
{
	struct server *s = *server;
	struct link *first;

	if (s == NULL)
		return;
	LIST_FOR_EACH (link, safe, &s->sessions)
		session_close(CONTAINER_OF(link, struct session, link));
	while ((first = list_pop_front(&s->ports)) != NULL) {
		struct port *port = CONTAINER_OF(first, struct port, link);

		listener_close(&port->listener);
		mem_free(port->name);
		mem_free(port);
	}
	(void)uv_timer_stop(&s->empty);
	uv_close((uv_handle_t *)&s->empty, on_server_closed);
	*server = NULL;
}
