/* SPDX-License-Identifier: MIT */
/* try.h - one conversation through the real engine, without a network and
 * without a queue (`hookline try`).
 */
#ifndef HOOKLINE_SERVER_TRY_H
#define HOOKLINE_SERVER_TRY_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"
#include "base/inet.h"

struct rt;
struct shm;

struct try_options {
	const char *host_socket; /* see server.h */
	struct rt *rt;
	struct shm *shm;
	const char *config_dir;
	const char *work_dir; /* for spool files; exists, writable */
	struct inet_addr peer;
	const char *helo, *from;
	const char *const *to;
	size_t to_count;
	bool tls;            /* the client says STARTTLS */
	const char *message; /* any line ends */
	size_t message_size;
};

/* Prints commands ("> "), hook calls and replies ("< ") to stdout as they
 * happen.  The queue hooks are not called; what would be queued is said.
 * Returns 0 accepted, 1 refused somewhere; negative errno with the reason. */
int server_try(const struct try_options *options, struct err *err) WARN_UNUSED;

#endif
