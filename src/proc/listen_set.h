/* SPDX-License-Identifier: MIT */
/* listen_set.h - the listening sockets of one generation.
 *
 * For each line of config/listen one socket for each worker slot
 * (SO_REUSEPORT); of a Unix socket or one that systemd opened, one that all
 * share.  A set is made from the lines and from the set before: what both
 * have is the same socket (another descriptor of it), so a set can be thrown
 * away without touching the other.  A new socket is only bound until
 * listen_set_listen, so that no connection waits in it before anyone will
 * accept (closing a listening socket resets those that wait).
 */
#ifndef HOOKLINE_PROC_LISTEN_SET_H
#define HOOKLINE_PROC_LISTEN_SET_H

#include <stdbool.h>

#include "base/check.h"
#include "base/err.h"
#include "base/inet.h"

struct activation;
struct conf_listeners;

struct listen_addr {
	unsigned id; /* the same in each set that has this address */
	char *key;   /* the address as text; port 0 stays port 0 */
	char *line;  /* as in config/listen, for workers; real port */
	char *where; /* the address with its real port, for people */
	char *path;  /* of a Unix socket that we made, else NULL */
	bool shared;
	bool from_systemd;
	unsigned count; /* of fds: slots, or 1 if shared */
	int *fds;
};

struct listen_set {
	unsigned slots;
	unsigned count;
	struct listen_addr *addrs;
};

/* old         the set in use, or NULL
 * activation  sockets from systemd: each is used with the words of the line
 *             of its address and name, else address, else name; -EINVAL if
 *             there is none.  A line with such sockets opens none itself.
 *             Without any line each socket is one of its own.
 * next_id     counter for new addresses
 * Without `old` an address that another server listens on is waited for, up
 * to 3 s (it may be about to end), then refused.
 * Returns 0; negative errno with the address in `err`. */
int listen_set_make(const struct conf_listeners *lines, unsigned slots,
    const struct activation *activation, const struct listen_set *old,
    unsigned *next_id, struct listen_set **ret, struct err *err) WARN_UNUSED;
/* Makes all of them listen.  0, or negative errno for the first that cannot
 * (another program took the address in between). */
int listen_set_listen(
    const struct listen_set *set, struct err *err) WARN_UNUSED;
/* Closes our descriptors and removes the paths of Unix sockets; the set can
 * only be freed after that. */
void listen_set_close(struct listen_set *set);
/* Closes our descriptors. */
void listen_set_free(struct listen_set **set);
/* Removes the paths of Unix sockets that `keep` (may be NULL) has not. */
void listen_set_unlink(
    const struct listen_set *set, const struct listen_set *keep);

/* The descriptor of (address, slot), -1 if there is none; `slot` of a shared
 * address is 0. */
int listen_set_fd(const struct listen_set *set, unsigned id, unsigned slot);
const struct listen_addr *listen_set_find(
    const struct listen_set *set, unsigned id);

#endif
