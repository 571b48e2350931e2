/* SPDX-License-Identifier: MIT */
/* logging/warn.c - log lines to standard error, as without any plugin.
 *
 *	logging/warn [LEVEL]
 *
 * Each line begins with the process and the level.
 */
#include <unistd.h>

#include "lines.h"

struct args {
	int level;
};

static enum hl_verdict
on_logging(struct hl_ctx *ctx, const struct hl_log *log)
{
	static const char *const names[] = { "emerg", "alert", "crit", "error",
		"warn", "notice", "info", "debug" };
	const struct args *args = hl_args(ctx);
	struct lines *lines = hl_instance(ctx);

	hl_log_taken(log);
	if ((int)hl_log_level(log) <= args->level)
		lines_add(ctx, lines, HL_STR(""),
		    hl_printf(ctx, "%ld %s %s", (long)getpid(),
			names[hl_log_level(log)], hl_log_text(log).p));
	lines_end(ctx, lines, log);
	return HL_DECLINED;
}

static void
on_unload(struct hl_ctx *ctx)
{
	lines_done(hl_instance(ctx));
}

static const struct hl_arg args[] = {
	{ "level", "least important lines that it writes", .def = "info",
	    .offset = offsetof(struct args, level), .type = HL_ARG_LEVEL,
	    .positional = true },
	{ .name = NULL },
};

static const struct hl_plugin plugin = {
	.name = "logging/warn",
	.about = "log lines to standard error",
	.args = args,
	.args_size = sizeof(struct args),
	.instance_size = sizeof(struct lines),
	.unload = on_unload,
	.logging = on_logging,
};
HL_PLUGIN(plugin);
