/* SPDX-License-Identifier: MIT */
/* peer.c - a worker's connection to the state process. */
#include <errno.h>

#include "base/log.h"
#include "base/mem.h"
#include "server_private.h"

#define PEER_MAGIC 0x70656572u
#define PEERS_MAX 1024
#define READ_STEP (64u * 1024)
/* Answers that it has not taken; then it is not read from. */
#define OUT_MAX (4u * 1024 * 1024)

struct peer_write {
	uv_write_t request;
	struct peer *peer;
	struct buf bytes;
};

static void
on_closed(uv_handle_t *handle)
{
	struct peer *peer = handle->data;

	buf_done(&peer->in);
	buf_done(&peer->out);
	peer->magic = 0;
	mem_free(peer);
}

void
peer__close(struct peer *peer)
{
	CHECK_OBJ(peer, PEER_MAGIC);
	if (peer->is_closing)
		return;
	peer->is_closing = true;
	server__forget(peer->server, peer);
	list_remove(&peer->link);
	peer->server->peer_count--;
	uv_close((uv_handle_t *)&peer->pipe, on_closed);
}

/* ---- reading ---- */

static void
on_alloc(uv_handle_t *handle, size_t size, uv_buf_t *ret)
{
	struct peer *peer = handle->data;

	(void)size;
	buf_reserve(&peer->in, READ_STEP);
	ret->base = peer->in.p + peer->in.n;
	ret->len = READ_STEP;
}

static void
say_garbage(void)
{
	struct log_line line;

	log_begin(&line, LOG_LEVEL_WARN);
	log_add_text(&line, LOG_event, "state_garbage");
	log_add_text(&line, LOG_text,
	    "a connection did not speak our protocol and was closed; a "
	    "worker of another version?");
	log_end(&line);
}

static void
run_requests(struct peer *peer)
{
	struct slice in = buf_slice(&peer->in);
	struct state_request request;
	int rc;

	while ((rc = state_request_read(&in, &request)) > 0)
		server__request(peer->server, peer, &request);
	if (rc < 0) {
		say_garbage();
		peer__close(peer);
		return;
	}
	buf_shift(&peer->in, peer->in.n - in.n);
	/* A large value is over. */
	if (peer->in.n == 0 && peer->in.cap > 2 * READ_STEP)
		buf_done(&peer->in);
	peer__send(peer);
}

static void
on_read(uv_stream_t *stream, ssize_t n, const uv_buf_t *buf)
{
	struct peer *peer = stream->data;

	(void)buf;
	CHECK_OBJ(peer, PEER_MAGIC);
	if (n < 0) {
		peer__close(peer);
		return;
	}
	peer->in.n += (size_t)n;
	run_requests(peer);
}

/* ---- writing ---- */

void
peer__answer(struct peer *peer, const struct state_response *response)
{
	state_response_write(&peer->out, response);
}

static void
on_written(uv_write_t *request, int status)
{
	struct peer_write *write =
	    CONTAINER_OF(request, struct peer_write, request);
	struct peer *peer = write->peer;

	buf_done(&write->bytes);
	mem_free(write);
	peer->is_writing = false;
	if (peer->is_closing)
		return;
	if (status < 0)
		peer__close(peer);
	else
		peer__send(peer);
}

/* What the kernel does not take now is sent when it does. */
static int
write_rest(struct peer *peer, size_t done)
{
	struct peer_write *write = mem_alloc(sizeof(*write));
	uv_buf_t rest;
	int rc;

	write->peer = peer;
	write->bytes = peer->out;
	peer->out = BUF_INIT;
	rest.base = write->bytes.p + done;
	rest.len = write->bytes.n - done;
	rc = uv_write(
	    &write->request, (uv_stream_t *)&peer->pipe, &rest, 1, on_written);
	if (rc < 0) {
		buf_done(&write->bytes);
		mem_free(write);
		return rc;
	}
	peer->is_writing = true;
	return 0;
}

static int
send_out(struct peer *peer)
{
	uv_buf_t all = { .base = peer->out.p, .len = peer->out.n };
	int n;

	if (peer->is_writing || peer->out.n == 0)
		return 0;
	n = uv_try_write((uv_stream_t *)&peer->pipe, &all, 1);
	if (n == UV_EAGAIN)
		n = 0;
	if (n < 0)
		return n;
	if ((size_t)n < peer->out.n)
		return write_rest(peer, (size_t)n);
	buf_clear(&peer->out);
	return 0;
}

void
peer__send(struct peer *peer)
{
	bool is_full;

	if (peer->is_closing)
		return;
	if (send_out(peer) < 0) {
		peer__close(peer);
		return;
	}
	is_full = peer->out.n > OUT_MAX;
	if (is_full == peer->is_paused)
		return;
	peer->is_paused = is_full;
	if (is_full)
		(void)uv_read_stop((uv_stream_t *)&peer->pipe);
	else if (uv_read_start((uv_stream_t *)&peer->pipe, on_alloc, on_read) <
		 0)
		peer__close(peer);
}

void
peer__accept(struct server *server)
{
	static const struct state_response hello = { .status = STATE_VERSION };
	struct peer *peer = mem_alloc(sizeof(*peer));

	peer->magic = PEER_MAGIC;
	peer->server = server;
	peer->pipe.data = peer;
	CHECK(uv_pipe_init(&server->loop, &peer->pipe, 0) == 0);
	list_push_back(&server->peers, &peer->link);
	server->peer_count++;
	if (uv_accept((uv_stream_t *)&server->listener,
		(uv_stream_t *)&peer->pipe) < 0 ||
	    server->peer_count > PEERS_MAX ||
	    uv_read_start((uv_stream_t *)&peer->pipe, on_alloc, on_read) < 0) {
		peer__close(peer);
		return;
	}
	peer__answer(peer, &hello);
	peer__send(peer);
}
