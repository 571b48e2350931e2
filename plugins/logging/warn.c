/* SPDX-License-Identifier: MIT */
/* logging/warn.c - log lines to standard error, as without any plugin.
 *
 *	logging/warn [LEVEL]
 *
 * Each line begins with the process and the level.
 */
#include <unistd.h>

#include "plain.h"

static enum hl_verdict
on_logging(struct hl_ctx *ctx, const struct hl_log *log)
{
	static const char *const names[] = { "emerg", "alert", "crit", "error",
		"warn", "notice", "info", "debug" };

	return plain_write(ctx, log,
	    hl_printf(ctx, "%ld %s", (long)getpid(), names[hl_log_level(log)]));
}

static const struct hl_plugin plugin = {
	.name = "logging/warn",
	.about = "log lines to standard error",
	.args = plain_args,
	.args_size = sizeof(struct plain_args),
	.instance_size = sizeof(struct lines),
	.unload = plain_unload,
	.logging = on_logging,
};
HL_PLUGIN(plugin);
