/* SPDX-License-Identifier: MIT */
/* stream.c - one connection to a client.
 *
 * A uv_tcp_t serves Unix sockets as well: libuv asks the kernel nothing that
 * depends on the family, and finding the family out would cost a call for
 * each connection.
 *
 * Reading is stopped lazily: a paused stream stays in the loop's set and
 * offers no buffer when the client sends, only then it is taken out.  So the
 * usual pause (a hook runs, the client waits for the reply) costs nothing.
 *
 * Shutting down goes around uv_shutdown, which waits for a turn of the loop;
 * with an empty queue shutdown(2) does not block.
 *
 * TLS stands between the socket and the owner (stream_tls.c): bytes in go
 * through it in stream_take, bytes out in stream_write, and it says good-bye
 * in stream_linger_close.
 */
#include <errno.h>
#include <string.h>
#include <sys/socket.h>

#include "base/mem.h"
#include "rt/fiber.h"
#include "rt/rt.h"
#include "rt/wait.h"
#include "stream_private.h"

/* Output that the kernel did not take; lives until libuv calls back. */
struct stream_out {
	uv_write_t req;
	char bytes[];
};

/* All streams read into it; what is in it is used up before the callback
 * returns to libuv (one loop a process). */
static char read_buffer[STREAM_READ_MAX];

static uv_stream_t *
handle_of(struct stream *stream)
{
	return (uv_stream_t *)(void *)&stream->tcp;
}

static struct stream *
stream_of(void *handle_data)
{
	struct stream *stream = handle_data;

	CHECK_OBJ(stream, STREAM_MAGIC);
	return stream;
}

static void
drainer_done(struct stream *stream, int result)
{
	struct waiter *drainer = stream->drainer;

	stream->drainer = NULL;
	if (drainer != NULL)
		waiter_done(drainer, result);
}

static void
stop_reading(struct stream *stream)
{
	stream->is_stopped = true;
	(void)uv_read_stop(handle_of(stream)); /* cannot fail */
}

/* Without telling the owner, who knows or will be told. */
static void
set_gone(struct stream *stream, int err)
{
	stream->state = STREAM_GONE;
	stream->err = err;
	stop_reading(stream);
	alarm_clear(stream->rt, &stream->alarm); /* of a handshake */
	drainer_done(stream, err);
}

void
stream__on_lost(struct stream *stream, int err)
{
	if (stream->state == STREAM_OPEN) {
		set_gone(stream, err);
		if (stream__is_shaking_hands(stream))
			stream__tls_fail(stream, err, uv_strerror(err));
		else
			stream->events->on_gone(stream->owner, err);
	} else if (stream->state != STREAM_GONE) {
		stream_close(stream);
	}
}

void
stream__deliver(struct stream *stream, const char *p, size_t n)
{
	if (stream->want != SIZE_MAX)
		stream->want -= n < stream->want ? n : stream->want;
	stream->events->on_data(stream->owner, p, n);
}

/* Bytes from the client. */
static void
stream_take(struct stream *stream, const char *p, size_t n)
{
	if (stream->state == STREAM_OPEN && stream->tls != NULL) {
		stream__tls_take(stream, p, n);
		return;
	}
	if (stream->state == STREAM_OPEN) {
		stream__deliver(stream, p, n);
		return;
	}
	if (stream->want != SIZE_MAX)
		stream->want -= n;
	if (stream->state == STREAM_LINGER && stream->want == 0)
		stream_close(stream);
}

void
stream__on_eof(struct stream *stream)
{
	bool again = stream->has_eof; /* TLS has its own end */

	stream->has_eof = true;
	if (stream__is_shaking_hands(stream))
		stream__tls_fail(stream, -ECONNRESET, "the client has hung up");
	else if (stream->state == STREAM_OPEN && !again &&
		 !stream__tls_has_failed(stream))
		stream->events->on_eof(stream->owner);
	else if (stream->state == STREAM_LINGER)
		stream_close(stream);
}

static void
on_alloc(uv_handle_t *handle, size_t suggested, uv_buf_t *ret_buf)
{
	struct stream *stream = stream_of(handle->data);
	size_t n = sizeof(read_buffer);

	(void)suggested;
	if (stream->want < n)
		n = stream->want;
	ret_buf->base = n == 0 ? NULL : read_buffer;
	ret_buf->len = n;
}

