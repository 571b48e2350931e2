/* SPDX-License-Identifier: MIT */
/* needs.c - what a plugin may read, write, run and connect to.
 *
 * Paths are compared as text (cover.h); symbolic links are the
 * confinement's business, not ours.
 */
#include "needs.h"

#include <errno.h>

#include "base/cover.h"
#include "ctx.h"
#include "hook_log.h"

#define NEED_ANY "*"

const char *
need_name(enum need_kind kind)
{
	switch (kind) {
	case NEED_READ:
		return "read";
	case NEED_WRITE:
		return "write";
	case NEED_EXEC:
		return "exec";
	case NEED_EXEC_SETUID:
		return "exec_setuid";
	case NEED_CONNECT:
		return "connect";
	}
	UNREACHABLE();
}

static bool
covers(const struct need *need, enum need_kind kind, hl_str what)
{
	/* What may be written may be read back. */
	if (need->kind != kind &&
	    !(kind == NEED_READ && need->kind == NEED_WRITE) &&
	    !(kind == NEED_EXEC && need->kind == NEED_EXEC_SETUID))
		return false;
	if (kind == NEED_CONNECT)
		return str_eq_text(need->what, NEED_ANY) ||
		       str_eq(need->what, what);
	return path_is_covered(slice_str(need->what), slice_str(what));
}

bool
plugin_may(const struct plugin *plugin, enum need_kind kind, hl_str what)
{
	if (kind != NEED_CONNECT && path_goes_up(slice_str(what)))
		return false;
	for (const struct need *need = plugin->needs; need != NULL;
	     need = need->next) {
		if (covers(need, kind, what))
			return true;
	}
	return false;
}

static void
tell(struct hl_ctx *ctx, enum need_kind kind, hl_str what)
{
	struct plugin *plugin = ctx->frame->plugin;
	struct log_line line;

	if ((plugin->needs_told & 1u << kind) != 0)
		return;
	plugin->needs_told |= 1u << kind;
	hook_log_begin_ctx(&line, LOG_LEVEL_ERROR, ctx);
	log_add_text(&line, LOG_event, "undeclared");
	log_add_text(&line, LOG_type, need_name(kind));
	log_add(&line, LOG_value, slice_str(what));
	if (kind != NEED_CONNECT && path_goes_up(slice_str(what)))
		log_add_text(&line, LOG_text,
		    "refused: a path with .. in it is covered by no "
		    "declaration");
	else
		log_printf(&line, LOG_text,
		    "refused: the plugin did not declare it; call "
		    "hl_need_%s in its load function",
		    need_name(kind));
	log_end(&line);
}

int
need_check(struct hl_ctx *ctx, enum need_kind kind, hl_str what)
{
	ctx_check(ctx);
	if (plugin_may(ctx->frame->plugin, kind, what))
		return 0;
	tell(ctx, kind, what);
	return -EACCES;
}

/* ---- plugin.h: hl_need_* ---- */

static int
declare(struct hl_ctx *ctx, enum need_kind kind, hl_str what)
{
	struct plugin *plugin;
	struct need *need;

	ctx_check(ctx);
	plugin = ctx->frame->plugin;
	if (!ctx->frame->in_load || what.n == 0 ||
	    (kind != NEED_CONNECT && path_goes_up(slice_str(what))))
		return -EINVAL;
	need = arena_alloc(&ctx->engine->arena, sizeof(*need));
	need->kind = kind;
	need->what = arena_str(&ctx->engine->arena, slice_str(what));
	need->next = plugin->needs;
	plugin->needs = need;
	return 0;
}

int
hl_need_read(struct hl_ctx *ctx, hl_str path)
{
	return declare(ctx, NEED_READ, path);
}

int
hl_need_write(struct hl_ctx *ctx, hl_str path)
{
	return declare(ctx, NEED_WRITE, path);
}

int
hl_need_exec(struct hl_ctx *ctx, hl_str path)
{
	return declare(ctx, NEED_EXEC, path);
}

int
hl_need_exec_setuid(struct hl_ctx *ctx, hl_str path)
{
	return declare(ctx, NEED_EXEC_SETUID, path);
}

int
hl_need_connect(struct hl_ctx *ctx, hl_str where)
{
	return declare(ctx, NEED_CONNECT, where);
}
