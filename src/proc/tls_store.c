/* SPDX-License-Identifier: MIT */
/* tls_store.c - the TLS material of a configuration. */
#include "tls_store.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/mem.h"
#include "conf/conf_listen.h"
#include "conf/conf_tls.h"
#include "net/tls_bundle.h"

#define NONE SIZE_MAX

_Static_assert((unsigned)CONF_TLS_1_0 == (unsigned)TLS_V1_0 &&
		   (unsigned)CONF_TLS_1_1 == (unsigned)TLS_V1_1 &&
		   (unsigned)CONF_TLS_1_2 == (unsigned)TLS_V1_2 &&
		   (unsigned)CONF_TLS_1_3 == (unsigned)TLS_V1_3,
    "conf/ and net/ count protocols alike");

/* Indices of items are steady; the array may move while it grows. */
struct site {
	hl_str name;
	size_t *items;
	size_t count;
};

struct scope {
	hl_str name, chain;
	bool is_implicit;
	struct conf_tls *conf;
	struct site *sites;
	size_t site_count;
	size_t chain_ca, dh, client_ca; /* items, or NONE */
};

struct tls_store {
	struct tls_store_options options;
	struct scope *scopes;
	size_t scope_count;
	struct tls_item *items;
	size_t item_count;
	struct arena arena;
	int bundle; /* -1: not made yet */
	unsigned version;
	struct conf_faults *faults; /* while it is made */
	bool is_bad;
};

/* ---- making one ---------------------------------------------------------- */

static void
bad(struct tls_store *store, hl_str file, unsigned line, const char *text)
{
	store->is_bad = true;
	(void)conf_faults_add(store->faults, file, line, "%s", text);
}

static bool
has_paths(const struct tls_item *item, const char *const *paths)
{
	for (unsigned i = 0; i < TLS_ITEM_FILES; i++)
		if (strcmp(item->paths[i], paths[i]) != 0)
			return false;
	return true;
}

/* The index of the item with these files, which is read if it is new.
 * `paths` live as long as the store. */
static size_t
item_get(struct tls_store *store, enum tls_item_kind kind,
    const char *const *paths, hl_str name, hl_str file, unsigned line)
{
	struct tls_item *item;
	struct err err;

	for (size_t i = 0; i < store->item_count; i++)
		if (store->items[i].kind == kind &&
		    has_paths(&store->items[i], paths))
			return i;
	store->items = mem_grow(
	    store->items, (store->item_count + 1) * sizeof(*store->items));
	item = &store->items[store->item_count];
	*item = (struct tls_item){
		.kind = kind, .name = name, .file = file, .line = line
	};
	memcpy(item->paths, paths, sizeof(item->paths));
	if (store->options.is_blind) {
		item->is_skipped = true;
	} else if (tls_item_load(item, store->options.early, &err) < 0) {
		item->is_skipped = true;
		if (!store->options.is_check || err.code != -EACCES)
			bad(store, file, line, err.text);
	}
	return store->item_count++;
}

static size_t
file_get(struct tls_store *store, enum tls_item_kind kind,
    const struct conf_tls_file *file)
{
	const char *paths[TLS_ITEM_FILES] = { file->path.p, "", "" };

	if (file->path.n == 0)
		return NONE;
	/* Whether it is there shows with our rights, not those of conf/. */
	if (file->is_default) {
		struct conf_stamp stamp;

		tls_file_stamps(paths, 1, &stamp);
		if (!stamp.exists &&
		    !tls_early_has(store->options.early, file->path.p))
			return NONE;
	}
	return item_get(store, kind, paths, STR_EMPTY, file->file, file->line);
}

static struct site *
site_get(struct scope *scope, hl_str name)
{
	for (size_t i = 0; i < scope->site_count; i++)
		if (str_eq(scope->sites[i].name, name))
			return &scope->sites[i];
	scope->sites[scope->site_count].name = name;
	return &scope->sites[scope->site_count++];
}

static void
scope_files(struct tls_store *store, struct scope *scope)
{
	struct conf_tls *conf = scope->conf;

	scope->sites =
	    arena_array(&store->arena, conf->count, sizeof(*scope->sites));
	for (size_t i = 0; i < conf->count; i++) {
		const struct conf_tls_cert *cert = &conf->certs[i];
		const char *paths[TLS_ITEM_FILES] = { cert->cert.p, cert->key.p,
			cert->ocsp.p };
		struct site *site = site_get(scope, cert->name);

		if (site->items == NULL)
			site->items = arena_array(
			    &store->arena, conf->count, sizeof(*site->items));
		site->items[site->count++] = item_get(store, TLS_ITEM_PAIR,
		    paths, cert->name, cert->file, cert->line);
	}
	scope->chain_ca = file_get(store, TLS_ITEM_CERTS, &conf->chain_ca);
	scope->dh = file_get(store, TLS_ITEM_DH, &conf->dh);
	scope->client_ca = file_get(store, TLS_ITEM_CERTS, &conf->client_ca);
}

