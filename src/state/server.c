/* SPDX-License-Identifier: MIT */
/* server.c - the state process: its loop, commits, durability, end. */
#include "server.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/log.h"
#include "base/mem.h"
#include "server_private.h"
#include "store.h"

#define BACKLOG 1024
#define TICK_MS 1000
#define SWEEP_AGAIN_MS 50 /* more rows are over than one sweep takes */

/* ---- durability ---- */

static void
on_flush_thread(uv_work_t *work)
{
	struct server *server = work->data;

	server->flush_status =
	    store_flush(server->path.p, server->flush_merges);
}

static void
say_flush(struct server *server)
{
	int status = server->flush_status;
	struct log_line line;

	if (status == server->flush_said)
		return;
	server->flush_said = status;
	log_begin(&line, status < 0 ? LOG_LEVEL_ERROR : LOG_LEVEL_NOTICE);
	log_add_text(
	    &line, LOG_event, status < 0 ? "state_unsafe" : "state_safe");
	log_add_text(&line, LOG_path, server->path.p);
	if (status < 0)
		log_add_text(&line, LOG_err, strerror(-status));
	log_add_text(&line, LOG_text,
	    status < 0 ? "what plugins put is not yet on the disk"
		       : "what plugins put is on the disk again");
	log_end(&line);
}

static void on_flush_timer(uv_timer_t *timer);

static void
flush_soon(struct server *server)
{
	server->is_unflushed = true;
	if (!server->is_flushing && !server->is_stopping &&
	    !uv_is_active((uv_handle_t *)&server->flush_timer))
		(void)uv_timer_start(
		    &server->flush_timer, on_flush_timer, STATE_FLUSH_MS, 0);
}

static void
on_flushed(uv_work_t *work, int status)
{
	struct server *server = work->data;

	(void)status; /* never cancelled */
	server->is_flushing = false;
	say_flush(server);
	if (server->is_unflushed || server->flush_status < 0)
		flush_soon(server);
}

static void
on_flush_timer(uv_timer_t *timer)
{
	struct server *server = timer->data;

	server->is_flushing = true;
	server->is_unflushed = false;
	server->flush_merges = store_wants_merge(server->store);
	server->flush.data = server;
	CHECK(uv_queue_work(&server->loop, &server->flush, on_flush_thread,
		  on_flushed) == 0);
}

/* ---- commits ---- */

static void
answer_pending(struct server *server, int commit)
{
	for (size_t i = 0; i < server->pending_count; i++) {
		struct pending *pending = &server->pending[i];

		if (pending->peer == NULL)
			continue;
		if (commit < 0)
			pending->response.status = commit;
		peer__answer(pending->peer, &pending->response);
	}
	server->pending_count = 0;
	LIST_FOR_EACH (link, safe, &server->peers)
		peer__send(CONTAINER_OF(link, struct peer, link));
}

/* One more commit of what STATE_COMMIT_MS and STATE_BURST_MS allow. */
static void
count_commit(struct server *server)
{
	uint64_t now = mono_now().ns,
		 burst = STATE_BURST_MS * UINT64_C(1000000);
	struct mono from = server->next_commit;

	if (now > burst && from.ns < now - burst)
		from.ns = now - burst;
	server->next_commit = mono_add_ms(from, STATE_COMMIT_MS);
}

static void
commit_now(struct server *server)
{
	int status = store_commit(server->store);

	(void)uv_check_stop(&server->turn);
	(void)uv_timer_stop(&server->commit_timer);
	if (status != 0)
		count_commit(server);
	answer_pending(server, status);
	if (status > 0)
		flush_soon(server);
}

static void
on_commit_timer(uv_timer_t *timer)
{
	commit_now(timer->data);
}

/* All that was there to read in this turn of the loop has been run. */
static void
on_turn(uv_check_t *turn)
{
	struct server *server = turn->data;
	uint64_t wait_us = mono_since_us(server->next_commit, mono_now());

	if (wait_us == 0) {
		commit_now(server);
		return;
	}
	(void)uv_check_stop(turn);
	uv_update_time(&server->loop);
	(void)uv_timer_start(
	    &server->commit_timer, on_commit_timer, (wait_us + 999) / 1000, 0);
}

static void
pending_add(struct server *server, struct peer *peer,
    const struct state_response *response)
{
	if (server->pending_count == server->pending_room) {
		server->pending_room = server->pending_room * 2 + 64;
		server->pending = mem_grow(server->pending,
		    server->pending_room * sizeof(server->pending[0]));
	}
	server->pending[server->pending_count++] =
	    (struct pending){ peer, *response };
	if (!uv_is_active((uv_handle_t *)&server->commit_timer))
		(void)uv_check_start(&server->turn, on_turn);
}

void
server__request(struct server *server, struct peer *peer,
    const struct state_request *request)
{
	struct state_response response;

	store_run(server->store, request, &response);
	if (store_is_write(request->op))
		pending_add(server, peer, &response);
	else
		peer__answer(peer, &response);
}

