/* SPDX-License-Identifier: MIT */
/* link.h - one connection to a host, and frames on it.
 *
 * Used by one fiber at a time.  All BLOCKS functions end at the deadline of
 * the hook (-ETIMEDOUT) and when the session is gone (-ECANCELED); after any
 * error the link is broken and is to be closed.
 */
#ifndef HOOKLINE_HOST_LINK_H
#define HOOKLINE_HOST_LINK_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/check.h"
#include "base/err.h"
#include "base/slice.h"

struct conn;
struct host_link;
struct rt;

/* Connects to the socket on which hosts accept, and waits for one that says
 * hello, at most `timeout_ms`.
 * Returns 0; -ETIME all are busy; -ENOENT, -ECONNREFUSED nobody is there;
 * -EPROTO it does not speak this protocol; other negative errno; with the
 * reason in `err`. */
int host_link_open(struct rt *rt, struct slice path, uint64_t timeout_ms,
    struct host_link **ret, struct err *err) BLOCKS WARN_UNUSED;
/* NULL is fine; sets NULL. */
void host_link_close(struct host_link **link);

/* The host's process, as it says itself; 0 unknown. */
int host_link_pid(const struct host_link *link);

/* Does the host take rows of calls (row.c)? */
bool host_link_has_rows(const struct host_link *link);

int host_link_fd(const struct host_link *link); /* borrowed */
/* Nothing of a next frame was received yet. */
bool host_link_is_empty(const struct host_link *link);
/* For conn_wait_any; borrowed. */
struct conn *host_link_conn(const struct host_link *link);

/* Bytes that came on it so far. */
uint64_t host_link_received(const struct host_link *link);

/* Sends one frame whose fields are `fields`.  0 or negative errno. */
int host_link_send(
    struct host_link *link, struct slice fields) BLOCKS WARN_UNUSED;
/* The descriptor that follows a frame; `fd` stays the caller's. */
int host_link_send_fd(struct host_link *link, int fd) BLOCKS WARN_UNUSED;
/* The fields of the next frame, checked to be a list and not empty; borrowed
 * until the next call.
 * timeout_ms  for each part that comes; 0: the hook's deadline alone
 * Returns 0; -ETIME; -EPIPE the host has closed; -EPROTO that is no frame;
 * others. */
int host_link_receive(struct host_link *link, uint64_t timeout_ms,
    struct slice *ret_fields) BLOCKS WARN_UNUSED;

#endif
