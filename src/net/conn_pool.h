/* SPDX-License-Identifier: MIT */
/* conn_pool.h - kept connections, shared by the sessions of a worker.
 *
 * A connection is taken out for one exchange and given back; while it is
 * out it is its fiber's alone.  Those that lie idle longer than the limit
 * are closed, those that the peer closed meanwhile are dropped when taken.
 * The newest is taken first.  Who is closed in the pool hears its farewell
 * before (conn_set_farewell).
 */
#ifndef HOOKLINE_NET_CONN_POOL_H
#define HOOKLINE_NET_CONN_POOL_H

#include <stddef.h>
#include <stdint.h>

#include "base/check.h"
#include "base/err.h"
#include "base/slice.h"
#include "net/dial.h"

struct conn_pool;
struct rt;

#define CONN_POOL_IDLE_MAX 1024 /* of all keys together */

/* Keeps at most `max_idle` connections for each key, each for at most
 * `idle_ms` (0: no limit). */
struct conn_pool *conn_pool_new(
    struct rt *rt, unsigned max_idle, uint64_t idle_ms);
/* Closes all that are idle.  Those that are out belong to their takers. */
void conn_pool_free(struct conn_pool **pool);

/* A living idle connection that was put under `key`, or NULL.  Never blocks.
 * It is the caller's until conn_pool_put or conn_close. */
struct conn *conn_pool_take(struct conn_pool *pool, struct slice key);

/* conn_pool_take, else conn_dial(where) under the key `where`.  The peer may
 * close a kept connection at any time: when the first exchange over one fails
 * before anything was received, try again with conn_dial. */
int conn_pool_dial(struct conn_pool *pool, struct slice where,
    uint64_t timeout_ms, const struct dial_options *options,
    struct conn **ret_conn, struct err *err) BLOCKS WARN_UNUSED;

/* Gives back a connection whose last exchange is complete; *conn becomes
 * NULL.  One that is not fit to be kept (conn_is_idle), or over `max_idle`,
 * is closed. */
void conn_pool_put(
    struct conn_pool *pool, struct slice key, struct conn **conn);

size_t conn_pool_idle(const struct conn_pool *pool); /* all keys together */

#endif
