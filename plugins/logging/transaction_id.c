/* SPDX-License-Identifier: MIT */
/* logging/transaction_id.c - log lines to standard error, by their message.
 *
 *	logging/transaction_id [LEVEL]
 *
 * Each line begins with the message's id, or ??? where there is none.
 */
#include "plain.h"

static enum hl_verdict
on_logging(struct hl_ctx *ctx, const struct hl_log *log)
{
	return plain_write(ctx, log, plain_value(log, "tid"));
}

static const struct hl_plugin plugin = {
	.name = "logging/transaction_id",
	.about = "log lines to standard error, by their message",
	.args = plain_args,
	.args_size = sizeof(struct plain_args),
	.instance_size = sizeof(struct lines),
	.unload = plain_unload,
	.logging = on_logging,
};
HL_PLUGIN(plugin);
