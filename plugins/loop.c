/* SPDX-License-Identifier: MIT */
/* loop.c - refuses messages that have been through too many servers.
 *
 *	loop [MAX_HOPS]
 *
 * Counts the fields Received (ours is one of them) and Delivered-To.
 */
#include <hookline/plugin.h>

struct args {
	int64_t max_hops;
};

static enum hl_verdict
on_data_post(struct hl_ctx *ctx)
{
	const struct args *args = hl_args(ctx);
	size_t hops = hl_header_count(ctx, HL_STR("Received")) +
		      hl_header_count(ctx, HL_STR("Delivered-To"));

	if (hops < (size_t)args->max_hops)
		return HL_DECLINED;
	return hl_deny(ctx, "5.4.6", "Too many hops");
}

static const struct hl_arg args[] = {
	{ "max_hops", "fields at which a message is refused", .def = "100",
	    .min = 1, .max = 1000000, .offset = offsetof(struct args, max_hops),
	    .type = HL_ARG_INT, .positional = true },
	{ .name = NULL },
};

static const struct hl_plugin plugin = {
	.name = "loop",
	.about = "refuse messages that are looping",
	.args = args,
	.args_size = sizeof(struct args),
	.data_post = on_data_post,
};
HL_PLUGIN(plugin);