static void
on_read(uv_stream_t *handle, ssize_t n, const uv_buf_t *buf)
{
	struct stream *stream = stream_of(handle->data);

	if (n > 0)
		stream_take(stream, buf->base, (size_t)n);
	else if (n == UV_ENOBUFS) /* on_alloc gave none: paused */
		stop_reading(stream);
	else if (n == UV_EOF)
		stream__on_eof(stream);
	else if (n < 0)
		stream__on_lost(stream, (int)n);
}

static void
start_reading(struct stream *stream)
{
	int rc;

	if (!stream->is_stopped || stream->has_eof)
		return;
	stream->is_stopped = false;
	rc = uv_read_start(handle_of(stream), on_alloc, on_read);
	CHECK(rc == 0); /* fails only for closing or unopened handles */
}

static void
on_open_failed(uv_handle_t *handle)
{
	mem_free(handle->data);
}

int
stream_open(struct rt *rt, int fd, const struct stream_events *events,
    void *owner, struct stream **ret_stream)
{
	struct stream *stream;
	uv_loop_t *loop = rt_loop(rt);
	int rc;

	if (fd < 0)
		return -EBADF;
	stream = mem_alloc(sizeof(*stream));
	stream->magic = STREAM_MAGIC;
	stream->rt = rt;
	stream->events = events;
	stream->owner = owner;
	stream->want = SIZE_MAX;
	stream->is_stopped = true;
	rc = uv_tcp_init(loop, &stream->tcp);
	CHECK(rc == 0); /* without flags it makes no socket */
	stream->tcp.data = stream;
	rc = uv_tcp_open(&stream->tcp, fd);
	if (rc < 0) {
		/* The handle is in the loop already and ends there. */
		stream->state = STREAM_CLOSING;
		uv_close((uv_handle_t *)&stream->tcp, on_open_failed);
		return rc;
	}
	start_reading(stream);
	*ret_stream = stream;
	return 0;
}

static void
linger_start(struct stream *stream)
{
	/* Without unread input close(2) sends what is queued in the kernel
	 * and then our end of file. */
	if (stream->has_eof || stream->want == 0 ||
	    shutdown(stream_fd(stream), SHUT_WR) == -1) {
		stream_close(stream);
		return;
	}
	stream->state = STREAM_LINGER;
	alarm_set(stream->rt, &stream->alarm,
	    mono_add_ms(mono_now(), STREAM_LINGER_MS));
	start_reading(stream);
}

static void
on_alarm(struct alarm *alarm)
{
	stream_close(CONTAINER_OF(alarm, struct stream, alarm));
}

void
stream_linger_close(struct stream *stream)
{
	CHECK_OBJ(stream, STREAM_MAGIC);
	if (stream->state == STREAM_GONE)
		stream_close(stream);
	if (stream->state != STREAM_OPEN)
		return;
	drainer_done(stream, -ECANCELED);
	stream__tls_end(stream);
	stream->want = STREAM_LINGER_BYTES;
	stream->alarm.fn = on_alarm;
	if (stream_queued(stream) == 0) {
		linger_start(stream);
		return;
	}
	stream->state = STREAM_FLUSH;
	alarm_set(stream->rt, &stream->alarm,
	    mono_add_ms(mono_now(), STREAM_FLUSH_MS));
	start_reading(stream);
}

static void
on_closed(uv_handle_t *handle)
{
	struct stream *stream = stream_of(handle->data);

	stream->events->on_closed(stream->owner);
	stream->magic = 0;
	mem_free(stream);
}

void
stream_close(struct stream *stream)
{
	CHECK_OBJ(stream, STREAM_MAGIC);
	if (stream->state == STREAM_CLOSING)
		return;
	stream->state = STREAM_CLOSING;
	stream__tls_free(stream);
	alarm_clear(stream->rt, &stream->alarm);
	drainer_done(stream, -ECANCELED);
	uv_close((uv_handle_t *)&stream->tcp, on_closed);
}

static void
on_written(uv_write_t *req, int status)
{
	struct stream *stream = stream_of(req->handle->data);

	mem_free(CONTAINER_OF(req, struct stream_out, req));
	stream->outs--;
	if (stream->state == STREAM_CLOSING)
		return;
	if (status < 0) {
		stream__on_lost(stream, status);
	} else if (stream_queued(stream) == 0) {
		drainer_done(stream, 0);
		if (stream->state == STREAM_FLUSH)
			linger_start(stream);
	}
}

