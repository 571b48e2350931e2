/* SPDX-License-Identifier: MIT */
/* conn_private.h - what dial.c needs of a connection. */
#ifndef HOOKLINE_NET_CONN_PRIVATE_H
#define HOOKLINE_NET_CONN_PRIVATE_H

#include "base/clock.h"
#include "net/conn.h"

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

#endif
