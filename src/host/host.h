/* SPDX-License-Identifier: MIT */
/* host.h - plugins of other languages in the chain.
 *
 * A worker has one `struct host`: the socket on which host processes accept,
 * and what they have loaded.  Each plugin that they run is a struct plugin
 * (hook/remote.h) whose functions (shim.c) call its entries over the session's
 * link (docs/host-protocol.md):
 *
 *	hook_run -> shim -> host_call -> link -> host process -> plugin
 *	                        ^ asks: configuration, DNS, body ... (ask.c)
 *
 * host.c     what was loaded; the ops of hook/remote.h
 * session.c  a client's session and its host process
 * sync_out.c what has changed since the host was told
 * sync_in.c  what a plugin has changed
 * call.c     one call;  ask.c what the host asks meanwhile
 * inner.c    ... a hook that it runs inside of the call
 * stdio.c    plugins that read and write the client's bytes meanwhile
 * args.c     a hook's arguments as values;  shim.c the functions
 */
#ifndef HOOKLINE_HOST_HOST_H
#define HOOKLINE_HOST_HOST_H

#include <stdint.h>

#include "base/check.h"
#include "hook/remote.h"

struct host;

struct host_options {
	const char *path; /* of the socket on which hosts accept */
	uint64_t wait_ms; /* for one that is idle */
	/* A call in a host process was given up: it is to be ended.  It serves
	 * this session, and no other, until each copy of the descriptor `fd`
	 * (borrowed) is closed.  `how`: "gone" the client hung up, "late" it
	 * did not answer in time, "bad" it sent what it must not. */
	void (*on_stuck)(void *arg, int pid, int fd, const char *how);
	void *arg;
};

/* The strings are copied. */
struct host *host_new(const struct host_options *options);
void host_free(struct host **host); /* NULL is fine; after the engine */

/* For engine_options; the `arg` is the struct host. */
extern const struct remote_ops host_ops;

#endif
