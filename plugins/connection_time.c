/* SPDX-License-Identifier: MIT */
/* connection_time.c - logs how long each connection lasted.
 *
 *	connection_time [LEVEL]
 *
 * One line for each, when it ends; LEVEL is info unless it says another.
 */
#include <hookline/plugin.h>

struct args {
	int level;
};

struct session {
	uint64_t since_ms;
};

static enum hl_verdict
on_pre_connection(struct hl_ctx *ctx)
{
	struct session *session = hl_session_mem(ctx);

	session->since_ms = hl_now_ms(ctx);
	return HL_DECLINED;
}

static enum hl_verdict
on_post_connection(struct hl_ctx *ctx)
{
	const struct args *args = hl_args(ctx);
	const struct session *session = hl_session_mem(ctx);
	uint64_t ms = hl_now_ms(ctx) - session->since_ms;

	if (session->since_ms != 0)
		hl_log(ctx, (enum hl_level)args->level, "%.3f s.",
		    (double)ms / 1000);
	return HL_DECLINED;
}

static const struct hl_arg args[] = {
	{ "level", "of the line that it logs", .def = "info",
	    .offset = offsetof(struct args, level), .type = HL_ARG_LEVEL,
	    .positional = true },
	{ .name = NULL },
};

static const struct hl_plugin plugin = {
	.name = "connection_time",
	.about = "log how long each connection lasted",
	.args = args,
	.args_size = sizeof(struct args),
	.session_size = sizeof(struct session),
	.pre_connection = on_pre_connection,
	.post_connection = on_post_connection,
};
HL_PLUGIN(plugin);
