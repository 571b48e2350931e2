/* SPDX-License-Identifier: MIT */
/* stream_tls.c - TLS on a connection to a client.
 *
 * The handshake is made in the loop's callbacks, one chunk of bytes after the
 * other; stream->alarm is its deadline.  Bytes that the owner had read before
 * are given to it by the same alarm, because stream_start_tls does not call
 * back.
 */
#include <errno.h>

#include "base/mem.h"
#include "net/tls_ctx.h"
#include "net/tls_link.h"
#include "stream_private.h"

static int
on_cipher(void *owner, const char *bytes, size_t n)
{
	return stream__send(owner, bytes, n);
}

bool
stream__tls_has_failed(const struct stream *stream)
{
	return stream->tls != NULL && stream->tls->has_failed;
}

bool
stream__is_shaking_hands(const struct stream *stream)
{
	const struct stream_tls *tls = stream->tls;

	return tls != NULL && !tls->is_secure && !tls->has_failed;
}

bool
stream__speaks_clear(const struct stream *stream)
{
	return stream->tls == NULL || stream->tls->is_clear;
}

void
stream__tls_fail(struct stream *stream, int err, const char *reason)
{
	struct stream_tls *tls = stream->tls;
	struct stream_tls_failure failure = { .err = err, .reason = reason };

	if (!tls->is_secure)
		alarm_clear(stream->rt, &stream->alarm);
	tls->has_failed = true;
	tls->is_clear = stream->state == STREAM_OPEN && !tls->is_secure &&
			(!tls->has_begun || tls_link_is_text(tls->link));
	failure.is_clear = tls->is_clear;
	stream->events->on_tls_failed(stream->owner, &failure);
}

static void
on_handshake_done(struct stream *stream)
{
	alarm_clear(stream->rt, &stream->alarm);
	stream->tls->is_secure = true;
	stream->events->on_secure(stream->owner);
}

/* The owner may close the stream in any callback. */
static bool
is_at_work(const struct stream *stream)
{
	return stream->state == STREAM_OPEN && !stream->tls->has_failed;
}

void
stream__tls_take(struct stream *stream, const char *p, size_t n)
{
	struct tls_taken taken;
	int rc;

	if (stream->tls->has_failed)
		return;
	stream->tls->has_begun = true;
	rc = tls_link_take(stream->tls->link, p, n, &taken);
	if (taken.is_secure)
		on_handshake_done(stream);
	if (taken.plain.n > 0 && is_at_work(stream))
		stream__deliver(stream, taken.plain.p, taken.plain.n);
	/* It may have been a password. */
	if (taken.plain.n > 0)
		secret_wipe((void *)(uintptr_t)taken.plain.p, taken.plain.n);
	if (!is_at_work(stream))
		return;
	if (rc == -EPROTO)
		stream__tls_fail(
		    stream, rc, tls_link_reason(stream->tls->link));
	else if (rc < 0)
		stream__on_lost(stream, rc);
	else if (taken.has_ended)
		stream__on_eof(stream);
}

int
stream__tls_write(struct stream *stream, const char *bytes, size_t n)
{
	struct stream_tls *tls = stream->tls;

	if (tls->has_failed)
		return -EPROTO;
	if (!tls->is_secure)
		return -EAGAIN;
	return tls_link_write(tls->link, bytes, n);
}

static void
on_deadline(struct alarm *alarm)
{
	stream__tls_fail(CONTAINER_OF(alarm, struct stream, alarm), -ETIMEDOUT,
	    "the handshake took too long");
}

static void
set_deadline(struct stream *stream)
{
	stream->alarm.fn = on_deadline;
	alarm_set(stream->rt, &stream->alarm, stream->tls->deadline);
}

/* What stream_start_tls could not yet do. */
static void
on_early(struct alarm *alarm)
{
	struct stream *stream = CONTAINER_OF(alarm, struct stream, alarm);
	struct buf early = stream->tls->early;

	stream->tls->early = BUF_INIT;
	set_deadline(stream);
	stream__want(stream, SIZE_MAX);
	for (size_t at = 0; at < early.n && stream->tls != NULL;
	     at += TLS_LINK_TAKE_MAX)
		stream__tls_take(stream, early.p + at,
		    early.n - at < TLS_LINK_TAKE_MAX ? early.n - at
						     : TLS_LINK_TAKE_MAX);
	buf_done(&early);
	if (stream->has_eof && stream__is_shaking_hands(stream))
		stream__on_eof(stream);
}

int
stream_start_tls(struct stream *stream, struct tls_ctx *ctx, struct slice early,
    uint64_t timeout_ms)
{
	struct tls_link *link;
	struct mono now = mono_now();

	CHECK_OBJ(stream, STREAM_MAGIC);
	CHECK(stream->tls == NULL);
	if (stream->state == STREAM_GONE)
		return stream->err;
	if (stream->state != STREAM_OPEN)
		return -ECANCELED;
	link = tls_link_new(tls_ctx_ssl(ctx), on_cipher, stream);
	if (link == NULL)
		return -ENOMEM;
	stream->tls = mem_alloc(sizeof(*stream->tls));
	stream->tls->link = link;
	stream->tls->ctx = tls_ctx_ref(ctx);
	stream->tls->deadline = mono_add_ms(now, timeout_ms);
	if (early.n == 0 && !stream->has_eof) {
		set_deadline(stream);
		stream__want(stream, SIZE_MAX);
		return 0;
	}
	/* Nothing is read before `early` was taken. */
	buf_add_slice(&stream->tls->early, early);
	stream__want(stream, 0);
	stream->alarm.fn = on_early;
	alarm_set(stream->rt, &stream->alarm, now);
	return 0;
}

struct ssl_st *
stream_ssl(const struct stream *stream)
{
	CHECK_OBJ(stream, STREAM_MAGIC);
	return stream->tls != NULL ? tls_link_ssl(stream->tls->link) : NULL;
}

void
stream__tls_free(struct stream *stream)
{
	struct stream_tls *tls = stream->tls;

	stream->tls = NULL;
	if (tls == NULL)
		return;
	tls_link_free(&tls->link);
	tls_ctx_unref(&tls->ctx);
	buf_done(&tls->early);
	mem_free(tls);
}

void
stream__tls_end(struct stream *stream)
{
	if (stream->tls == NULL)
		return;
	tls_link_end(stream->tls->link);
	stream__tls_free(stream);
}

size_t
stream__tls_memory(const struct stream *stream)
{
	const struct stream_tls *tls = stream->tls;

	if (tls == NULL)
		return 0;
	return sizeof(*tls) + tls->early.cap + tls_link_memory(tls->link);
}
