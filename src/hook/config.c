/* SPDX-License-Identifier: MIT */
/* config.c - asks config hooks, remembers what they allow to remember. */
#include "config.h"

#include "base/clock.h"
#include "base/err.h"
#include "base/mem.h"
#include "conf/conf_dir.h"
#include "conf/conf_list.h"
#include "conf/conf_value.h"
#include "hook_log.h"
#include "lines.h"
#include "run.h"

/* Answers of config hooks with a ttl, by listener and key. */
struct cached {
	struct conf_list *list;
	struct mono until;
};

#define CACHE_MAX 1024

static void
cached_free(void *value)
{
	struct cached *cached = value;

	conf_list_unref(&cached->list);
	mem_free(cached);
}

void
hook_config_cache_free(struct engine *engine)
{
	map_free(&engine->config_cache);
}

static hl_str
listener_of(const struct hl_ctx *ctx)
{
	return ctx->conv != NULL ? ctx->conv->facts.listener : STR_EMPTY;
}

static hl_str
cache_key(struct hl_ctx *ctx, hl_str key)
{
	return arena_printf(
	    ctx->arena, "%.*s\t%.*s", STR(listener_of(ctx)), STR(key));
}

static struct conf_list *
cache_get(struct hl_ctx *ctx, hl_str key)
{
	struct cached *cached =
	    map_get(ctx->engine->config_cache, slice_str(cache_key(ctx, key)));

	if (cached == NULL || mono_is_before(cached->until, mono_now()))
		return NULL;
	return conf_list_ref(cached->list);
}

static void
cache_put(
    struct hl_ctx *ctx, hl_str key, struct conf_list *list, unsigned ttl_s)
{
	struct engine *engine = ctx->engine;
	struct cached *cached;

	if (engine->config_cache != NULL &&
	    map_count(engine->config_cache) >= CACHE_MAX)
		map_free(&engine->config_cache);
	if (engine->config_cache == NULL)
		engine->config_cache = map_new(cached_free);
	cached = mem_alloc(sizeof(*cached));
	cached->list = conf_list_ref(list);
	cached->until = mono_add_ms(mono_now(), ttl_s * UINT64_C(1000));
	map_set(engine->config_cache, slice_str(cache_key(ctx, key)), cached);
}

/* Runs `config` or `user_config`; NULL when no plugin gave anything. */
static struct conf_list *
ask_hooks(
    struct hl_ctx *ctx, enum hook_id id, const struct hl_addr *addr, hl_str key)
{
	struct hl_lines lines = { .arena = ctx->arena };
	struct hook_args args = { .addr = addr, .a = key, .ret = &lines };
	struct conf_list *list;
	struct outcome outcome;

	if (!hook_is_used(ctx, id))
		return NULL;
	ctx->config_ttl = 0;
	hook_run(ctx, id, &args, &outcome);
	if (outcome.fate != FATE_DATA)
		return NULL;
	if (lines.is_cut)
		conf_fault_add(ctx->engine->conf, listener_of(ctx), key,
		    STR_EMPTY, 0,
		    "a plugin gave more than %d lines; the rest is left out",
		    LINES_MAX);
	list = conf_list_from(key, lines.at, lines.count);
	if (id == HOOK_CONFIG && ctx->config_ttl > 0)
		cache_put(ctx, key, list, ctx->config_ttl);
	return list;
}

struct conf_list *
hook_config(struct hl_ctx *ctx, hl_str key)
{
	struct conf_list *list = NULL;

	if (hook_is_used(ctx, HOOK_CONFIG)) {
		list = cache_get(ctx, key);
		if (list == NULL)
			list = ask_hooks(ctx, HOOK_CONFIG, NULL, key);
	}
	if (list != NULL)
		return list;
	return conf_get(ctx->engine->conf, listener_of(ctx), key);
}

struct conf_list *
hook_user_config(struct hl_ctx *ctx, const struct hl_addr *addr, hl_str key)
{
	struct conf_list *list = ask_hooks(ctx, HOOK_USER_CONFIG, addr, key);

	return list != NULL ? list : hook_config(ctx, key);
}

int64_t
hook_config_value(struct hl_ctx *ctx, enum conf_key key)
{
	hl_str name = str_of(conf_defs[key].name);
	struct conf_list *list = hook_config(ctx, name);
	struct err err;
	int64_t value;

	if (conf_list_value(list, key, &value, &err) < 0)
		conf_fault_add(ctx->engine->conf, listener_of(ctx), name,
		    conf_list_count(list) > 0 ? conf_list_file(list, 0)
					      : STR_EMPTY,
		    conf_list_count(list) > 0 ? conf_list_line(list, 0) : 0,
		    "%s", err.text);
	conf_list_unref(&list);
	return value;
}

hl_str
hook_config_text(struct hl_ctx *ctx, enum conf_key key, struct arena *arena)
{
	struct conf_list *list = hook_config(ctx, str_of(conf_defs[key].name));
	hl_str text = conf_list_first(list);

	if (text.n == 0)
		text = str_of(conf_defs[key].text);
	text = arena_str(arena, slice_str(text));
	conf_list_unref(&list);
	return text;
}
