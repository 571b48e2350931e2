/* SPDX-License-Identifier: MIT */
/* api_list.c - plugin.h: look-ups in control files, regular expressions.
 *
 * The opaque `struct hl_list` is struct conf_list.
 */
#include <errno.h>

#include "base/err.h"
#include "base/mem.h"
#include "conf/conf_list.h"
#include "conf/conf_pattern.h"
#include "ctx.h"

/* Look-ups make their tables when first asked for; that is no change that
 * const speaks of. */
static struct conf_list *
list_of(const struct hl_list *list)
{
	return (struct conf_list *)(uintptr_t)list;
}

size_t
hl_list_count(const struct hl_list *list)
{
	return conf_list_count(list_of(list));
}

hl_str
hl_list_at(const struct hl_list *list, size_t index)
{
	if (index >= hl_list_count(list))
		return STR_EMPTY;
	return conf_list_at(list_of(list), index);
}

hl_str
hl_list_where(struct hl_ctx *ctx, const struct hl_list *list, size_t index)
{
	ctx_check(ctx);
	if (index >= hl_list_count(list))
		return STR_EMPTY;
	return arena_printf(ctx->arena, "%.*s:%u",
	    STR(conf_list_file(list_of(list), index)),
	    conf_list_line(list_of(list), index));
}

hl_str
hl_list_rest(const struct hl_list *list, size_t index)
{
	if (index >= hl_list_count(list))
		return STR_EMPTY;
	return conf_list_rest(list_of(list), index);
}

bool
hl_list_has(const struct hl_list *list, hl_str word)
{
	return conf_list_has(list_of(list), slice_str(word));
}

bool
hl_list_has_domain(const struct hl_list *list, hl_str domain)
{
	return conf_list_find_domain(list_of(list), slice_str(domain), NULL);
}

bool
hl_list_find(const struct hl_list *list, hl_str word, hl_str *ret_rest)
{
	size_t index;

	if (!conf_list_find(list_of(list), slice_str(word), &index))
		return false;
	*ret_rest = conf_list_rest(list_of(list), index);
	return true;
}

long
hl_list_index(const struct hl_list *list, hl_str word)
{
	size_t index;

	return conf_list_find(list_of(list), slice_str(word), &index)
		   ? (long)index
		   : -1;
}

long
hl_list_find_ip(const struct hl_list *list, hl_str ip)
{
	struct inet_addr addr;
	size_t index;

	if (inet_parse(slice_str(ip), &addr) < 0 ||
	    !conf_list_find_ip(list_of(list), &addr, &index))
		return -1;
	return (long)index;
}

long
hl_list_match(const struct hl_list *list, hl_str text, hl_str *ret_rest)
{
	return hl_list_match_as(list, HL_PATTERNS_ADDRESSES, text, ret_rest);
}

/* Ours, in the order of enum hl_patterns. */
static const enum conf_flavour_id flavours[] = {
	[HL_PATTERNS_ADDRESSES] = CONF_ADDRESSES,
	[HL_PATTERNS_NAMES] = CONF_NAMES,
	[HL_PATTERNS_SLASHED] = CONF_SLASHED,
	[HL_PATTERNS_WHOLE] = CONF_WHOLE,
};

long
hl_list_match_as(const struct hl_list *list, enum hl_patterns kind, hl_str text,
    hl_str *ret_rest)
{
	size_t index;

	if ((size_t)kind >= ARRAY_SIZE(flavours) ||
	    !conf_list_match(
		list_of(list), flavours[kind], slice_str(text), &index))
		return -1;
	if (ret_rest != NULL)
		*ret_rest = conf_list_rest(list_of(list), index);
	return (long)index;
}

/* ---- regular expressions ---- */

/* The opaque handle of plugin.h. */
struct hl_pattern {
	struct conf_pattern *pattern;
	struct conf_matcher *matcher; /* the engine's; a match never parks */
};

static void
release_pattern(void *what)
{
	struct hl_pattern *pattern = what;

	conf_pattern_free(&pattern->pattern);
	mem_free(pattern);
}

int
hl_pattern_new(struct hl_ctx *ctx, hl_str regex, bool caseless,
    struct hl_pattern **ret, hl_str *ret_error)
{
	struct conf_pattern *inner;
	struct hl_pattern *pattern;
	struct err err;

	ctx_check(ctx);
	if (conf_pattern_new(slice_str(regex), caseless, &inner, &err) < 0) {
		if (ret_error != NULL)
			*ret_error = arena_str(ctx->arena, slice_of(err.text));
		return -EINVAL;
	}
	pattern = mem_alloc(sizeof(*pattern));
	pattern->pattern = inner;
	pattern->matcher = ctx->engine->matcher;
	if (ctx->frame->in_load)
		arena_defer(&ctx->engine->arena, release_pattern, pattern);
	else
		(void)ctx_hold(ctx, release_pattern, pattern);
	*ret = pattern;
	return 0;
}

int
hl_pattern_match(const struct hl_pattern *pattern, hl_str text)
{
	return conf_pattern_match(
	    pattern->pattern, pattern->matcher, slice_str(text), NULL);
}
