/* SPDX-License-Identifier: MIT */
/* noop_counter.c - hangs up on clients that only say NOOP.
 *
 *	noop_counter [N]
 *
 * The Nth NOOP in a row (3 by default) ends the session.
 */
#include <hookline/plugin.h>

struct args {
	int64_t max;
};

struct session {
	int64_t count;
};

static enum hl_verdict
on_noop(struct hl_ctx *ctx, hl_str rest)
{
	const struct args *args = hl_args(ctx);
	struct session *session = hl_session_mem(ctx);

	(void)rest;
	if (++session->count < args->max)
		return HL_DECLINED;
	return hl_deny_disconnect(
	    ctx, NULL, "Stop wasting my time, too many consecutive NOOPs");
}

static enum hl_verdict
reset(struct hl_ctx *ctx)
{
	struct session *session = hl_session_mem(ctx);

	session->count = 0;
	return HL_DECLINED;
}

static enum hl_verdict
on_helo(struct hl_ctx *ctx, hl_str host, hl_str rest)
{
	(void)host;
	(void)rest;
	return reset(ctx);
}

static enum hl_verdict
on_address(struct hl_ctx *ctx, const struct hl_addr *addr)
{
	(void)addr;
	return reset(ctx);
}

static enum hl_verdict
on_word(struct hl_ctx *ctx, hl_str rest)
{
	(void)rest;
	return reset(ctx);
}

static const struct hl_arg args[] = {
	{ "max", "NOOPs in a row that end the session", .def = "3", .min = 1,
	    .max = 1000000, .offset = offsetof(struct args, max),
	    .type = HL_ARG_INT, .positional = true },
	{ .name = NULL },
};

static const struct hl_plugin plugin = {
	.name = "noop_counter",
	.about = "hang up after several NOOPs in a row",
	.args = args,
	.args_size = sizeof(struct args),
	.session_size = sizeof(struct session),
	.ehlo = on_helo,
	.helo = on_helo,
	.rcpt = on_address,
	.mail = on_address,
	.data = reset,
	.vrfy = on_word,
	.noop = on_noop,
	.reset_transaction = reset,
	.help = on_word,
};
HL_PLUGIN(plugin);
