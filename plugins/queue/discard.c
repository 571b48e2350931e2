/* SPDX-License-Identifier: MIT */
/* queue/discard.c - accepts every message and throws it away, for tests.
 *
 * The client is told that it was queued.  Nothing is written.
 */
#include <hookline/plugin.h>

static enum hl_verdict
on_queue(struct hl_ctx *ctx)
{
	return hl_ok(ctx, "Queued (and discarded)");
}

static const struct hl_plugin plugin = {
	.name = "queue/discard",
	.about = "accept every message and throw it away (for tests)",
	.carries = ~UINT64_C(0),
	.queue = on_queue,
};
HL_PLUGIN(plugin);
