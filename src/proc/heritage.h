/* SPDX-License-Identifier: MIT */
/* heritage.h - what a worker inherits from the master.
 *
 * Descriptors keep their numbers over exec; which is which, and the rest,
 * stands as lines "key=value" in a memory file that is descriptor
 * HERITAGE_FD of the worker.
 */
#ifndef HOOKLINE_PROC_HERITAGE_H
#define HOOKLINE_PROC_HERITAGE_H

#include <stddef.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/str.h"

#define HERITAGE_FD 3

/* A listening socket.  (id, slot) is its name on the channel; a socket that
 * all slots share has slot 0. */
struct heritage_socket {
	int fd; /* its number in the worker */
	unsigned id, slot;
	hl_str line; /* as in config/listen */
};

struct heritage {
	unsigned generation, slot, workers;
	unsigned segment; /* shm.h */
	int master_pid;
	int channel_fd, shm_fd, shm_rw_fd;
	/* TLS material and ticket keys (net/tls_bundle.h); 0: no TLS. */
	int tls_fd, tickets_fd;
	hl_str config_dir, state_dir; /* absolute */
	struct heritage_socket *sockets;
	size_t socket_count;
};

/* Makes the memory file, its position at the start, close-on-exec.
 * Returns the descriptor or negative errno.  -EINVAL: a newline in a text. */
int heritage_write(
    const struct heritage *heritage, struct err *err) WARN_UNUSED;

/* Reads it and closes `fd`; texts and sockets live in `arena`.
 * Returns 0; -EINVAL not the file that heritage_write makes. */
int heritage_read(int fd, struct arena *arena, struct heritage *ret,
    struct err *err) WARN_UNUSED;

#endif
