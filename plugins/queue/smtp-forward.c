/* SPDX-License-Identifier: MIT */
/* queue/smtp-forward.c - hands messages to another SMTP server.
 *
 *	queue/smtp-forward HOST[,HOST...] [PORT] [xclient]
 *	    [tls off|may|require|verify] [tls_name NAME] [tls_ca FILE]
 *	    [hello NAME] [messages N] [connect_timeout 30s]
 *	    [command_timeout 60s] [data_timeout 120s] [block_timeout 180s]
 *	    [end_timeout 240s]
 *
 * A HOST is a name or address, with :PORT where it has one of its own; of
 * several the next is tried when one cannot be reached or refuses for now.
 * mx:DOMAIN stands for the hosts of its MX.  The client hears 250 after the
 * server has said it, and its refusals in its words.  When the connection is
 * lost between the end of the message and the reply, the client gets 452, sends
 * it again, and it may arrive twice.
 *
 * All of it has the time of the hook, 300 s unless hl.timeout= says more.  A
 * message that the server does not take for all of its recipients it does not
 * get: it must take as many at once as config/max_recipients allows.
 *
 * With xclient a server that is Postfix hears who the client is; without the
 * EHLO keyword XCLIENT it gets nothing.
 */
#include <hookline/smtp_client.h>

struct args {
	hl_str hosts;
	int64_t port;
	struct hl_smtp_options smtp;
};

static int
find_hops(struct hl_ctx *ctx, struct hl_smtp_hops *ret, hl_str *ret_bad)
{
	const struct args *args = hl_args(ctx);

	return hl_smtp_hops(
	    ctx, args->hosts, (unsigned)args->port, ret, ret_bad);
}

static enum hl_verdict
on_queue(struct hl_ctx *ctx)
{
	const struct args *args = hl_args(ctx);
	struct hl_smtp_hops hops;

	if (find_hops(ctx, &hops, NULL) < 0)
		return HL_DECLINED; /* on_load has seen it */
	return hl_smtp_deliver(ctx, &hops, &args->smtp);
}

static enum hl_verdict
on_capabilities(struct hl_ctx *ctx)
{
	hl_smtp_offer(ctx);
	return HL_DECLINED;
}

static int
on_load(struct hl_ctx *ctx)
{
	const struct args *args = hl_args(ctx);
	struct hl_smtp_hops hops;
	hl_str bad;

	if (find_hops(ctx, &hops, &bad) < 0)
		return hl_load_error(ctx, "`%s` is no host", bad.p);
	return hl_smtp_need(ctx, &hops, &args->smtp);
}

static const struct hl_arg args[] = {
	{ "hosts", "where to, HOST[:PORT] or mx:DOMAIN, commas between",
	    .offset = offsetof(struct args, hosts), .positional = true,
	    .required = true },
	{ "port", "of those without one", .def = "25", .min = 1, .max = 65535,
	    .offset = offsetof(struct args, port), .type = HL_ARG_INT,
	    .positional = true },
	{ "xclient", "tells the server who the client is",
	    .offset = offsetof(struct args, smtp.xclient),
	    .type = HL_ARG_FLAG },
	HL_SMTP_ARGS(struct args, smtp, "may"),
	{ .name = NULL },
};

static const struct hl_plugin plugin = {
	.name = "queue/smtp-forward",
	.about = "hand messages to another SMTP server",
	.args = args,
	.args_size = sizeof(struct args),
	.load = on_load,
	.carries = HL_CARRIES_SMTPUTF8 | HL_CARRIES_DSN | HL_CARRIES_BINARYMIME,
	.capabilities = on_capabilities,
	.queue = on_queue,
};
HL_PLUGIN(plugin);
