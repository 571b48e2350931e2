/* SPDX-License-Identifier: MIT */
/* queue/lmtp.c - hands messages to a mailbox server, by LMTP (RFC 2033).
 *
 *	queue/lmtp unix:PATH|HOST[,...] [PORT]
 *	    [tls off|may|require|verify] [tls_name NAME] [tls_ca FILE]
 *	    [auth FILE] [auth_over verified|tls|clear]
 *	    [hello NAME] [messages N] [connect_timeout 30s]
 *	    [command_timeout 60s] [data_timeout 120s] [block_timeout 180s]
 *	    [end_timeout 240s]
 *
 * The server answers for each recipient.  If it has kept the message for some
 * and the client gets one reply for all, that is 250, and the message is kept
 * for the others below the state directory (undelivered).  All else is as in
 * queue/smtp-forward.
 */
#include "next_server.h"

static enum hl_verdict
on_queue(struct hl_ctx *ctx)
{
	return next_server_queue(ctx, true);
}

static const struct hl_arg args[] = {
	{ "servers", "unix:PATH, or HOST[:PORT], commas between",
	    .offset = offsetof(struct next_server, where), .positional = true,
	    .required = true },
	NEXT_SERVER_ARGS("24", "off"),
	{ .name = NULL },
};

static const struct hl_plugin plugin = {
	.name = "queue/lmtp",
	.about = "hand messages to a mailbox server by LMTP",
	.args = args,
	.args_size = sizeof(struct next_server),
	.load = next_server_load,
	.carries = HL_CARRIES_SMTPUTF8 | HL_CARRIES_DSN | HL_CARRIES_BINARYMIME,
	.capabilities = next_server_offer,
	.queue = on_queue,
};
HL_PLUGIN(plugin);
