/* SPDX-License-Identifier: MIT */
/* server_tls.c - which TLS context a listener has now.
 *
 * The master sends the material, at the start and again when a file of it
 * has changed; from it come new contexts, and each listener takes the one of
 * its name, plugin file and kind.  Who holds an old one keeps it.
 */
#include <errno.h>
#include <string.h>

#include "base/mem.h"
#include "net/tls_bundle.h"
#include "server_private.h"
#include "server_tls.h"

struct entry {
	char *listener, *chain;
	bool is_implicit;
	struct tls_ctx *ctx;
};

struct server_tls {
	struct tls_tickets *tickets;
	struct entry *entries;
	size_t count;
};

static void
entries_free(struct entry *entries, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		mem_free(entries[i].listener);
		mem_free(entries[i].chain);
		tls_ctx_unref(&entries[i].ctx);
	}
	mem_free(entries);
}

static struct server_tls *
tls_of(struct server *server)
{
	if (server->tls == NULL) {
		server->tls = mem_alloc(sizeof(*server->tls));
		server->tls->tickets = tls_tickets_new();
	}
	return server->tls;
}

void
server_tls__resolve(struct server_listener *listener)
{
	const struct server_tls *tls = listener->server->tls;

	tls_ctx_unref(&listener->tls_ctx);
	for (size_t i = 0; tls != NULL && i < tls->count; i++) {
		const struct entry *entry = &tls->entries[i];

		if (entry->is_implicit == listener->tls &&
		    str_eq_text(listener->name, entry->listener) &&
		    str_eq_text(listener->chains->key, entry->chain)) {
			listener->tls_ctx = tls_ctx_ref(entry->ctx);
			return;
		}
	}
}

static int
entries_make(struct server_tls *tls, const struct tls_bundle *bundle,
    struct entry *entries, struct err *err)
{
	for (size_t i = 0; i < bundle->count; i++) {
		const struct tls_scope *scope = &bundle->scopes[i];
		struct entry *entry = &entries[i];
		int rc = tls_ctx_new(
		    &scope->material, tls->tickets, &entry->ctx, err);

		if (rc < 0)
			return err_prefix(err, "TLS of listener %.*s",
			    STR(scope->material.scope));
		entry->listener = mem_dup(slice_str(scope->material.scope));
		entry->chain = mem_dup(slice_str(scope->chain));
		entry->is_implicit = scope->material.is_implicit;
	}
	return 0;
}

int
server_tls_take(struct server *server, int fd, struct err *err)
{
	struct server_tls *tls = tls_of(server);
	struct tls_bundle bundle;
	struct entry *entries;
	int rc = tls_bundle_open(fd, &bundle);

	if (rc < 0)
		return err_set(err, rc, "TLS material: %s", strerror(-rc));
	entries = mem_array(bundle.count, sizeof(*entries));
	rc = entries_make(tls, &bundle, entries, err);
	if (rc < 0) {
		entries_free(entries, bundle.count);
	} else {
		entries_free(tls->entries, tls->count);
		tls->entries = entries;
		tls->count = bundle.count;
		LIST_FOR_EACH (link, safe, &server->listeners)
			server_tls__resolve(
			    CONTAINER_OF(link, struct server_listener, link));
	}
	tls_bundle_close(&bundle);
	return rc;
}

int
server_tickets_take(struct server *server, int fd, struct err *err)
{
	struct tls_ticket_keys keys;
	int rc = tls_ticket_file_read(fd, &keys);

	if (rc < 0)
		return err_set(err, rc, "ticket keys: %s", strerror(-rc));
	tls_tickets_set(tls_of(server)->tickets, &keys);
	secret_wipe(&keys, sizeof(keys));
	return 0;
}

void
server_tls__free(struct server *server)
{
	if (server->tls == NULL)
		return;
	entries_free(server->tls->entries, server->tls->count);
	tls_tickets_unref(&server->tls->tickets);
	mem_free(server->tls);
	server->tls = NULL;
}

struct tls_ctx *
server_tls(const struct server_listener *listener)
{
	return listener->tls_ctx;
}
