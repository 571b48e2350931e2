/* SPDX-License-Identifier: MIT */
/* virus/sophie.c - refuses messages in which Sophie finds a virus.
 *
 *	virus/sophie [sophie_socket PATH] [deny_viruses yes|no] [max_size KB]
 *	    [timeout 60s]
 *
 * Sophie, in front of Sophos Anti-Virus, is told the name of the message's
 * file, which it must be allowed to read, and answers "0", or "1:VIRUS".  Only
 * messages of several parts are scanned.  With `deny_viruses no` a virus is
 * told in the header.  When Sophie does not answer, the message passes.
 */
#include <errno.h>
#include <string.h>

#include <hookline/plugin.h>

#include "message.h"

#define ANSWER_MAX 256

struct args {
	hl_str socket;
	int64_t max_size_kb;
	uint64_t timeout_ms;
	bool deny_viruses;
};

static hl_str
where(struct hl_ctx *ctx)
{
	const struct args *args = hl_args(ctx);

	return hl_printf(ctx, "unix:%s", args->socket.p);
}

/* Bytes of its answer, a NUL behind them; negative errno. */
static long
ask(struct hl_ctx *ctx, hl_str file, char *ret)
{
	const struct args *args = hl_args(ctx);
	hl_str line = hl_printf(ctx, "%s\n", file.p);
	struct hl_conn *conn;
	long n = hl_dial(ctx, where(ctx), args->timeout_ms, &conn);

	if (n < 0)
		return n;
	n = hl_send(conn, line.p, line.n, args->timeout_ms);
	if (n == 0)
		n = hl_recv(conn, ret, ANSWER_MAX, args->timeout_ms);
	hl_conn_close(&conn);
	if (n >= 0)
		ret[n] = '\0';
	return n;
}

static enum hl_verdict
on_found(struct hl_ctx *ctx, const char *answer)
{
	const struct args *args = hl_args(ctx);
	const char *at = answer + 1;
	hl_str virus;

	at += *at == ':';
	virus = message_words(ctx, at, strcspn(at, "\r\n"));
	hl_log(ctx, HL_LOG_ERROR, "One or more virus(es) found: %s", virus.p);
	if (args->deny_viruses)
		return hl_deny(ctx, "5.7.1", "Virus%s Found: %s",
		    strchr(virus.p, ',') != NULL ? "es" : "", virus.p);
	message_mark(ctx, "X-Virus-Found", HL_STR("Yes"));
	message_mark(ctx, "X-Virus-Details", virus);
	return HL_DECLINED;
}

static enum hl_verdict
on_data_post(struct hl_ctx *ctx)
{
	const struct args *args = hl_args(ctx);
	char answer[ANSWER_MAX + 1] = "";
	hl_str file;
	long n;

	if (message_is_too_large(ctx, (uint64_t)args->max_size_kb * 1024))
		return HL_DECLINED;
	if (!message_is_multipart(ctx)) {
		hl_log(ctx, HL_LOG_WARN, "non-multipart mail - skipping");
		return HL_DECLINED;
	}
	if (!message_file(ctx, &file))
		return HL_DECLINED;
	n = ask(ctx, file, answer);
	if (n < 0 || (answer[0] != '0' && answer[0] != '1')) {
		if (n != -ECANCELED)
			hl_log(ctx, HL_LOG_ERROR, "error, sophie at %s: %s",
			    args->socket.p,
			    n < 0 ? strerror((int)-n) : "no answer of use");
		return HL_DECLINED;
	}
	if (answer[0] == '1')
		return on_found(ctx, answer);
	message_mark(ctx, "X-Virus-Checked",
	    hl_printf(ctx, "Checked by SOPHIE on %s", hl_me(ctx).p));
	return HL_DECLINED;
}

static int
on_load(struct hl_ctx *ctx)
{
	return hl_need_connect(ctx, where(ctx));
}

static const struct hl_arg args[] = {
	{ "sophie_socket", "Sophie's Unix socket", .def = "/var/run/sophie",
	    .offset = offsetof(struct args, socket) },
	{ "deny_viruses", "no: a virus is told in the header", .def = "yes",
	    .offset = offsetof(struct args, deny_viruses),
	    .type = HL_ARG_BOOL },
	{ "max_size", "KB; larger messages pass", .def = "128",
	    .max = INT64_C(1) << 40,
	    .offset = offsetof(struct args, max_size_kb), .type = HL_ARG_INT },
	{ "timeout", "for connecting, and for its answer", .def = "60s",
	    .offset = offsetof(struct args, timeout_ms),
	    .type = HL_ARG_SECONDS },
	{ .name = NULL },
};

static const struct hl_plugin plugin = {
	.name = "virus/sophie",
	.about = "refuse messages in which Sophie finds a virus",
	.args = args,
	.args_size = sizeof(struct args),
	.load = on_load,
	.data_post = on_data_post,
};
HL_PLUGIN(plugin);
