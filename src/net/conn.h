/* SPDX-License-Identifier: MIT */
/* conn.h - an outgoing connection, used from fibers.
 *
 * Straight-line reading and writing for plugins and the hosts: each call
 * tries at once and parks the fiber when the kernel has nothing or takes
 * nothing.  One fiber at a time.  Made by dial.h, or from a descriptor.
 *
 * Every BLOCKS function returns -ETIME when its own `timeout_ms` (0: none)
 * is over, -ETIMEDOUT at the deadline of the hook, -ECANCELED when the
 * session is gone, -ECONNABORTED when the kernel has given up on a peer that
 * does not answer, else the negative errno of the failed call.  After any
 * error but -ETIME of a receiving call the connection is broken: what was
 * sent of a message is unknown; it does not go back into a pool.
 */
#ifndef HOOKLINE_NET_CONN_H
#define HOOKLINE_NET_CONN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/check.h"
#include "base/slice.h"

struct conn;
struct rt;

/* The longest line, and what is read ahead of it. */
#define CONN_LINE_MAX (16u * 1024)

/* Takes over a connected stream socket (made non-blocking), as one end of a
 * socketpair to a host.  Returns 0, or negative errno: `fd` is then still
 * the caller's. */
int conn_from_fd(struct rt *rt, int fd, struct conn **ret_conn) WARN_UNUSED;

/* Receives what is there, 1 to `size` bytes.  Returns the number of bytes; 0
 * at the end of file; or negative errno. */
int conn_recv(struct conn *conn, void *buf, size_t size,
    uint64_t timeout_ms) BLOCKS WARN_UNUSED;

/* Receives exactly `size` bytes.  Returns 0; -EPIPE when the peer closed
 * before; or negative errno. */
int conn_recv_all(struct conn *conn, void *buf, size_t size,
    uint64_t timeout_ms) BLOCKS WARN_UNUSED;

/* Receives one line, without its LF or CRLF; what follows is kept for the
 * next call.  *ret_line is borrowed until the next call on `conn`.
 * Returns 1; 0 at the end of file (an unfinished last line is then in
 * *ret_line); -EMSGSIZE over CONN_LINE_MAX; or negative errno. */
int conn_recv_line(struct conn *conn, uint64_t timeout_ms,
    struct slice *ret_line) BLOCKS WARN_UNUSED;

/* Sends all of it.  Returns 0 or negative errno. */
int conn_send(struct conn *conn, const void *bytes, size_t n,
    uint64_t timeout_ms) BLOCKS WARN_UNUSED;

/* Sends `n` > 0 bytes, the first of them with a copy of the descriptor `fd`
 * (SCM_RIGHTS; Unix sockets only).  Returns 0 or negative errno. */
int conn_send_fd(struct conn *conn, int fd, const void *bytes, size_t n,
    uint64_t timeout_ms) BLOCKS WARN_UNUSED;

/* Sends our end of file. */
int conn_shutdown(struct conn *conn) WARN_UNUSED;

/* Bytes that stay with it, for who takes it from a pool: copies them.  At most
 * CONN_NOTE_MAX. */
#define CONN_NOTE_MAX 256
void conn_set_note(struct conn *conn, const void *bytes, size_t n);
/* Copies up to `size` of them.  Returns their number; 0 there are none. */
size_t conn_note(const struct conn *conn, void *ret, size_t size);

/* What a pool says on it before it closes it, e.g. "QUIT"; copies at most
 * CONN_NOTE_MAX bytes. */
void conn_set_farewell(struct conn *conn, const void *bytes, size_t n);
/* Says it, as far as the socket takes it at once.  Never blocks. */
void conn_say_farewell(struct conn *conn);

/* Whether it may be used for another exchange: nothing failed, nothing was
 * received that nobody asked for, and the peer has not closed.  One system
 * call. */
bool conn_is_idle(struct conn *conn);

/* What waits on it are called in the record of a hook call (static; rt/fiber.h)
 * instead of "connection". */
void conn_label(struct conn *conn, const char *what);

/* What conn_wait_any waits for. */
struct conn_wait {
	struct conn *conn;
	bool for_room;  /* for room to send, too */
	bool ret_ready; /* set: it is readable, has room or has failed */
};

/* Waits until one of them is ready, or the fiber is woken by something else
 * (a client's bytes): then none of them need be.  Returns 0 or negative
 * errno. */
int conn_wait_any(struct conn_wait *waits, size_t n) BLOCKS WARN_UNUSED;

int conn_fd(const struct conn *conn); /* borrowed */

/* Closes and frees; *conn becomes NULL.  NULL is fine. */
void conn_close(struct conn **conn);

#endif