/* Copies and queues what the kernel did not take. */
static int
stream_enqueue(struct stream *stream, const char *bytes, size_t n)
{
	struct stream_out *out = mem_alloc(sizeof(*out) + n);
	uv_buf_t buf = { .base = out->bytes, .len = n };
	int rc;

	memcpy(out->bytes, bytes, n);
	rc = uv_write(&out->req, handle_of(stream), &buf, 1, on_written);
	if (rc < 0)
		mem_free(out);
	else
		stream->outs++;
	return rc;
}

int
stream__send(struct stream *stream, const char *bytes, size_t n)
{
	uv_buf_t buf = { .base = (char *)(uintptr_t)bytes, .len = n };
	int rc = uv_try_write(handle_of(stream), &buf, 1);

	if (rc == UV_EAGAIN) /* nothing taken, or others are queued */
		rc = 0;
	if (rc >= 0 && (size_t)rc < n)
		rc = stream_enqueue(stream, bytes + rc, n - (size_t)rc);
	return rc < 0 ? rc : 0;
}

int
stream_write(struct stream *stream, const void *bytes, size_t n)
{
	int rc;

	CHECK_OBJ(stream, STREAM_MAGIC);
	if (stream->state == STREAM_GONE)
		return stream->err;
	if (stream->state != STREAM_OPEN)
		return -ECANCELED;
	if (n == 0)
		return 0;
	if (stream->tls != NULL && !stream__speaks_clear(stream)) {
		rc = stream__tls_write(stream, bytes, n);
		if (rc == -EAGAIN || stream__tls_has_failed(stream))
			return rc;
	} else {
		rc = stream__send(stream, bytes, n);
	}
	if (rc < 0)
		set_gone(stream, rc);
	return rc;
}

size_t
stream_queued(const struct stream *stream)
{
	CHECK_OBJ(stream, STREAM_MAGIC);
	if (stream->state == STREAM_GONE || stream->state == STREAM_CLOSING)
		return 0;
	return uv_stream_get_write_queue_size(
	    (const uv_stream_t *)(const void *)&stream->tcp);
}

int
stream_drain(struct stream *stream, uint64_t timeout_ms)
{
	struct waiter *drainer;
	int rc;

	CHECK_OBJ(stream, STREAM_MAGIC);
	CHECK(stream->drainer == NULL);
	if (stream->state == STREAM_GONE)
		return stream->err;
	if (stream->state != STREAM_OPEN)
		return -ECANCELED;
	if (stream_queued(stream) == 0)
		return fiber_check();
	drainer = stream->drainer = waiter_new();
	fiber_label_wait("client");
	rc = waiter_wait(drainer, timeout_ms);
	/* Once done, the stream may be freed; until then it is not. */
	if (rc == 0)
		rc = drainer->result;
	else
		drainer_done(stream, rc);
	waiter_unref(&drainer);
	return rc;
}

bool
stream_has_unread(const struct stream *stream)
{
	char byte;

	CHECK_OBJ(stream, STREAM_MAGIC);
	return stream->state == STREAM_OPEN && !stream->has_eof &&
	       recv(stream_fd(stream), &byte, 1, MSG_PEEK | MSG_DONTWAIT) == 1;
}

void
stream__want(struct stream *stream, size_t bytes)
{
	if (stream->state != STREAM_OPEN)
		return;
	stream->want = bytes;
	if (bytes > 0)
		start_reading(stream);
}

void
stream_want(struct stream *stream, size_t bytes)
{
	CHECK_OBJ(stream, STREAM_MAGIC);
	if (!stream__is_shaking_hands(stream))
		stream__want(stream, bytes);
}

void
stream_pause(struct stream *stream)
{
	stream_want(stream, 0);
}

void
stream_resume(struct stream *stream)
{
	stream_want(stream, SIZE_MAX);
}

int
stream_fd(const struct stream *stream)
{
	uv_os_fd_t fd;

	CHECK_OBJ(stream, STREAM_MAGIC);
	if (uv_fileno((const uv_handle_t *)&stream->tcp, &fd) < 0)
		return -1;
	return fd;
}

size_t
stream_memory(const struct stream *stream)
{
	CHECK_OBJ(stream, STREAM_MAGIC);
	return sizeof(*stream) + stream_queued(stream) +
	       stream->outs * sizeof(struct stream_out) +
	       stream__tls_memory(stream);
}
