/* SPDX-License-Identifier: MIT */
/* engine.h - what all hook calls of a worker share.
 *
 *	engine_new -> engine_load (plugins, chains) -> hooks run -> engine_free
 *
 * One for each generation of a worker; also behind `check` and `try`.
 */
#ifndef HOOKLINE_HOOK_ENGINE_H
#define HOOKLINE_HOOK_ENGINE_H

#include <stdbool.h>
#include <stdint.h>

#include "auth_secret.h"
#include "base/arena.h"
#include "base/check.h"
#include "base/err.h"
#include "base/map.h"
#include "chain.h"
#include "conf/conf_dir.h"

struct conf_matcher;
struct conn_pool;
struct remote_ops;
struct record;
struct log_batch;
struct resolver;
struct rt;
struct body_store;
struct kv;
struct shm;
struct tls_trust;
struct log_queue;
struct spawn;

struct engine_options {
	struct rt *rt;
	struct conf_dir *conf;
	const char *plugin_dir; /* of the shipped plugins */
	const char *state_dir;  /* NULL: none (check, try) */
	bool has_helper;        /* which runs programs; else we do */
	struct shm *shm;        /* NULL: counters go nowhere */
	unsigned slot;
	/* Runs plugins of other languages; NULL: there are none. */
	const struct remote_ops *remote;
	void *remote_arg;
};

/* Fields are read by hook/ and server/; only engine.c sets them. */
struct engine {
	uint32_t magic;
	struct engine_options options;
	struct rt *rt;
	struct conf_dir *conf;
	struct resolver *resolver;
	struct conn_pool *pool;
	struct tls_trust *trust; /* of connections that plugins make */
	struct kv *kv;
	struct spawn *spawn;
	struct body_store *bodies;
	struct shm *shm;
	struct log_queue *log_queue;
	struct arena arena;
	struct plugin **plugins; /* all, loggers too, by index */
	unsigned plugin_count;
	struct chain_set **sets;
	unsigned set_count;
	const struct chain_set *logging; /* of config/logging */
	struct map *config_cache;        /* see config.c */
	struct conf_matcher *matcher;    /* of hl_pattern_match */
	/* See record.h. */
	void (*on_record)(
	    void *arg, struct hl_ctx *ctx, const struct record *record);
	void *on_record_arg;
	struct log_batch *log_batch;
	uint8_t secret[AUTH_SECRET]; /* of the installation */
	bool derives_keys;           /* hl_auth_scram_clear was of use */
	bool told_iterations;        /* see server/auth_scram.c */
	bool dry_run;                /* `try`: nothing is queued */
	bool is_stranger; /* `check` by somebody who may not read secrets */
};

struct engine *engine_new(const struct engine_options *options);
/* Runs unload of every plugin. */
void engine_free(struct engine **engine);

/* Loads config/logging and the chains of `keys` (control files such as
 * "plugins"), all that can be loaded; faults go to `faults` and make the
 * result negative.  Must run on a fiber: load() may read configuration. */
int engine_load(struct engine *engine, const hl_str *keys, size_t key_count,
    struct conf_faults *faults) BLOCKS WARN_UNUSED;
/* NULL if there is none of that name. */
const struct chain_set *engine_chains(const struct engine *engine, hl_str key);

/* For tests and fuzzers: a set from descriptors in memory.  `lines[i]` are
 * the words behind the name. */
int engine_load_static(struct engine *engine,
    const struct hl_plugin_entry *const *entries, const char *const *lines,
    size_t count, struct conf_faults *faults) BLOCKS WARN_UNUSED;

/* Runs init_worker (negative when a plugin refuses) and shutdown. */
int engine_start(struct engine *engine, struct err *err) BLOCKS WARN_UNUSED;
void engine_stop(struct engine *engine) BLOCKS;

#endif
