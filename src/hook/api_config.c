/* SPDX-License-Identifier: MIT */
/* api_config.c - plugin.h: look-ups of control files.
 *
 * What a hook has seen of a file it sees until it returns: the first look-up
 * of a key is kept in the frame.  A list, each user's list and a map of one
 * name are different things there.
 *
 * The opaque `struct hl_list` is struct conf_list, `struct hl_map` is struct
 * conf_map.
 */
#include <errno.h>

#include "base/num.h"
#include "conf/conf_dir.h"
#include "conf/conf_list.h"
#include "conf/conf_map.h"
#include "config.h"
#include "hook_log.h"
#include "mail/addr.h"
#include "needs.h"

static struct seen_file *
seen_find(
    const struct hl_ctx *ctx, const char *key, const hl_str *user, bool is_map)
{
	struct seen_file *seen = ctx->frame->seen;

	for (; seen != NULL; seen = seen->next) {
		if ((seen->list == NULL) == is_map &&
		    (seen->user.p == NULL) == (user == NULL) &&
		    (user == NULL || str_eq(seen->user, *user)) &&
		    str_eq_text(seen->key, key))
			return seen;
	}
	return NULL;
}

static struct seen_file *
seen_add(struct hl_ctx *ctx, const char *key)
{
	struct seen_file *seen = arena_alloc(ctx->arena, sizeof(*seen));

	seen->key = arena_str(ctx->arena, slice_of(key));
	seen->next = ctx->frame->seen;
	ctx->frame->seen = seen;
	return seen;
}

static hl_str
listener_of(const struct hl_ctx *ctx)
{
	return ctx->conv != NULL ? ctx->conv->facts.listener : STR_EMPTY;
}

/* A config hook that looks something up would be asked for it itself. */
static bool
is_in_config_hook(const struct hl_ctx *ctx)
{
	const struct hook_frame *frame = ctx->frame;

	while (frame != NULL && (frame->in_load || frame->hook != HOOK_CONFIG))
		frame = frame->below;
	return frame != NULL;
}

/* BLOCKS. */
static struct conf_list *
list_of(struct hl_ctx *ctx, const char *key)
{
	struct seen_file *seen;
	struct conf_list *list;

	ctx_check(ctx);
	seen = seen_find(ctx, key, NULL, false);
	if (seen != NULL)
		return seen->list;
	if (is_in_config_hook(ctx))
		list =
		    conf_get(ctx->engine->conf, listener_of(ctx), str_of(key));
	else
		list = hook_config(ctx, str_of(key));
	seen_add(ctx, key)->list = list;
	return list;
}

hl_str
hl_config(struct hl_ctx *ctx, const char *key)
{
	return conf_list_first(list_of(ctx, key));
}

int64_t
hl_config_int(struct hl_ctx *ctx, const char *key, int64_t fallback)
{
	struct conf_list *list = list_of(ctx, key);
	struct slice text = slice_str(conf_list_first(list));
	uint64_t size;
	int64_t number;

	if (text.n == 0)
		return fallback;
	if (num_parse_i64(text, INT64_MIN, INT64_MAX, &number) == 0)
		return number;
	if (num_parse_size(text, INT64_MAX, &size) == 0)
		return (int64_t)size;
	conf_fault_add(ctx->engine->conf, listener_of(ctx), str_of(key),
	    conf_list_file(list, 0), conf_list_line(list, 0),
	    "not a number; write one like 10, 10k or 5M");
	return fallback;
}

const struct hl_list *
hl_config_list(struct hl_ctx *ctx, const char *key)
{
	return (const struct hl_list *)list_of(ctx, key);
}

const struct hl_list *
hl_config_list_at(struct hl_ctx *ctx, hl_str path)
{
	struct seen_file *seen;
	struct conf_lines none = { .count = 0 };

	ctx_check(ctx);
	seen = seen_find(ctx, path.p, NULL, false);
	if (seen == NULL) {
		seen = seen_add(ctx, path.p);
		seen->list = need_check(ctx, NEED_READ, path) == 0
				 ? conf_get_at(ctx->engine->conf, path)
				 : conf_list_new(&none, false);
	}
	return (const struct hl_list *)seen->list;
}

void
hl_config_fault(struct hl_ctx *ctx, const char *key, const struct hl_list *list,
    size_t index, const char *fmt, ...)
{
	struct conf_list *inner = (struct conf_list *)(uintptr_t)list;
	hl_str file = STR_EMPTY;
	unsigned line = 0;
	va_list args;
	hl_str text;

	ctx_check(ctx);
	if (index < conf_list_count(inner)) {
		file = conf_list_file(inner, index);
		line = conf_list_line(inner, index);
	}
	va_start(args, fmt);
	text = arena_vprintf(ctx->arena, fmt, args);
	va_end(args);
	conf_fault_add(ctx->engine->conf, listener_of(ctx), str_of(key), file,
	    line, "%s", text.p);
}

const struct hl_list *
hl_user_config_list(
    struct hl_ctx *ctx, const struct hl_addr *addr, const char *key)
{
	struct seen_file *seen;
	struct conf_list *list;

	ctx_check(ctx);
	seen = seen_find(ctx, key, &addr->text, false);
	if (seen == NULL) {
		list = hook_user_config(ctx, addr, str_of(key));
		seen = seen_add(ctx, key);
		seen->user = arena_str(ctx->arena, slice_str(addr->text));
		seen->list = list;
	}
	return (const struct hl_list *)seen->list;
}

const struct hl_map *
hl_config_map(struct hl_ctx *ctx, const char *key)
{
	struct seen_file *seen;

	ctx_check(ctx);
	seen = seen_find(ctx, key, NULL, true);
	if (seen == NULL) {
		seen = seen_add(ctx, key);
		seen->map = conf_get_map(
		    ctx->engine->conf, listener_of(ctx), str_of(key));
	}
	return (const struct hl_map *)seen->map;
}

bool
hl_map_get(
    struct hl_ctx *ctx, const struct hl_map *map, hl_str key, hl_str *ret)
{
	struct log_line line;
	int found;

	ctx_check(ctx);
	if (map == NULL)
		return false;
	found = conf_map_find(
	    (const struct conf_map *)map, slice_str(key), ctx->arena, ret);
	if (found >= 0)
		return found == 1;
	hook_log_begin_ctx(&line, LOG_LEVEL_ERROR, ctx);
	log_add_text(&line, LOG_event, "corrupt_map");
	log_add(&line, LOG_key, slice_str(key));
	log_end(&line);
	return false;
}

void
hl_config_ttl(struct hl_ctx *ctx, unsigned seconds)
{
	ctx_check(ctx);
	if (!ctx->frame->in_load && ctx->frame->hook == HOOK_CONFIG)
		ctx->config_ttl = seconds;
}

hl_str
hl_config_dir(const struct hl_ctx *ctx)
{
	ctx_check(ctx);
	return str_of(conf_dir_path(ctx->engine->conf));
}
