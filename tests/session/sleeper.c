/* SPDX-License-Identifier: MIT */
/* sleeper.c - a rcpt hook that sleeps: `sleeper MS`, for recipients whose
 * local part is "sleep". */
#include <hookline/plugin.h>

#include <string.h>

struct args {
	int64_t ms;
};

static enum hl_verdict
on_rcpt(struct hl_ctx *ctx, const struct hl_addr *to)
{
	const struct args *args = hl_args(ctx);

	if (strcmp(hl_addr_local(to).p, "sleep") == 0 &&
	    hl_sleep(ctx, (uint64_t)args->ms) != 0)
		return HL_DENYSOFT;
	return HL_DECLINED;
}

static const struct hl_arg args[] = {
	{ .name = "ms",
	    .about = "how long",
	    .type = HL_ARG_INT,
	    .positional = true,
	    .required = true,
	    .offset = offsetof(struct args, ms) },
	{ .name = NULL },
};

static const struct hl_plugin plugin = {
	.name = "sleeper",
	.about = "sleep in the rcpt hook",
	.args = args,
	.args_size = sizeof(struct args),
	.rcpt = on_rcpt,
};
HL_PLUGIN(plugin);
