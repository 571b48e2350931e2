/* SPDX-License-Identifier: MIT */
/* polled.h - the listening sockets of a worker, by the master's names.
 *
 * The master speaks of (id, slot), the server of descriptors.  A worker polls
 * the sockets of its own slot and, while another slot is empty, its.
 */
#ifndef HOOKLINE_PROC_POLLED_H
#define HOOKLINE_PROC_POLLED_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/str.h"
#include "server/server.h"

struct heritage;
struct polled_socket;

/* Zeroed at first. */
struct polled {
	struct polled_socket *at;
	size_t count;
};

/* Gives `fd`, which is taken over in any case, to the server. */
int polled_add(struct polled *polled, struct server *server, unsigned id,
    unsigned slot, int fd, hl_str line, struct err *err) WARN_UNUSED;
/* All of the heritage; stops at the first that fails. */
int polled_add_all(struct polled *polled, struct server *server,
    const struct heritage *heritage, struct err *err) WARN_UNUSED;
bool polled_has(const struct polled *polled, unsigned id, unsigned slot);
/* One that is not there is fine. */
void polled_remove(struct polled *polled, struct server *server, unsigned id,
    unsigned slot, enum server_unlisten how);
/* Forgets all; the descriptors are the server's. */
void polled_done(struct polled *polled);

/* The plugin files that the lines of the heritage name, each once; they may
 * be those of --listen.  In `arena`; NULL: a line cannot be used. */
const char *const *polled_chains(const struct heritage *heritage,
    struct arena *arena, unsigned *ret_count, struct err *err);

#endif
