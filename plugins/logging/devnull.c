/* SPDX-License-Identifier: MIT */
/* logging/devnull.c - throws log lines away: once there is a logging plugin,
 * nothing goes to standard error. */
#include <hookline/plugin.h>

static enum hl_verdict
on_logging(struct hl_ctx *ctx, const struct hl_log *log)
{
	(void)ctx;
	(void)log;
	return HL_DECLINED;
}

static const struct hl_plugin plugin = {
	.name = "logging/devnull",
	.about = "throw log lines away",
	.logging = on_logging,
};
HL_PLUGIN(plugin);
