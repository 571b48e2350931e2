/* SPDX-License-Identifier: MIT */
/* logging/devnull.c - throws log lines away; other loggers get them, too.
 *
 * In config/logging.  Lines that no other logger takes do not go to standard
 * error.
 */
#include <hookline/plugin.h>

static enum hl_verdict
on_logging(struct hl_ctx *ctx, const struct hl_log *log)
{
	(void)ctx;
	hl_log_taken(log);
	return HL_DECLINED;
}

static const struct hl_plugin plugin = {
	.name = "logging/devnull",
	.about = "throw log lines away",
	.logging = on_logging,
};
HL_PLUGIN(plugin);
