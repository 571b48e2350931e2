/* SPDX-License-Identifier: MIT */
/* listener.h - accepting connections on an inherited listening socket.
 *
 * Owns the polling, not the address: the descriptor was made by
 * listen_socket.h (in the master) or by systemd.  Stopping merely ends the
 * polling, so that connections wait in the kernel's queue for whoever polls
 * the socket next.  All functions are loop functions.
 *
 * Each turn of the loop accepts until the queue is empty, at most
 * LISTENER_BATCH connections, so that a flood of new ones does not starve
 * those that are there.
 *
 * When descriptors or kernel memory run out (EMFILE, ENFILE, ENOBUFS,
 * ENOMEM) polling pauses, LISTENER_PAUSE_MIN_MS at first, doubled up to
 * LISTENER_PAUSE_MAX_MS as long as it goes on; clients wait in the queue
 * meanwhile.  on_error is called for each pause, to be logged.
 */
#ifndef HOOKLINE_NET_LISTENER_H
#define HOOKLINE_NET_LISTENER_H

#include <stdbool.h>

#include "base/check.h"
#include "base/inet.h"

struct listener;
struct rt;

#define LISTENER_BATCH 64
#define LISTENER_PAUSE_MIN_MS 100
#define LISTENER_PAUSE_MAX_MS 2000

/* Callbacks may call listener_stop and listener_close. */
struct listener_events {
	/* `fd` is non-blocking, close-on-exec, and the owner's from now on.
	 * Both addresses are INET_UNIX for a Unix socket; `local` is the
	 * address that the client connected to. */
	void (*on_accept)(void *owner, int fd, const struct inet_addr *peer,
	    const struct inet_addr *local);
	/* Accepting failed with the negative errno `err`; tried again after
	 * `pause_ms`.  May be NULL. */
	void (*on_error)(void *owner, int err, unsigned pause_ms);
};

/* `fd` is a listening socket; it is made non-blocking and belongs to the
 * listener from now on.  TCP_NODELAY is set on it, which accepted
 * connections inherit.  Does not poll yet.  `events` and `owner` must outlive
 * the listener.  Returns 0, or negative errno: `fd` is still the caller's. */
int listener_open(struct rt *rt, int fd, const struct listener_events *events,
    void *owner, struct listener **ret_listener) WARN_UNUSED;

void listener_start(struct listener *listener);
void listener_stop(struct listener *listener);
bool listener_is_started(const struct listener *listener);

/* Accepts what waits in the queue, without limit and without polling: for
 * the last worker of an address that is given up, before listener_close.
 * Returns 0 when the queue is empty, negative errno when accepting failed. */
int listener_accept_all(struct listener *listener) WARN_UNUSED;

int listener_fd(const struct listener *listener); /* borrowed */

/* Stops, closes the descriptor, frees; *listener becomes NULL. */
void listener_close(struct listener **listener);

#endif
