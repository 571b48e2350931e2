/* SPDX-License-Identifier: MIT */
/* stream.h - one connection to a client.
 *
 * Owns the accepted descriptor, its libuv handle and the bytes that the
 * kernel has not yet taken.  Everything but stream_drain is a loop function.
 * At rest a stream has no buffer: input is read into one buffer shared by
 * all streams of the process and handed to the owner during the call, output
 * is copied only when the kernel does not take it at once.
 *
 *	      stream_open
 *		   |
 *		 OPEN ------ read error, failed write -----> GONE
 *		   |  \                                        |
 *	linger_close   stream_close                      stream_close
 *		   |       \                                   |
 *	 FLUSH -> LINGER -> CLOSING <--------------------------+
 *			       |
 *		      on_closed, then freed
 *
 * End of file is not disconnection: the client may have shut down its side
 * only, so on_eof leaves the stream OPEN and writable.  "Gone" is a reset, a
 * broken pipe, a timeout of the kernel, or any other failed read or write.
 *
 * With stream_start_tls an OPEN stream encrypts from then on; the handshake is
 * made on the loop, and the owner hears of its end.
 *
 * SIGPIPE must be ignored (rt_new sees to that).  TCP_NODELAY is inherited
 * from the listening socket (listener.h), so it costs no call here.
 */
#ifndef HOOKLINE_NET_STREAM_H
#define HOOKLINE_NET_STREAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/check.h"
#include "base/slice.h"

struct rt;
struct ssl_st; /* SSL */
struct stream;
struct tls_ctx;

/* The most that one on_data can bring. */
#define STREAM_READ_MAX (64u * 1024)
/* stream_linger_close: what is thrown away, and for how long. */
#define STREAM_LINGER_BYTES (64u * 1024)
#define STREAM_LINGER_MS 2000
/* ... and how long the client may take to accept what is still queued. */
#define STREAM_FLUSH_MS 10000

/* Why there is no TLS (any more). */
struct stream_tls_failure {
	int err; /* -EPROTO; -ETIMEDOUT no handshake in time; or the socket's */
	const char *reason; /* in OpenSSL's words or ours */
	/* The client does not seem to speak TLS: nothing was encrypted, and
	 * what is written now goes out in clear, an answer it can read. */
	bool is_clear;
};

/* All are called on the loop, never from inside a call of the owner.  A
 * callback may call any function below but stream_drain, stream_close
 * included; nothing but on_closed follows a close. */
struct stream_events {
	/* `p` is the shared buffer: valid during the call only. */
	void (*on_data)(void *owner, const char *p, size_t n);
	/* At most once.  No on_data follows. */
	void (*on_eof)(void *owner);
	/* At most once, with a negative errno.  Nothing can be sent any more
	 * and nothing comes.  Not called for an error that stream_write has
	 * already returned. */
	void (*on_gone)(void *owner, int err);
	/* Exactly once, last.  The stream is freed when it returns. */
	void (*on_closed)(void *owner);
	/* For streams that start TLS.  At most once: the handshake is done,
	 * what is read and written from now on is encrypted. */
	void (*on_secure)(void *owner);
	/* At most once, instead of on_secure or after it.  Nothing comes any
	 * more, neither on_data nor on_eof, and stream_write returns -EPROTO
	 * (but see is_clear); stream_linger_close lets the client read the
	 * alert that was sent. */
	void (*on_tls_failed)(
	    void *owner, const struct stream_tls_failure *failure);
};

/* Takes over `fd`, an accepted, non-blocking TCP or Unix stream socket, and
 * starts reading.  `events` and `owner` must outlive the stream.
 * Returns 0, or negative errno: then `fd` still belongs to the caller. */
int stream_open(struct rt *rt, int fd, const struct stream_events *events,
    void *owner, struct stream **ret_stream) WARN_UNUSED;

/* Sends all of `bytes`: at once as far as the kernel takes them, the rest is
 * copied, queued and counted by stream_queued.  Returns 0; -ECANCELED after
 * a close; else the negative errno for which the stream is gone (the owner
 * gets no on_gone for it, closes the stream and may expect nothing more). */
int stream_write(
    struct stream *stream, const void *bytes, size_t n) WARN_UNUSED;

/* Begins TLS, as the server, behind what was written so far; once.
 *
 * early       what the owner has read already and belongs to the client's
 *             side of the handshake; copied
 * timeout_ms  for the handshake; then on_tls_failed
 * Until on_secure or on_tls_failed is called, no other callback is but
 * on_closed, stream_write returns -EAGAIN, and stream_want is of no effect:
 * all is read.  Afterwards it counts what comes out of TLS; as a record comes
 * whole, up to 16 KiB more than wanted may come.
 * Returns 0; -ENOMEM; -ECANCELED after a close; else the error for which the
 * stream is gone.  Never calls back before it returns. */
int stream_start_tls(struct stream *stream, struct tls_ctx *ctx,
    struct slice early, uint64_t timeout_ms) WARN_UNUSED;
/* For facts; valid until the stream is closed.  NULL in clear. */
struct ssl_st *stream_ssl(const struct stream *stream);

/* Bytes that the kernel has not yet taken. */
size_t stream_queued(const struct stream *stream);

/* BLOCKS until nothing is queued.  One fiber at a time.  Returns 0; -ETIME
 * after `timeout_ms`; -ECANCELED or -ETIMEDOUT as fiber_block does; or the
 * error for which the stream is gone.  The stream must not be closed by
 * others meanwhile without waking: a close lets it return -ECANCELED. */
int stream_drain(struct stream *stream, uint64_t timeout_ms) BLOCKS WARN_UNUSED;

/* Has the client sent what was not yet read?  One system call. */
bool stream_has_unread(const struct stream *stream);

/* Reads at most `bytes` more, then as stream_pause.  Costs no system call
 * until the client sends more than that. */
void stream_want(struct stream *stream, size_t bytes);
void stream_pause(struct stream *stream);  /* stream_want(stream, 0) */
void stream_resume(struct stream *stream); /* no limit */

/* Writes out what is queued (at most STREAM_FLUSH_MS), shuts down our side,
 * reads and throws away until the client has closed, STREAM_LINGER_BYTES have
 * come or STREAM_LINGER_MS have passed, then closes: with unread input the
 * kernel would send a reset, and the client might lose the last reply.
 * When the client's end of file has been seen, it closes at once.  Never
 * calls back before it returns. */
void stream_linger_close(struct stream *stream);

/* At once; what is queued is lost.  Also ends a lingering.  Calling it again
 * does nothing.  Never calls back before it returns. */
void stream_close(struct stream *stream);

/* Borrowed; -1 after stream_close. */
int stream_fd(const struct stream *stream);

/* Heap bytes that the stream takes now, queued output included, and a guess
 * at what OpenSSL holds for it. */
size_t stream_memory(const struct stream *stream);

#endif
