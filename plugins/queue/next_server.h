/* SPDX-License-Identifier: MIT */
/* next_server.h - what queue/smtp-forward and queue/lmtp have in common: hooks
 * of a plugin whose arguments are a struct next_server. */
#ifndef NEXT_SERVER_H
#define NEXT_SERVER_H

#include <hookline/smtp_client.h>

/* What the plugin's table of arguments fills. */
struct next_server {
	hl_str where; /* for hl_smtp_hops */
	int64_t port;
	struct hl_smtp_options smtp;
};

/* The argument `port`, and those of the client. */
#define NEXT_SERVER_ARGS(port_by_default, tls_by_default)     \
	{ .name = "port",                                     \
		.about = "of those without one",              \
		.def = (port_by_default),                     \
		.min = 1,                                     \
		.max = 65535,                                 \
		.offset = offsetof(struct next_server, port), \
		.type = HL_ARG_INT,                           \
		.positional = true },                         \
	    HL_SMTP_ARGS(struct next_server, smtp, tls_by_default)

/* For .load. */
int next_server_load(struct hl_ctx *ctx);
/* For .capabilities. */
enum hl_verdict next_server_offer(struct hl_ctx *ctx);
/* For .queue; `lmtp`: it speaks LMTP.  BLOCKS. */
enum hl_verdict next_server_queue(struct hl_ctx *ctx, bool lmtp);

#endif
