/* SPDX-License-Identifier: MIT */
/* stream_private.h - what stream.c and stream_tls.c share. */
#ifndef HOOKLINE_NET_STREAM_PRIVATE_H
#define HOOKLINE_NET_STREAM_PRIVATE_H

#include <stdbool.h>
#include <stdint.h>

#include <uv.h>

#include "base/buf.h"
#include "base/clock.h"
#include "net/stream.h"
#include "rt/alarm.h"

struct tls_ctx;
struct tls_link;
struct waiter;

#define STREAM_MAGIC 0x7374726du

enum stream_state {
	STREAM_OPEN,
	STREAM_GONE,
	STREAM_FLUSH,
	STREAM_LINGER,
	STREAM_CLOSING,
};

struct stream {
	uint32_t magic;
	uint8_t state;
	bool has_eof;    /* read; nothing more comes */
	bool is_stopped; /* taken out of the loop's set for reading */
	int err;         /* why it is gone */
	unsigned outs;   /* queued struct stream_out */
	struct rt *rt;
	const struct stream_events *events;
	void *owner;
	struct waiter *drainer; /* the fiber in stream_drain */
	/* Bytes that may still be read, SIZE_MAX: no limit.  After
	 * stream_linger_close: thrown away. */
	size_t want;
	struct alarm alarm;     /* of a handshake, FLUSH and LINGER */
	struct stream_tls *tls; /* NULL in clear */
	uv_tcp_t tcp;
};

/* TLS on a stream, from stream_start_tls to the close. */
struct stream_tls {
	struct tls_link *link;
	struct tls_ctx *ctx;
	struct mono deadline; /* of the handshake */
	struct buf early;     /* not yet given to the link */
	bool has_begun;       /* the client has sent something */
	bool is_secure;       /* the handshake is done */
	bool has_failed;      /* told to the owner */
	bool is_clear; /* failed, and what is written goes out in clear */
};

/* -- stream.c -- */
/* stream_want without a look at TLS. */
void stream__want(struct stream *stream, size_t bytes);
/* Bytes to the socket. */
int stream__send(struct stream *stream, const char *bytes, size_t n);
/* Bytes to the owner. */
void stream__deliver(struct stream *stream, const char *p, size_t n);
/* The client says nothing more. */
void stream__on_eof(struct stream *stream);
/* The client is lost, found by the loop. */
void stream__on_lost(struct stream *stream, int err);

/* -- stream_tls.c; all but the first three may be called in clear -- */
void stream__tls_take(struct stream *stream, const char *p, size_t n);
/* -EAGAIN during the handshake. */
int stream__tls_write(
    struct stream *stream, const char *bytes, size_t n) WARN_UNUSED;
/* Tells the owner. */
void stream__tls_fail(struct stream *stream, int err, const char *reason);
bool stream__tls_has_failed(const struct stream *stream);
bool stream__is_shaking_hands(const struct stream *stream);
/* No TLS, or it has failed before it began. */
bool stream__speaks_clear(const struct stream *stream);
/* close_notify, and nothing is decrypted any more. */
void stream__tls_end(struct stream *stream);
void stream__tls_free(struct stream *stream);
size_t stream__tls_memory(const struct stream *stream);

#endif