static bool
is_of(const struct scope *scope, const struct conf_listener *listener)
{
	return str_eq(scope->name, listener->name) &&
	       str_eq(scope->chain, listener->plugins) &&
	       scope->is_implicit == listener->tls;
}

static void
scope_add(struct tls_store *store, struct conf_dir *dir,
    const struct conf_listener *listener)
{
	struct scope *scope = &store->scopes[store->scope_count];

	for (size_t i = 0; i < store->scope_count; i++)
		if (is_of(&store->scopes[i], listener))
			return;
	if (conf_tls_read(dir, listener->name, listener->plugins, &scope->conf,
		store->faults) < 0) {
		store->is_bad = true;
		return;
	}
	if (scope->conf->count == 0) {
		if (listener->tls)
			bad(store, listener->file, listener->line,
			    "the listener is marked tls but has no "
			    "certificate; add a tls line to its plugin file, "
			    "or config/tls_certs");
		conf_tls_free(&scope->conf);
		return;
	}
	store->scope_count++;
	scope->name = arena_str(&store->arena, slice_str(listener->name));
	scope->chain = arena_str(&store->arena, slice_str(listener->plugins));
	scope->is_implicit = listener->tls;
	scope_files(store, scope);
}

/* ---- material ------------------------------------------------------------ */

/* A version that may be taken: it stands for that of `item`. */
struct trial {
	const struct tls_item *item;
	const struct tls_pair *pair;
};

static const struct trial no_trial = { NULL, NULL };

static struct slice
file_bytes(const struct tls_store *store, size_t index, struct trial trial)
{
	const struct tls_item *item;

	if (index == NONE)
		return SLICE_NONE;
	item = &store->items[index];
	return trial.pair != NULL && item == trial.item
		   ? trial.pair->cert
		   : tls_bytes_slice(&item->now.bytes[TLS_ITEM_CERT]);
}

/* The pairs of a site. */
static struct tls_site
site_material(const struct tls_store *store, const struct site *site,
    struct trial trial, struct arena *arena)
{
	struct tls_pair *pairs =
	    arena_array(arena, site->count, sizeof(*pairs));
	size_t count = 0;

	for (size_t i = 0; i < site->count; i++) {
		const struct tls_item *at = &store->items[site->items[i]];

		if (at->is_skipped)
			continue;
		pairs[count++] =
		    at == trial.item ? *trial.pair : tls_item_pair(&at->now);
	}
	return (struct tls_site){ site->name, pairs, count };
}

/* All but the sites. */
static struct tls_material
scope_material(const struct tls_store *store, const struct scope *scope,
    struct trial trial)
{
	return (struct tls_material){
		.scope = scope->name,
		.client_ca = file_bytes(store, scope->client_ca, trial),
		.chain_ca = file_bytes(store, scope->chain_ca, trial),
		.dh = file_bytes(store, scope->dh, trial),
		.ciphers = scope->conf->ciphers,
		.protocols = scope->conf->protocols,
		.request_cert = scope->conf->request_cert,
		.is_implicit = scope->is_implicit,
	};
}

static int
site_check(const struct tls_store *store, const struct scope *scope,
    const struct site *site, struct trial trial, struct err *err)
{
	struct tls_material material = scope_material(store, scope, trial);
	struct tls_ctx *ctx = NULL;
	struct tls_site only;
	struct arena arena;
	int rc = 0;

	arena_init(&arena, 512, 0);
	only = site_material(store, site, trial, &arena);
	material.sites = &only;
	material.site_count = 1;
	if (only.pair_count > 0)
		rc = tls_ctx_new(&material, NULL, &ctx, err);
	tls_ctx_unref(&ctx);
	arena_done(&arena);
	return rc;
}

static void
scope_check(struct tls_store *store, const struct scope *scope)
{
	const struct conf_tls *conf = scope->conf;
	struct tls_material params = { .ciphers = conf->ciphers,
		.protocols = conf->protocols };
	struct err err;

	if (tls_params_check(&params, &err) < 0) {
		bad(store, conf->ciphers_file, conf->ciphers_line, err.text);
		return;
	}
	for (size_t i = 0; i < scope->site_count; i++) {
		const struct site *site = &scope->sites[i];
		const struct tls_item *last =
		    &store->items[site->items[site->count - 1]];

		if (site_check(store, scope, site, no_trial, &err) < 0)
			bad(store, last->file, last->line, err.text);
	}
}

static void
scope_bundle(const struct tls_store *store, const struct scope *scope,
    struct arena *arena, struct tls_scope *ret)
{
	struct tls_site *sites =
	    arena_array(arena, scope->site_count, sizeof(*sites));

