/* SPDX-License-Identifier: MIT */
/* listen_socket.h - making listening sockets.
 *
 * Called by the master, which owns them and passes them to the workers
 * (docs/architecture.md, "Processes"); systemd may make them instead.  Does
 * not touch the loop; may block on the file system for a moment.
 */
#ifndef HOOKLINE_NET_LISTEN_SOCKET_H
#define HOOKLINE_NET_LISTEN_SOCKET_H

#include <stdbool.h>
#include <sys/types.h>

#include "base/check.h"
#include "base/err.h"
#include "net/endpoint.h"

#define LISTEN_BACKLOG 4096 /* the kernel cuts it to net.core.somaxconn */

struct listen_options {
	bool reuse_port; /* SO_REUSEPORT: one socket for each worker slot */
	/* No listen yet, so that no connection waits in it before somebody
	 * will accept: the caller does listen(fd, LISTEN_BACKLOG). */
	bool bind_only;
	mode_t unix_mode; /* of a Unix socket's path; 0: 0666 */
	bool unix_bounds; /* a Unix socket that keeps message bounds */
};

/* Makes, binds and listens: close-on-exec, non-blocking, SO_REUSEADDR,
 * TCP_NODELAY (inherited by what is accepted), IPV6_V6ONLY, backlog
 * LISTEN_BACKLOG (unless bind_only).  A Unix socket's path that nobody listens on any more is
 * removed first; one that is in use is -EADDRINUSE; any other file there is
 * left alone and -EEXIST.  `options` may be NULL.
 * Returns the descriptor, or negative errno with the reason in `err`. */
int listen_socket_make(const struct endpoint *where,
    const struct listen_options *options, struct err *err) WARN_UNUSED;

#endif
