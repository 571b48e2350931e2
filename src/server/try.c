/* SPDX-License-Identifier: MIT */
/* try.c - a client and a session on a socket pair, in one process. */
#include "try.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <uv.h>

#include "base/buf.h"
#include "base/idna.h"
#include "base/log.h"
#include "base/mem.h"
#include "hook/record.h"
#include "net/conn.h"
#include "net/conn_tls.h"
#include "net/tls_ctx.h"
#include "net/tls_self_signed.h"
#include "rt/fiber.h"
#include "rt/rt.h"
#include "server_private.h"
#include "session.h"

#define REPLY_MS 600000

struct
try {
	const struct try_options *options;
	struct server *server;
	struct conn *conn;
	int plugin_width; /* of their column */
	int result;       /* 1: something was refused */
	bool done;
};

/* ---- hook calls ---- */

static void
on_record(void *arg, struct hl_ctx *ctx, const struct record *record)
{
	const struct try *try = arg;
	hl_str args;

	if (record->hook == HOOK_LOGGING)
		return;
	args = record_args(ctx->arena, record);
	(void)printf("    %-20s %-*.*s %-20s", hook_table[record->hook].name,
	    try->plugin_width, STR(record->entry->plugin->name),
	    hook_column_name(record->column));
	if (record->enhanced.n > 0)
		(void)printf(" %.*s", STR(record->enhanced));
	if (record->text.n > 0)
		(void)printf(" \"%.*s\"", STR(record->text));
	if (args.n > 0)
		(void)printf("  (%.*s)", STR(args));
	(void)printf("  %llu us", (unsigned long long)record->us);
	if (record->waited_us > 0 && record->waited_for != NULL)
		(void)printf(", %llu us for %s",
		    (unsigned long long)record->waited_us, record->waited_for);
	if (record->fault != ANSWER_FINE)
		(void)printf("  [%s]", verdict_fault_text(record->fault));
	(void)printf("\n");
}

/* ---- the client ---- */

/* Reads one reply.  Its first digit; negative at the end. */
static int
read_reply(struct try *try)
{
	int digit = -1;

	for (;;) {
		struct slice line;

		if (conn_recv_line(try->conn, REPLY_MS, &line) < 0)
			return -ECONNRESET;
		(void)printf("< %.*s\n", STR(line));
		if (line.n > 0)
			digit = line.p[0] - '0';
		if (line.n < 4 || line.p[3] != '-')
			return digit;
	}
}

/* Sends `before` `what` `after`. */
static int
say(struct try *try, const char *before, const char *what, const char *after)
{
	struct buf line = BUF_INIT;
	int ret;

	buf_printf(&line, "%s%s%s", before, what, after);
	(void)printf("> %s\n", line.p);
	buf_add_text(&line, "\r\n");
	ret = conn_send(try->conn, line.p, line.n, REPLY_MS);
	buf_done(&line);
	return ret < 0 ? ret : read_reply(try);
}

/* CRLF line ends, stuffed dots, the final dot. */
static void
to_wire(const struct try_options *options, struct buf *out)
{
	struct slice left = { options->message, options->message_size };
	struct slice line;

	while (left.n > 0 && slice_cut(&left, '\n', &line)) {
		if (line.n > 0 && line.p[line.n - 1] == '\r')
			line.n--;
		if (line.n > 0 && line.p[0] == '.')
			buf_add_char(out, '.');
		buf_add_slice(out, line);
		buf_add_text(out, "\r\n");
	}
	buf_add_text(out, ".\r\n");
}

static int
send_message(struct try *try)
{
	struct buf wire = BUF_INIT;
	int ret;

	(void)printf("> (%zu bytes)\n> .\n", try->options->message_size);
	to_wire(try->options, &wire);
	ret = conn_send(try->conn, wire.p, wire.n, REPLY_MS);
	buf_done(&wire);
	return ret < 0 ? ret : read_reply(try);
}

static bool
is_fine(struct try *try, int digit)
{
	if (digit == 2 || digit == 3)
		return true;
	try->result = 1;
	return false;
}

/* Some address is beyond ASCII: a client would say SMTPUTF8. */
static bool
needs_utf8(const struct try_options *options)
{
	bool is_ascii = idna_is_ascii(slice_of(options->from));

	for (size_t i = 0; i < options->to_count; i++)
		is_ascii = is_ascii && idna_is_ascii(slice_of(options->to[i]));
	return !is_ascii;
}

/* Our own certificate, so there is nothing to verify. */
static int
go_on_in_tls(struct try *try)
{
	const struct conn_tls_options options = { .is_unverified = true };
	struct err err = { 0, "" };
	int digit = say(try, "STARTTLS", "", "");

	if (digit != 2)
		return digit;
	if (conn_tls_start(try->conn, try->server->engine->trust, &options,
		REPLY_MS, &err) < 0) {
		(void)printf("  (%s)\n", err.text);
		return -ECONNRESET;
	}
	return say(try, "EHLO ", try->options->helo, "");
}

