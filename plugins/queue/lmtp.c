/* SPDX-License-Identifier: MIT */
/* queue/lmtp.c - hands messages to a mailbox server, by LMTP (RFC 2033).
 *
 *	queue/lmtp unix:PATH|HOST[,...] [PORT]
 *	    [tls off|may|require|verify] [tls_name NAME] [tls_ca FILE]
 *	    [hello NAME] [messages N] [connect_timeout 30s]
 *	    [command_timeout 60s] [data_timeout 120s] [block_timeout 180s]
 *	    [end_timeout 240s]
 *
 * The server answers for each recipient.  If it has kept the message for some
 * and the client gets one reply for all, that is 250, and the message is kept
 * for the others below the state directory (undelivered).  All else is as in
 * queue/smtp-forward.
 */
#include <hookline/smtp_client.h>

struct args {
	hl_str servers;
	int64_t port;
	struct hl_smtp_options smtp;
};

static int
find_hops(struct hl_ctx *ctx, struct hl_smtp_hops *ret, hl_str *ret_bad)
{
	const struct args *args = hl_args(ctx);

	return hl_smtp_hops(
	    ctx, args->servers, (unsigned)args->port, ret, ret_bad);
}

static enum hl_verdict
on_queue(struct hl_ctx *ctx)
{
	const struct args *args = hl_args(ctx);
	struct hl_smtp_options options = args->smtp;
	struct hl_smtp_hops hops;

	if (find_hops(ctx, &hops, NULL) < 0)
		return HL_DECLINED; /* on_load has seen it */
	options.lmtp = true;
	return hl_smtp_deliver(ctx, &hops, &options);
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
		return hl_load_error(ctx, "`%s` is no server", bad.p);
	return hl_smtp_need(ctx, &hops, &args->smtp);
}

static const struct hl_arg args[] = {
	{ "servers", "unix:PATH, or HOST[:PORT], commas between",
	    .offset = offsetof(struct args, servers), .positional = true,
	    .required = true },
	{ "port", "of those without one", .def = "24", .min = 1, .max = 65535,
	    .offset = offsetof(struct args, port), .type = HL_ARG_INT,
	    .positional = true },
	HL_SMTP_ARGS(struct args, smtp, "off"),
	{ .name = NULL },
};

static const struct hl_plugin plugin = {
	.name = "queue/lmtp",
	.about = "hand messages to a mailbox server by LMTP",
	.args = args,
	.args_size = sizeof(struct args),
	.load = on_load,
	.carries = HL_CARRIES_SMTPUTF8 | HL_CARRIES_DSN | HL_CARRIES_BINARYMIME,
	.capabilities = on_capabilities,
	.queue = on_queue,
};
HL_PLUGIN(plugin);
