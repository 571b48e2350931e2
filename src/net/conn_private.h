/* SPDX-License-Identifier: MIT */
/* conn_private.h - what conn*.c and dial.c need of each other. */
#ifndef HOOKLINE_NET_CONN_PRIVATE_H
#define HOOKLINE_NET_CONN_PRIVATE_H

#include <errno.h>
#include <stddef.h>
#include <sys/types.h>

#include <uv.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/err.h"
#include "net/conn.h"

struct conn_tls;
struct conn_tls_options;
struct fiber;
struct rt;
struct tls_trust;

#define CONN_MAGIC 0x636f6e6eu

struct conn {
	uint32_t magic;
	int fd;
	bool is_broken;    /* a call failed: the state of the peer is unknown */
	bool is_pending;   /* a receiving call gave up: its answer may follow */
	bool is_watched;   /* `poll` is initialised */
	bool is_ready;     /* what `fiber` waits for has happened */
	int watched;       /* events that the loop watches now */
	const char *label; /* of its waits; NULL: "connection" */
	struct rt *rt;
	struct conn_tls *tls; /* NULL: in clear */
	struct fiber *fiber;  /* the one that waits, NULL: none */
	size_t taken;         /* bytes of `in` that were handed out */
	struct buf in;        /* read ahead by conn_recv_line */
	struct buf note, farewell;
	uv_poll_t poll;
};

/* What a call on the socket that failed with `code` returns.  When the kernel has
 * had no answer for minutes, that is no deadline of ours. */
static inline int
conn__failure(int code)
{
	return code == ETIMEDOUT ? -ECONNABORTED : -code;
}

/* What a negative errno means.  uv_strerror does not know -ETIME, and leaks
 * memory for what it does not know. */
const char *conn__reason(int code);

/* Bytes that were read ahead. */
size_t conn__buffered(const struct conn *conn);

/* ---- conn_wait.c ---- */

/* When a call with `timeout_ms` (0: none) has to end; {0}: never. */
struct mono conn__until(uint64_t timeout_ms);
/* Milliseconds until then for fiber_block: at least 1, 0 for never.
 * Returns 0, or -ETIME when it is over. */
int conn__left(struct mono until, uint64_t *ret_ms) WARN_UNUSED;

/* BLOCKS until the descriptor is ready for `events` (UV_READABLE or
 * UV_WRITABLE) or has an error.  Returns 0; -ETIME; -ETIMEDOUT; -ECANCELED;
 * or why the loop cannot watch it. */
int conn__wait(
    struct conn *conn, int events, struct mono until) BLOCKS WARN_UNUSED;

/* ---- conn_tls.c ---- */

/* conn_tls_start with the time of a dial. */
int conn_tls__start(struct conn *conn, struct tls_trust *trust,
    const struct conn_tls_options *options, struct mono until,
    struct err *err) BLOCKS WARN_UNUSED;
/* Returns bytes, 0 when the peer said goodbye, or negative errno. */
ssize_t conn_tls__read(struct conn_tls *tls, void *buf, size_t size,
    struct mono until) BLOCKS WARN_UNUSED;
int conn_tls__write(struct conn_tls *tls, const char *bytes, size_t size,
    struct mono until) BLOCKS WARN_UNUSED;
/* As far as the socket takes it at once. */
void conn_tls__try_write(struct conn_tls *tls, const char *bytes, size_t size);
/* As conn_is_idle. */
bool conn_tls__is_idle(struct conn_tls *tls);
/* Says goodbye.  Returns 0; -EAGAIN the socket is full; other negative
 * errno. */
int conn_tls__shutdown(struct conn_tls *tls) WARN_UNUSED;
/* The same as far as possible, and frees.  NULL is fine. */
void conn_tls__free(struct conn_tls **tls);

#endif
