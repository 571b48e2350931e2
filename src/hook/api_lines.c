/* SPDX-License-Identifier: MIT */
/* api_lines.c - plugin.h: lines, their words, and results of hooks. */
#include <stdarg.h>
#include <string.h>

#include "base/buf.h"
#include "ctx.h"
#include "lines.h"

void
hl_lines_add(struct hl_lines *ret, hl_str line)
{
	if (ret->count >= LINES_MAX) {
		ret->is_cut = true;
		return;
	}
	if (ret->count == ret->room) {
		size_t room = ret->room == 0 ? 8 : ret->room * 2;
		hl_str *at = arena_array(ret->arena, room, sizeof(*at));

		if (ret->count > 0)
			memcpy(at, ret->at, ret->count * sizeof(*at));
		ret->at = at;
		ret->room = room;
	}
	ret->at[ret->count++] = arena_str(ret->arena, slice_str(line));
}

struct hl_lines *
hl_lines_new(struct hl_ctx *ctx)
{
	struct hl_lines *lines;

	ctx_check(ctx);
	lines = arena_alloc(ctx->arena, sizeof(*lines));
	lines->arena = ctx->arena;
	return lines;
}

void
hl_lines_printf(struct hl_lines *lines, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	hl_lines_add(lines, arena_vprintf(lines->arena, fmt, args));
	va_end(args);
}

hl_str
hl_lines_text(const struct hl_lines *lines)
{
	struct buf buf = BUF_INIT;
	hl_str text;

	for (size_t i = 0; i < lines->count; i++) {
		if (i > 0)
			buf_add_char(&buf, '\n');
		buf_add_slice(&buf, slice_str(lines->at[i]));
	}
	text = arena_str(lines->arena, buf_slice(&buf));
	buf_done(&buf);
	return text;
}

hl_str
hl_word(struct hl_ctx *ctx, hl_str *rest)
{
	struct slice left = slice_str(*rest), word = slice_word(&left);

	ctx_check(ctx);
	*rest = (hl_str){ rest->p + (rest->n - left.n), left.n };
	return arena_str(ctx->arena, word);
}

void
hl_out_set(struct hl_out *ret, hl_str address)
{
	ret->address = arena_str(ret->arena, slice_str(address));
	ret->is_set = true;
}

void
hl_parsed_set(struct hl_parsed *ret, hl_str what)
{
	ret->what = arena_str(ret->arena, slice_str(what));
	ret->is_set = true;
}

void
hl_parsed_param(struct hl_parsed *ret, hl_str name, hl_str value)
{
	struct smtp_param *param;
	char *key;

	if (ret->count >= SMTP_PARAMS_MAX)
		return;
	param = &ret->params[ret->count++];
	key = arena_alloc(ret->arena, name.n + 1);
	for (size_t i = 0; i < name.n; i++)
		key[i] = ascii_lower(name.p[i]);
	param->key = (hl_str){ key, name.n };
	param->value = arena_str(ret->arena, slice_str(value));
	param->has_value = value.n > 0;
}
