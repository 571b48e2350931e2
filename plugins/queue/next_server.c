/* SPDX-License-Identifier: MIT */
/* next_server.c - what queue/smtp-forward and queue/lmtp have in common. */
#include "next_server.h"

static int
find_hops(struct hl_ctx *ctx, struct hl_smtp_hops *ret, hl_str *ret_bad)
{
	const struct next_server *args = hl_args(ctx);

	return hl_smtp_hops(
	    ctx, args->where, (unsigned)args->port, ret, ret_bad);
}

int
next_server_load(struct hl_ctx *ctx)
{
	const struct next_server *args = hl_args(ctx);
	struct hl_smtp_hops hops;
	hl_str bad;

	if (find_hops(ctx, &hops, &bad) < 0)
		return hl_load_error(ctx, "`%s` is no host", bad.p);
	return hl_smtp_need(ctx, &hops, &args->smtp);
}

enum hl_verdict
next_server_offer(struct hl_ctx *ctx)
{
	hl_smtp_offer(ctx);
	return HL_DECLINED;
}

enum hl_verdict
next_server_queue(struct hl_ctx *ctx, bool lmtp)
{
	const struct next_server *args = hl_args(ctx);
	struct hl_smtp_options options = args->smtp;
	struct hl_smtp_hops hops;

	if (find_hops(ctx, &hops, NULL) < 0)
		return HL_DECLINED; /* next_server_load has seen it */
	options.lmtp = lmtp;
	return hl_smtp_deliver(ctx, &hops, &options);
}
