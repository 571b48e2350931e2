/* SPDX-License-Identifier: MIT */
/* tls_bundle.h - the material of all listeners, passed from the master to
 * its workers.
 *
 * A sealed memory file: whoever has its descriptor can read it and nobody
 * can change it.  Readers map it, so that keys are copied nowhere but into
 * OpenSSL, and leave it out of core dumps.  Both sides are the same binary:
 * lengths are the machine's own.
 */
#ifndef HOOKLINE_NET_TLS_BUNDLE_H
#define HOOKLINE_NET_TLS_BUNDLE_H

#include <stddef.h>

#include "base/arena.h"
#include "base/check.h"
#include "base/slice.h"
#include "base/str.h"
#include "net/tls_ctx.h"
#include "net/tls_tickets.h"

/* The material of the listeners of one name, one plugin file and one kind
 * (material.is_implicit). */
struct tls_scope {
	hl_str chain; /* key of the plugin file; the name: material.scope */
	struct tls_material material;
};

/* Borrowed from `map`, texts and tables from `arena`. */
struct tls_bundle {
	struct tls_scope *scopes;
	size_t count;
	struct arena arena; /* private */
	void *map;          /* private */
	size_t map_size;    /* private */
};

/* Returns the descriptor, close-on-exec, or negative errno. */
int tls_bundle_make(const struct tls_scope *scopes, size_t count) WARN_UNUSED;
/* `fd` stays the caller's and may be closed at once.  Returns 0; -EINVAL not
 * a bundle; another negative errno. */
int tls_bundle_open(int fd, struct tls_bundle *ret) WARN_UNUSED;
void tls_bundle_close(struct tls_bundle *bundle);

/* The same for ticket keys, which are read at once; the caller wipes. */
int tls_ticket_file_make(const struct tls_ticket_keys *keys) WARN_UNUSED;
int tls_ticket_file_read(int fd, struct tls_ticket_keys *ret) WARN_UNUSED;

#endif