	ret->chain = scope->chain;
	ret->material = scope_material(store, scope, no_trial);
	ret->material.sites = sites;
	ret->material.site_count = scope->site_count;
	for (size_t i = 0; i < scope->site_count; i++)
		sites[i] =
		    site_material(store, &scope->sites[i], no_trial, arena);
}

static int
bundle_make(struct tls_store *store)
{
	struct tls_scope *scopes;
	struct arena arena;
	int fd;

	arena_init(&arena, 4096, 0);
	scopes = arena_array(&arena, store->scope_count, sizeof(*scopes));
	for (size_t i = 0; i < store->scope_count; i++)
		scope_bundle(store, &store->scopes[i], &arena, &scopes[i]);
	fd = tls_bundle_make(scopes, store->scope_count);
	arena_done(&arena);
	if (fd >= 0)
		store->version++;
	return fd;
}

/* ---- from outside -------------------------------------------------------- */

int
tls_store_new(struct conf_dir *dir, const struct conf_listeners *listeners,
    const struct tls_store_options *options, struct tls_store **ret,
    struct conf_faults *faults)
{
	struct tls_store *store = mem_alloc(sizeof(*store));
	bool is_bad;

	store->options = *options;
	store->faults = faults;
	store->bundle = -1;
	arena_init(&store->arena, 4096, 0);
	store->scopes = arena_array(
	    &store->arena, listeners->count, sizeof(*store->scopes));
	for (size_t i = 0; i < listeners->count; i++)
		scope_add(store, dir, &listeners->at[i]);
	for (size_t i = 0; !store->is_bad && i < store->scope_count; i++)
		scope_check(store, &store->scopes[i]);
	is_bad = store->is_bad;
	store->faults = NULL;
	store->options.early = NULL;
	if (is_bad)
		tls_store_free(&store);
	else
		*ret = store;
	return is_bad ? -EINVAL : 0;
}

void
tls_store_free(struct tls_store **ref)
{
	struct tls_store *store = *ref;

	if (store == NULL)
		return;
	*ref = NULL;
	for (size_t i = 0; i < store->item_count; i++)
		tls_item_done(&store->items[i]);
	for (size_t i = 0; i < store->scope_count; i++)
		conf_tls_free(&store->scopes[i].conf);
	if (store->bundle != -1)
		(void)close(store->bundle);
	mem_free(store->items);
	arena_done(&store->arena);
	mem_free(store);
}

bool
tls_store_is_empty(const struct tls_store *store)
{
	return store->scope_count == 0;
}

int
tls_store_bundle(struct tls_store *store)
{
	if (store->bundle == -1) {
		int fd = bundle_make(store);

		if (fd < 0)
			return fd;
		store->bundle = fd;
	}
	return store->bundle;
}

unsigned
tls_store_version(const struct tls_store *store)
{
	return store->version;
}

/* Is the item of use for the site? */
static bool
is_used(const struct scope *scope, const struct site *site, size_t index)
{
	for (size_t i = 0; i < site->count; i++)
		if (site->items[i] == index)
			return true;
	return scope->chain_ca == index || scope->dh == index ||
	       scope->client_ca == index;
}

/* tls_item_fits_fn: in every site that it is of use for. */
static int
item_fits(void *arg, const struct tls_item *item, const struct tls_pair *pair,
    struct err *err)
{
	const struct tls_store *store = arg;
	const struct trial trial = { item, pair };
	size_t index = (size_t)(item - store->items);
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < store->scope_count; i++) {
		const struct scope *scope = &store->scopes[i];

		for (size_t j = 0; rc == 0 && j < scope->site_count; j++)
			if (is_used(scope, &scope->sites[j], index))
				rc = site_check(
				    store, scope, &scope->sites[j], trial, err);
	}
	return rc;
}

void
tls_store_look(struct tls_store *store, bool is_forced,
    tls_store_change_fn *on_change, void *arg)
{
	bool is_new = false;

	for (size_t i = 0; i < store->item_count; i++) {
		struct tls_item *item = &store->items[i];
		enum tls_item_change change =
		    item->is_skipped
			? TLS_ITEM_SAME
			: tls_item_look(item, is_forced, item_fits, store);

		if (change == TLS_ITEM_SAME)
			continue;
		is_new |= change == TLS_ITEM_TAKEN;
		on_change(arg, item, change);
	}
	if (!is_new)
		return;
	if (store->bundle != -1)
		(void)close(store->bundle);
	store->bundle = -1;
}

size_t
tls_store_count(const struct tls_store *store)
{
	return store->item_count;
}

struct tls_item *
tls_store_at(struct tls_store *store, size_t index)
{
	return &store->items[index];
}
