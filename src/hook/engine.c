/* SPDX-License-Identifier: MIT */
/* engine.c - loads plugins and chains, and takes them down. */
#include "engine.h"

#include <errno.h>
#include <unistd.h>

#include "auth_secret.h"
#include "base/mem.h"
#include "conf/conf_list.h"
#include "conf/conf_pattern.h"
#include "conf/conf_plugins.h"
#include "conf/conf_value.h"
#include "config.h"
#include "ctx.h"
#include "hook_log.h"
#include "kv.h"
#include "loader.h"
#include "log_batch.h"
#include "net/conn_pool.h"
#include "net/tls_trust.h"
#include "resolver.h"
#include "run.h"
#include "spawn_run.h"

#define ENGINE_MAGIC 0x656e6731u
#define POOL_IDLE 8
#define POOL_IDLE_MS 60000

struct engine *
engine_new(const struct engine_options *options)
{
	struct engine *engine = mem_alloc(sizeof(*engine));

	engine->magic = ENGINE_MAGIC;
	engine->options = *options;
	engine->rt = options->rt;
	engine->conf = options->conf;
	engine->shm = options->shm;
	CHECK(engine->shm != NULL);
	auth_secret_get(options->state_dir, engine->secret);
	arena_init(&engine->arena, 4096, 0);
	engine->log_batch = log_batch_new(engine->rt);
	log_batch_use(engine->log_batch);
	engine->resolver = resolver_new(engine);
	engine->matcher = conf_matcher_new();
	engine->pool = conn_pool_new(engine->rt, POOL_IDLE, POOL_IDLE_MS);
	engine->trust = tls_trust_new();
	if (options->state_dir != NULL)
		engine->kv = kv_new(engine->rt, options->state_dir);
	engine->spawn = spawn_new(engine->rt,
	    options->has_helper ? options->state_dir : NULL,
	    (unsigned)conf_int(engine->conf, STR_EMPTY, CONF_MAX_PROGRAMS));
	return engine;
}

static int
load_line(struct engine *engine, const struct conf_plugin *line,
    struct plugin **ret, struct conf_faults *faults)
{
	struct err err = { 0, "" };
	int status = loader_open(engine, line, ret, &err);

	if (status == 0)
		status = loader_start(engine, *ret, &err);
	if (status < 0)
		(void)conf_faults_add(
		    faults, line->file, line->line, "%s", err.text);
	return status;
}

static struct chain_set *
set_new(struct engine *engine, hl_str key, size_t room)
{
	struct chain_set *set = arena_alloc(&engine->arena, sizeof(*set));

	set->key = arena_str(&engine->arena, slice_str(key));
	set->plugins =
	    arena_array(&engine->arena, room + 1, sizeof(set->plugins[0]));
	return set;
}

/* A set of one plugins file; NULL on faults. */
static struct chain_set *
load_set(
    struct engine *engine, hl_str key, bool loggers, struct conf_faults *faults)
{
	struct conf_list *list = conf_get(engine->conf, STR_EMPTY, key);
	struct conf_plugins *lines = NULL;
	struct chain_set *set = NULL;
	int status = conf_plugins_parse(list, &lines, faults);

	conf_list_unref(&list);
	if (status < 0)
		return NULL;
	set = set_new(engine, key, lines->count);
	for (size_t i = 0; i < lines->count; i++) {
		struct plugin *plugin;

		if (load_line(engine, &lines->at[i], &plugin, faults) < 0) {
			status = -EINVAL;
			continue;
		}
		plugin->is_logger = loggers;
		set->plugins[set->count++] = plugin;
	}
	conf_plugins_free(&lines);
	chain_set_build(set, &engine->arena, engine->shm);
	return status < 0 ? NULL : set;
}

static void
add_set(struct engine *engine, struct chain_set *set)
{
	engine->sets = mem_grow(
	    engine->sets, (engine->set_count + 1) * sizeof(engine->sets[0]));
	engine->sets[engine->set_count++] = set;
}

static bool
is_absent(struct engine *engine, hl_str key)
{
	struct conf_list *list = conf_get(engine->conf, STR_EMPTY, key);
	bool absent = !conf_list_is_present(list);

	conf_list_unref(&list);
	return absent;
}

/* Of a file that is there, but cannot be used, the configuration tells. */
static void
tell_absent(struct engine *engine, hl_str key, struct conf_faults *faults)
{
	hl_str path = arena_printf(
	    &faults->arena, "%s/%.*s", conf_dir_path(engine->conf), STR(key));
	size_t before = faults->count;

	if (access(path.p, F_OK) != 0) {
		(void)conf_faults_add(faults, path, 0,
		    "the file is missing; it names the plugins, one a line");
		return;
	}
	conf_faults_merge(faults, conf_faults(engine->conf));
	if (faults->count == before)
		(void)conf_faults_add(faults, path, 0,
		    "is no file; write one that names the plugins, one a line");
}