void
server__forget(struct server *server, const struct peer *peer)
{
	for (size_t i = 0; i < server->pending_count; i++) {
		if (server->pending[i].peer == peer)
			server->pending[i].peer = NULL;
	}
}

static void
on_tick(uv_timer_t *timer)
{
	struct server *server = timer->data;
	int swept;

	store_look(server->store);
	swept = store_sweep(server->store);
	/* Shares its commit with the requests that wait for one. */
	commit_now(server);
	(void)uv_timer_start(timer, on_tick,
	    swept >= STORE_SWEEP_MAX ? SWEEP_AGAIN_MS : TICK_MS, 0);
}

/* ---- life ---- */

static void
server_stop(struct server *server)
{
	if (server->is_stopping)
		return;
	server->is_stopping = true;
	commit_now(server);
	LIST_FOR_EACH (link, safe, &server->peers)
		peer__close(CONTAINER_OF(link, struct peer, link));
	uv_close((uv_handle_t *)&server->listener, NULL);
	uv_close((uv_handle_t *)&server->master, NULL);
	uv_close((uv_handle_t *)&server->turn, NULL);
	uv_close((uv_handle_t *)&server->commit_timer, NULL);
	uv_close((uv_handle_t *)&server->flush_timer, NULL);
	uv_close((uv_handle_t *)&server->tick, NULL);
	uv_close((uv_handle_t *)&server->term, NULL);
}

static void
on_connection(uv_stream_t *stream, int status)
{
	if (status == 0)
		peer__accept(stream->data);
}

static void
on_term(uv_signal_t *term, int number)
{
	(void)number;
	server_stop(term->data);
}

static void
on_master_alloc(uv_handle_t *handle, size_t size, uv_buf_t *ret)
{
	static char nothing[64]; /* it says nothing */

	(void)handle;
	(void)size;
	ret->base = nothing;
	ret->len = sizeof(nothing);
}

static void
on_master(uv_stream_t *stream, ssize_t n, const uv_buf_t *buf)
{
	(void)buf;
	if (n < 0)
		server_stop(stream->data);
}

/* Descriptors that are no sockets are a fault of who starts us. */
static int
start_listening(struct server *server, const struct state_options *options)
{
	int rc = uv_pipe_open(&server->listener, options->listen_fd);

	if (rc == 0)
		rc = uv_listen(
		    (uv_stream_t *)&server->listener, BACKLOG, on_connection);
	if (rc < 0)
		return rc;
	if (options->master_fd == -1)
		return uv_signal_start(&server->term, on_term, SIGTERM);
	(void)signal(SIGTERM, SIG_IGN);
	rc = uv_pipe_open(&server->master, options->master_fd);
	if (rc == 0)
		rc = uv_read_start(
		    (uv_stream_t *)&server->master, on_master_alloc, on_master);
	return rc;
}

static void
server_init(struct server *server, const struct state_options *options)
{
	uv_loop_t *loop = &server->loop;

	list_init(&server->peers);
	buf_printf(&server->path, "%s/%s", options->dir, STATE_DATABASE);
	server->store = store_new(&(struct store_options){
	    .path = server->path.p, .max_bytes = options->max_bytes });
	CHECK(uv_loop_init(loop) == 0);
	CHECK(uv_pipe_init(loop, &server->listener, 0) == 0);
	CHECK(uv_pipe_init(loop, &server->master, 0) == 0);
	CHECK(uv_check_init(loop, &server->turn) == 0);
	CHECK(uv_timer_init(loop, &server->commit_timer) == 0);
	CHECK(uv_timer_init(loop, &server->flush_timer) == 0);
	CHECK(uv_timer_init(loop, &server->tick) == 0);
	CHECK(uv_signal_init(loop, &server->term) == 0);
	server->listener.data = server->master.data = server->turn.data =
	    server->commit_timer.data = server->flush_timer.data =
		server->tick.data = server->term.data = server;
}

int
state_main(const struct state_options *options)
{
	struct server *server = mem_alloc(sizeof(*server));
	struct log_line line;
	int rc;

	(void)umask(077);
	(void)signal(SIGPIPE, SIG_IGN);
	(void)signal(SIGXFSZ, SIG_IGN);
	(void)signal(SIGINT, SIG_IGN);
	(void)signal(SIGHUP, SIG_IGN);
	server_init(server, options);
	rc = start_listening(server, options);
	if (rc < 0) {
		log_begin(&line, LOG_LEVEL_ERROR);
		log_add_text(&line, LOG_event, "state_start");
		log_add_text(&line, LOG_err, uv_strerror(rc));
		log_end(&line);
		server_stop(server);
	} else {
		(void)uv_timer_start(&server->tick, on_tick, TICK_MS, 0);
	}
	(void)uv_run(&server->loop, UV_RUN_DEFAULT);
	CHECK(uv_loop_close(&server->loop) == 0);
	store_free(&server->store);
	buf_done(&server->path);
	mem_free(server->pending);
	mem_free(server);
	return rc < 0 ? 1 : 0;
}
