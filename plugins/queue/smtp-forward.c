/* SPDX-License-Identifier: MIT */
/* queue/smtp-forward.c - hands messages to another SMTP server.
 *
 *	queue/smtp-forward HOST[,HOST...] [PORT] [xclient]
 *	    [tls off|may|require|verify] [tls_name NAME] [tls_ca FILE]
 *	    [auth FILE] [auth_over verified|tls|clear]
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
 * smtps:HOST has TLS from the first byte, at port 465 if it says none; its
 * certificate is looked at with `tls verify` alone.
 *
 * With auth it says AUTH PLAIN or LOGIN.  The FILE, which others may not read
 * (chmod 640, the group is hookline's), has lines for one server each, or for *
 * all; the first one counts, and a server without one gets nothing:
 *	mail.example.com    user@example.com:password
 *	192.0.2.1:587       -
 * Servers that an MX names want lines of their own, not *: who forges the DNS
 * names any.
 * It takes `tls verify`, or auth_over to send the password through TLS with any
 * certificate, or in clear; not together with xclient.
 *
 * A server that takes fewer recipients at once (452 4.5.3) gets the message in up
 * to 16 transactions, over as many connections, and only when it has accepted all
 * recipients: a client of plain SMTP hears one reply.  If one of them then fails
 * for now, that is 452, and some get it twice; if for good, 250, and the message
 * is kept for those below the state directory (undelivered).
 *
 * All of it has the time of the hook, 300 s unless hl.timeout= says more.
 *
 * With xclient a server that is Postfix hears who the client is; without the
 * EHLO keyword XCLIENT it gets nothing.
 */
#include "next_server.h"

static enum hl_verdict
on_queue(struct hl_ctx *ctx)
{
	return next_server_queue(ctx, false);
}

static const struct hl_arg args[] = {
	{ "hosts", "HOST[:PORT], smtps:HOST or mx:DOMAIN, commas between",
	    .offset = offsetof(struct next_server, where), .positional = true,
	    .required = true },
	NEXT_SERVER_ARGS("25", "may"),
	{ "xclient", "tells the server who the client is",
	    .offset = offsetof(struct next_server, smtp.xclient),
	    .type = HL_ARG_FLAG },
	{ .name = NULL },
};

static const struct hl_plugin plugin = {
	.name = "queue/smtp-forward",
	.about = "hand messages to another SMTP server",
	.args = args,
	.args_size = sizeof(struct next_server),
	.load = next_server_load,
	.carries = HL_CARRIES_SMTPUTF8 | HL_CARRIES_DSN | HL_CARRIES_BINARYMIME,
	.capabilities = next_server_offer,
	.queue = on_queue,
};
HL_PLUGIN(plugin);