static int
load_loggers(struct engine *engine, struct conf_faults *faults)
{
	struct chain_set *set =
	    load_set(engine, STR_LIT("logging"), true, faults);

	if (set == NULL)
		return -EINVAL;
	if (set->count == 0)
		return 0;
	engine->logging = set;
	engine->log_queue = log_queue_new(engine);
	return 0;
}

int
engine_load(struct engine *engine, const hl_str *keys, size_t key_count,
    struct conf_faults *faults)
{
	int status = load_loggers(engine, faults);

	for (size_t i = 0; i < key_count; i++) {
		struct chain_set *set;

		if (engine_chains(engine, keys[i]) != NULL)
			continue;
		if (is_absent(engine, keys[i])) {
			tell_absent(engine, keys[i], faults);
			status = -ENOENT;
			continue;
		}
		set = load_set(engine, keys[i], false, faults);
		if (set == NULL)
			status = -EINVAL;
		else
			add_set(engine, set);
	}
	return status;
}

int
engine_load_static(struct engine *engine,
    const struct hl_plugin_entry *const *entries, const char *const *lines,
    size_t count, struct conf_faults *faults)
{
	struct chain_set *set = set_new(engine, STR_LIT("plugins"), count);

	for (size_t i = 0; i < count; i++) {
		hl_str text = str_of(entries[i]->plugin->name);
		struct conf_list *list;
		struct conf_plugins *parsed;
		struct plugin *plugin;
		struct err err;
		int status;

		text = arena_printf(&engine->arena, "%s %s", text.p, lines[i]);
		list = conf_list_from(STR_LIT("static"), &text, 1);
		status = conf_plugins_parse(list, &parsed, faults);
		conf_list_unref(&list);
		if (status < 0)
			return status;
		status = loader_static(
		    engine, entries[i], &parsed->at[0], &plugin, &err);
		conf_plugins_free(&parsed);
		if (status == 0)
			status = loader_start(engine, plugin, &err);
		if (status < 0) {
			(void)conf_faults_add(
			    faults, STR_LIT("static"), 0, "%s", err.text);
			return status;
		}
		set->plugins[set->count++] = plugin;
	}
	chain_set_build(set, &engine->arena, engine->shm);
	add_set(engine, set);
	return 0;
}

const struct chain_set *
engine_chains(const struct engine *engine, hl_str key)
{
	for (unsigned i = 0; i < engine->set_count; i++) {
		if (str_eq(engine->sets[i]->key, key))
			return engine->sets[i];
	}
	return NULL;
}

int
engine_start(struct engine *engine, struct err *err)
{
	for (unsigned i = 0; i < engine->set_count; i++) {
		struct outcome outcome;
		struct hl_ctx ctx;

		ctx_init(&ctx, engine, NULL);
		ctx.chains = engine->sets[i];
		hook_run(&ctx, HOOK_INIT_WORKER, NULL, &outcome);
		ctx_done(&ctx);
		if (outcome.fate == FATE_REFUSE)
			return err_set(err, -EPERM,
			    "%.*s:%u: %.*s refuses to start: %.*s",
			    STR(outcome.plugin->file), outcome.plugin->line,
			    STR(outcome.plugin->name),
			    STR(outcome.plugin_text));
	}
	return 0;
}

void
engine_stop(struct engine *engine)
{
	for (unsigned i = 0; i < engine->set_count; i++) {
		struct outcome outcome;
		struct hl_ctx ctx;

		ctx_init(&ctx, engine, NULL);
		ctx.chains = engine->sets[i];
		hook_run(&ctx, HOOK_SHUTDOWN, NULL, &outcome);
		ctx_done(&ctx);
	}
	log_queue_stop(engine->log_queue);
	resolver_stop(engine->resolver);
	for (unsigned i = engine->plugin_count; i > 0; i--)
		loader_stop(engine, engine->plugins[i - 1]);
	engine->plugin_count = 0;
	engine->set_count = 0;
	engine->logging = NULL;
}

void
engine_free(struct engine **engine)
{
	struct engine *old = *engine;

	*engine = NULL;
	if (old == NULL)
		return;
	CHECK_OBJ(old, ENGINE_MAGIC);
	CHECK(old->plugin_count == 0); /* engine_stop came first */
	log_queue_free(&old->log_queue);
	hook_config_cache_free(old);
	kv_free(&old->kv);
	spawn_free(&old->spawn);
	conn_pool_free(&old->pool);
	tls_trust_free(&old->trust);
	resolver_free(&old->resolver);
	log_batch_free(&old->log_batch);
	conf_matcher_free(&old->matcher);
	mem_free(old->plugins);
	mem_free(old->sets);
	arena_done(&old->arena);
	old->magic = 0;
	mem_free(old);
}
