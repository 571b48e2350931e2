/* SPDX-License-Identifier: MIT */
/* ctl_server.c - the control socket.
 *
 * A connection is READING its line, WAITING for a reload, a flush or the end
 * of the server, WRITING its answer, or CLOSED.  To add a command: its row in
 * `commands`, in the table of cmd_ctl.c and in docs/man/hookline.8.
 */
#include "ctl_server.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include <uv.h>

#include "base/log.h"
#include "base/mem.h"
#include "master_private.h"
#include "reload.h"
#include "service.h"
#include "state_dir.h"

#define LINE_MAX_BYTES 512
#define CONNECTIONS_MAX 32

struct ctl_server {
	struct master *master;
	uv_pipe_t pipe;
	char *path;
	struct list conns;
	unsigned count;
};

struct ctl_conn {
	struct link link;
	struct ctl_server *server;
	uv_pipe_t pipe;
	uv_write_t write;
	char line[LINE_MAX_BYTES];
	size_t used;
	struct buf answer;
	bool is_answered, is_closing;
	bool waits_for_end;
	struct reload_waiter waiter; /* linked: waits for a reload */
	struct flush *flush;         /* waits for a flush */
};

/* ---- a connection -------------------------------------------------------- */

static void
on_conn_closed(uv_handle_t *handle)
{
	struct ctl_conn *conn = handle->data;

	buf_done(&conn->answer);
	mem_free(conn);
}

static void
conn_close(struct ctl_conn *conn)
{
	if (conn->is_closing)
		return;
	conn->is_closing = true;
	list_remove(&conn->waiter.link);
	if (conn->flush != NULL)
		flush_cancel(conn->flush);
	list_remove(&conn->link);
	conn->server->count--;
	uv_close((uv_handle_t *)&conn->pipe, on_conn_closed);
}

static void
on_written(uv_write_t *write, int status)
{
	(void)status;
	conn_close(write->data);
}

/* Sends what stands in `answer`; the first line is there already. */
static void
conn_send(struct ctl_conn *conn)
{
	uv_buf_t buf = uv_buf_init(conn->answer.p, (unsigned)conn->answer.n);

	conn->is_answered = true;
	conn->write.data = conn;
	if (uv_write(&conn->write, (uv_stream_t *)&conn->pipe, &buf, 1,
		on_written) < 0)
		conn_close(conn);
}

static void
conn_ok(struct ctl_conn *conn, const char *text)
{
	buf_printf(&conn->answer, "ok\n%s", text);
	conn_send(conn);
}

/* The reason may have several lines: the first says that there is one. */
static void
conn_error(struct ctl_conn *conn, const char *reason)
{
	buf_printf(&conn->answer, "error %s\n", reason);
	conn_send(conn);
}

/* ---- commands ------------------------------------------------------------ */

static void
run_status(struct ctl_conn *conn, bool as_json)
{
	buf_add_text(&conn->answer, "ok\n");
	ctl_status_print(conn->server->master, &conn->answer, as_json);
	conn_send(conn);
}

static void
run_stats(struct ctl_conn *conn, bool as_json)
{
	buf_add_text(&conn->answer, "ok\n");
	ctl_stats_print(conn->server->master, &conn->answer, as_json);
	conn_send(conn);
}

static void
on_reloaded(struct reload_waiter *waiter, const char *reason)
{
	struct ctl_conn *conn = CONTAINER_OF(waiter, struct ctl_conn, waiter);
	char text[64];

	if (reason != NULL) {
		conn_error(conn, reason);
		return;
	}
	(void)snprintf(text, sizeof(text), "generation %u serves\n",
	    conn->server->master->next_generation);
	conn_ok(conn, text);
}

static void
run_reload(struct ctl_conn *conn, bool as_json)
{
	(void)as_json;
	conn->waiter.fn = on_reloaded;
	reload_request(conn->server->master->reload, &conn->waiter);
}

static void
on_flushed(void *arg, unsigned workers, const struct err *fault)
{
	struct ctl_conn *conn = arg;
	char text[64];

	conn->flush = NULL;
	if (fault != NULL) {
		conn_error(conn, fault->text);
		return;
	}
	(void)snprintf(text, sizeof(text), "%u worker%s\n", workers,
	    workers == 1 ? "" : "s");
	conn_ok(conn, text);
}

static void
run_config_flush(struct ctl_conn *conn, bool as_json)
{
	(void)as_json;
	conn->flush = flush_start(conn->server->master, on_flushed, conn);
}

static void
run_drain(struct ctl_conn *conn, bool as_json)
{
	(void)as_json;
	conn->waits_for_end = true;
	if (conn->server->master->phase < MASTER_DRAINING)
		master_stop(conn->server->master, false);
}

static void
run_stop(struct ctl_conn *conn, bool as_json)
{
	(void)as_json;
	conn->waits_for_end = true;
	master_stop(conn->server->master, true);
}

static const struct {
	const char *name;
	void (*run)(struct ctl_conn *conn, bool as_json);
} commands[] = {
	{ "status", run_status },
	{ "stats", run_stats },
	{ "reload", run_reload },
	{ "config-flush", run_config_flush },
	{ "drain", run_drain },
	{ "stop", run_stop },
};

static void
conn_run(struct ctl_conn *conn, struct slice line)
{
	struct slice name = slice_word(&line);
	bool as_json = slice_eq_text(slice_trim(line), "json");

	for (size_t i = 0; i < ARRAY_SIZE(commands); i++)
		if (slice_eq_text(name, commands[i].name)) {
			commands[i].run(conn, as_json);
			return;
		}
	conn_error(conn, "no such command");
}

/* ---- reading ------------------------------------------------------------- */