static void
converse(struct try *try)
{
	const struct try_options *options = try->options;
	const char *params = needs_utf8(options) ? "> SMTPUTF8" : ">";
	size_t accepted = 0;

	if (!is_fine(try, read_reply(try)) ||
	    !is_fine(try, say(try, "EHLO ", options->helo, "")) ||
	    (options->tls && !is_fine(try, go_on_in_tls(try))) ||
	    !is_fine(try, say(try, "MAIL FROM:<", options->from, params)))
		return;
	for (size_t i = 0; i < options->to_count; i++)
		accepted +=
		    is_fine(try, say(try, "RCPT TO:<", options->to[i], ">"));
	if (accepted == 0 || !is_fine(try, say(try, "DATA", "", "")))
		return;
	(void)is_fine(try, send_message(try));
}

static void
client_fiber(void *arg)
{
	struct try *try = arg;

	converse(try);
	(void)say(try, "QUIT", "", "");
	conn_close(&try->conn);
	try->done = true;
}

/* ---- setting up ---- */

static int
plugin_width(const struct engine *engine)
{
	size_t width = 24;

	for (unsigned i = 0; i < engine->plugin_count; i++)
		if (engine->plugins[i]->name.n > width)
			width = engine->plugins[i]->name.n;
	return (int)width;
}

static struct server_listener *
add_listener(struct server *server)
{
	struct server_listener *listener = mem_alloc(sizeof(*listener));

	listener->server = server;
	listener->fd = -1;
	listener->name = (hl_str){ mem_dup(SLICE_LIT("try")), 3 };
	listener->chains = engine_chains(server->engine, STR_LIT("plugins"));
	list_push_back(&server->listeners, &listener->link);
	return listener;
}

/* Whatever certificates there are: their keys are not ours to read. */
static int
give_tls(struct server_listener *listener, struct err *err)
{
	struct buf cert = BUF_INIT, key = BUF_INIT;
	int ret = tls_self_signed_make("try", &cert, &key, err);

	if (ret == 0) {
		struct tls_pair pair = { .cert = buf_slice(&cert),
			.key = buf_slice(&key) };
		struct tls_site site = {
			.name = STR_EMPTY, .pairs = &pair, .pair_count = 1
		};
		struct tls_material material = {
			.scope = listener->name, .sites = &site, .site_count = 1
		};

		ret = tls_ctx_new(&material, NULL, &listener->tls_ctx, err);
	}
	secret_wipe(key.p, key.n);
	buf_done(&key);
	buf_done(&cert);
	return ret;
}

static int
connect_pair(struct try *try, struct err *err)
{
	struct server_listener *listener = add_listener(try->server);
	struct inet_addr local = {
		.family = INET_V4, .bytes = { 127, 0, 0, 1 }, .port = 25
	};
	int fds[2], ret = 0;

	if (try->options->tls)
		ret = give_tls(listener, err);
	if (ret < 0)
		return ret;
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0,
		fds) == -1)
		return err_set(err, -errno, "socketpair: %s", strerror(errno));
	ret = conn_from_fd(try->options->rt, fds[1], &try->conn);
	if (ret < 0)
		return err_set(err, ret, "%s", strerror(-ret));
	session_open(listener, fds[0], &try->options->peer, &local);
	return 0;
}

int
server_try(const struct try_options *options, struct err *err)
{
	static const char *const chains[] = { "plugins" };
	struct server_options server_options = {
		.rt = options->rt,
		.shm = options->shm,
		.config_dir = options->config_dir,
		.state_dir = options->work_dir,
		.chains = chains,
		.host_socket = options->host_socket,
		.host_wait_ms = 60000,
		.chain_count = 1,
	};
	struct try try = { .options = options };
	int ret = server_load(&server_options, &try.server, err);

	if (ret < 0)
		return ret;
	try.plugin_width = plugin_width(try.server->engine);
	record_set_listener(try.server->engine, on_record, &try);
	try.server->engine->dry_run = true;
	log_set_level(LOG_LEVEL_WARN); /* the records say it all */
	ret = connect_pair(&try, err);
	if (ret == 0)
		ret = fiber_start(options->rt, client_fiber, &try);
	while (ret == 0 && (!try.done || server_sessions(try.server) > 0))
		(void)uv_run(rt_loop(options->rt), UV_RUN_ONCE);
	record_set_listener(try.server->engine, NULL, NULL);
	server_free(&try.server);
	return ret < 0 ? ret : try.result;
}