static void
on_alloc(uv_handle_t *handle, size_t size, uv_buf_t *ret)
{
	struct ctl_conn *conn = handle->data;

	(void)size;
	ret->base = conn->line + conn->used;
	ret->len = sizeof(conn->line) - conn->used;
}

static void
on_read(uv_stream_t *stream, ssize_t n, const uv_buf_t *buf)
{
	struct ctl_conn *conn = stream->data;
	char *end;

	(void)buf;
	if (n < 0) {
		/* A client that went away; one that waits for its answer may
		 * have shut down its side only. */
		if (n != UV_EOF || conn->used == 0 ||
		    memchr(conn->line, '\n', conn->used) == NULL)
			conn_close(conn);
		return;
	}
	conn->used += (size_t)n;
	end = memchr(conn->line, '\n', conn->used);
	if (end != NULL) {
		/* Read on, to see a client that goes away. */
		size_t length = (size_t)(end - conn->line);

		if (conn->is_answered || conn->waits_for_end ||
		    conn->flush != NULL || link_is_linked(&conn->waiter.link))
			return;
		conn_run(conn, (struct slice){ conn->line, length });
	} else if (conn->used == sizeof(conn->line)) {
		conn_close(conn);
	}
}

/* A worker that was taken over is not to give orders, nor to leave some
 * behind and end; who runs `hookline ctl` waits for the answer. */
static bool
is_welcome(struct ctl_server *server, const uv_pipe_t *pipe)
{
	const struct master *master = server->master;
	struct ucred peer;
	socklen_t len = sizeof(peer);
	uv_os_fd_t fd;

	if (uv_fileno((const uv_handle_t *)pipe, &fd) < 0 ||
	    getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &len) == -1)
		return false;
	LIST_FOR_EACH (link, safe, &master->children)
		if (CONTAINER_OF(link, struct child, link)->pid == peer.pid)
			return false;
	if (master->state != NULL && service_pid(master->state) == peer.pid)
		return false;
	return kill(peer.pid, 0) == 0 || errno != ESRCH;
}

static void
log_unwelcome(void)
{
	struct log_line line;

	log_begin(&line, LOG_LEVEL_ERROR);
	log_add_text(&line, LOG_event, "ctl_refused");
	log_add_text(
	    &line, LOG_text, "a worker has tried to give orders to the master");
	log_end(&line);
}

static void
on_connection(uv_stream_t *stream, int status)
{
	struct ctl_server *server = stream->data;
	struct ctl_conn *conn;

	if (status < 0)
		return;
	conn = mem_alloc(sizeof(*conn));
	conn->server = server;
	conn->pipe.data = conn;
	CHECK(uv_pipe_init(&server->master->loop, &conn->pipe, 0) == 0);
	list_push_back(&server->conns, &conn->link);
	server->count++;
	if (uv_accept(stream, (uv_stream_t *)&conn->pipe) < 0 ||
	    server->count > CONNECTIONS_MAX) {
		conn_close(conn);
	} else if (!is_welcome(server, &conn->pipe)) {
		log_unwelcome();
		conn_close(conn);
	} else if (uv_read_start(
		       (uv_stream_t *)&conn->pipe, on_alloc, on_read) < 0) {
		conn_close(conn);
	}
}

/* ---- the socket ---------------------------------------------------------- */

int
ctl_server_start(
    struct master *master, struct ctl_server **ret, struct err *err)
{
	struct ctl_server *server = mem_alloc(sizeof(*server));
	struct buf path = BUF_INIT;
	int fd;

	buf_printf(&path, "%s/%s", master->state_dir, STATE_CTL_SOCKET);
	server->master = master;
	server->path = path.p;
	list_init(&server->conns);
	fd = state_dir_listen(master->state_dir, STATE_CTL_SOCKET, false, err);
	if (fd < 0) {
		mem_free(server->path);
		mem_free(server);
		return fd;
	}
	server->pipe.data = server;
	CHECK(uv_pipe_init(&master->loop, &server->pipe, 0) == 0);
	CHECK(uv_pipe_open(&server->pipe, fd) == 0);
	CHECK(uv_listen((uv_stream_t *)&server->pipe, CONNECTIONS_MAX,
		  on_connection) == 0);
	*ret = server;
	return 0;
}

static void
on_server_closed(uv_handle_t *handle)
{
	struct ctl_server *server = handle->data;

	mem_free(server->path);
	mem_free(server);
}

/* Its client reads to the end of the connection, and shall get there when
 * this process, with its lock and its sockets, is gone: one descriptor stays
 * open until then. */
static void
conn_keep(struct ctl_conn *conn)
{
	uv_os_fd_t fd;

	if (uv_fileno((uv_handle_t *)&conn->pipe, &fd) == 0)
		(void)fcntl(fd, F_DUPFD_CLOEXEC, 0);
}

void
ctl_server_stop(struct ctl_server **server)
{
	struct ctl_server *s = *server;

	if (s == NULL)
		return;
	*server = NULL;
	(void)unlink(s->path);
	LIST_FOR_EACH (link, safe, &s->conns) {
		struct ctl_conn *conn =
		    CONTAINER_OF(link, struct ctl_conn, link);

		/* A few bytes: they fit into the socket at once. */
		if (conn->waits_for_end) {
			conn_keep(conn);
			conn_ok(conn, "");
		}
		if (!conn->is_answered)
			conn_error(conn, "the server has stopped");
	}
	LIST_FOR_EACH (link, safe, &s->conns)
		conn_close(CONTAINER_OF(link, struct ctl_conn, link));
	uv_close((uv_handle_t *)&s->pipe, on_server_closed);
}
