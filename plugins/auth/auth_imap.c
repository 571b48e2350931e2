/* SPDX-License-Identifier: MIT */
/* auth_imap.c - log in to an IMAP server with what the client has shown.
 *
 *	auth/auth_imap imap.example.com [143] [tls starttls] [ca_file PATH]
 *	    [verify 0]
 *
 * Passwords do not go over a network in clear unless `tls none` says so:
 * with `tls auto` port 993 speaks TLS from the start, a server on this machine
 * (localhost, 127.*, [::1]) is asked in clear, and every other one must do
 * STARTTLS.
 *
 * The credentials are given with AUTHENTICATE PLAIN (RFC 9051 6.2.2), or with
 * LOGIN where a server does not know that.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <string.h>

#include <hookline/plugin.h>

#define LINE_MAX 8192u
#define UNTAGGED_MAX 100 /* lines before an answer */

enum tls { TLS_AUTO, TLS_NONE, TLS_STARTTLS, TLS_IMAPS };

struct args {
	hl_str host, ca_file;
	int64_t port;
	unsigned tls;
	bool verify;
	uint64_t timeout_ms;
};

static const struct hl_arg args_table[] = {
	{
	    .name = "host",
	    .about = "name or address of the server",
	    .offset = offsetof(struct args, host),
	    .type = HL_ARG_STR,
	    .positional = true,
	    .required = true,
	},
	{
	    .name = "port",
	    .about = "its port",
	    .def = "143",
	    .min = 1,
	    .max = 65535,
	    .offset = offsetof(struct args, port),
	    .type = HL_ARG_INT,
	    .positional = true,
	},
	{
	    .name = "tls",
	    .about = "none, after STARTTLS, from the start (imaps), or auto",
	    .def = "auto",
	    .choices = "auto|none|starttls|imaps",
	    .offset = offsetof(struct args, tls),
	    .type = HL_ARG_CHOICE,
	},
	{
	    .name = "ca_file",
	    .about = "authorities to trust instead of the system's",
	    .offset = offsetof(struct args, ca_file),
	    .type = HL_ARG_PATH,
	},
	{
	    .name = "verify",
	    .about = "0: take any certificate",
	    .def = "1",
	    .offset = offsetof(struct args, verify),
	    .type = HL_ARG_BOOL,
	},
	{
	    .name = "timeout",
	    .about = "for connecting, and for each answer",
	    .def = "15s",
	    .offset = offsetof(struct args, timeout_ms),
	    .type = HL_ARG_SECONDS,
	},
	{ .name = NULL },
};

/* One login. */
struct login {
	struct hl_ctx *ctx;
	const struct args *args;
	struct hl_conn *conn;
	char *line;      /* the last one received */
	const char *why; /* nobody can tell: for the log */
};

static hl_str
where(struct hl_ctx *ctx)
{
	const struct args *args = hl_args(ctx);
	bool is_ipv6 = strchr(args->host.p, ':') != NULL;

	return hl_printf(
	    ctx, is_ipv6 ? "[%s]:%d" : "%s:%d", args->host.p, (int)args->port);
}

static int
on_load(struct hl_ctx *ctx)
{
	const struct args *args = hl_args(ctx);

	if (args->ca_file.n > 0 && hl_need_read(ctx, args->ca_file) < 0)
		return hl_load_error(ctx, "ca_file: bad path");
	return hl_need_connect(ctx, where(ctx));
}

/* A name such as "127.example" is another machine's. */
static bool
is_this_machine(const char *host)
{
	struct in_addr addr;

	return strcmp(host, "localhost") == 0 || strcmp(host, "::1") == 0 ||
	       (inet_pton(AF_INET, host, &addr) == 1 &&
		   ntohl(addr.s_addr) >> 24 == IN_LOOPBACKNET);
}

static enum tls
tls_mode(const struct args *args)
{
	if (args->tls != TLS_AUTO)
		return (enum tls)args->tls;
	if (args->port == 993)
		return TLS_IMAPS;
	return is_this_machine(args->host.p) ? TLS_NONE : TLS_STARTTLS;
}

/* ---- one exchange; all of them return 0, or -1 with `why` set ---- */

static int
fail(struct login *login, const char *why)
{
	login->why = why;
	return -1;
}

static int
send_text(struct login *login, hl_str text)
{
	int rc = hl_send(login->conn, text.p, text.n, login->args->timeout_ms);

	return rc < 0 ? fail(login, strerror(-rc)) : 0;
}

/* Reads up to the answer that begins with `tag`, or a continuation. */
static int
answer(struct login *login, const char *tag)
{
	for (int i = 0; i < UNTAGGED_MAX; i++) {
		long n = hl_recv_line(login->conn, login->line, LINE_MAX,
		    login->args->timeout_ms);

		if (n < 0)
			return fail(login, strerror((int)-n));
		if (strncmp(login->line, "* BYE", 5) == 0)
			return fail(login, login->line);
		if (login->line[0] == '+' ||
		    strncmp(login->line, tag, strlen(tag)) == 0)
			return 0;
	}
	return fail(login, "too many lines without an answer");
}

static bool
says(const struct login *login, const char *what)
{
	return strncmp(login->line, what, strlen(what)) == 0;
}

static int
begin_tls(struct login *login)
{
	const struct args *args = login->args;
	const struct hl_tls_peer peer = { .name = args->host,
		.ca_file = args->ca_file,
		.unverified = !args->verify };

	if (hl_conn_starttls(login->ctx, login->conn, &peer, args->timeout_ms) <
	    0)
		return fail(login, hl_conn_error(login->ctx).p);
	return 0;
}

static int
greet(struct login *login)
{
	enum tls mode = tls_mode(login->args);

	if (hl_dial(login->ctx, where(login->ctx), login->args->timeout_ms,
		&login->conn) < 0)
		return fail(login, hl_conn_error(login->ctx).p);
	if (mode == TLS_IMAPS && begin_tls(login) < 0)
		return -1;
	if (answer(login, "* ") < 0)
		return -1;
	if (!says(login, "* OK"))
		return fail(login, login->line);
	if (mode != TLS_STARTTLS)
		return 0;
	if (send_text(login, HL_STR("a STARTTLS\r\n")) < 0 ||
	    answer(login, "a ") < 0)
		return -1;
	return says(login, "a OK") ? begin_tls(login)
				   : fail(login, login->line);
}

/* As literals, nothing in them has to be quoted. */
static int
give_login(struct login *login, const struct hl_auth *auth)
{
	hl_str user = hl_auth_attempt_user(auth);
	hl_str clear = hl_auth_attempt_clear(auth);
	hl_str parts[] = {
		hl_printf(login->ctx, "b LOGIN {%zu}\r\n", user.n),
		hl_printf(login->ctx, "%s {%zu}\r\n", user.p, clear.n),
		hl_printf(login->ctx, "%s\r\n", clear.p),
	};

	for (size_t i = 0; i < 3; i++) {
		if (i > 0 && !says(login, "+"))
			return 0; /* it has seen enough */
		if (send_text(login, parts[i]) < 0 || answer(login, "b ") < 0)
			return -1;
	}
	return 0;
}

static int
give(struct login *login, const struct hl_auth *auth)
{
	hl_str response = hl_printf(
	    login->ctx, "%s\r\n", hl_auth_response(login->ctx, auth).p);

	if (send_text(login, HL_STR("b AUTHENTICATE PLAIN\r\n")) < 0 ||
	    answer(login, "b ") < 0)
		return -1;
	if (!says(login, "+"))
		return give_login(login, auth);
	if (send_text(login, response) < 0)
		return -1;
	return answer(login, "b ");
}

/* RFC 5530: a NO that is not about the credentials. */
static bool
is_failure(const char *line)
{
	static const char *const codes[] = { "[UNAVAILABLE]", "[SERVERBUG]",
		"[INUSE]", "[LIMIT]", "[CONTACTADMIN]", "[PRIVACYREQUIRED]" };

	for (size_t i = 0; i < sizeof(codes) / sizeof(codes[0]); i++) {
		if (strstr(line, codes[i]) != NULL)
			return true;
	}
	return false;
}

static enum hl_verdict
on_auth(struct hl_ctx *ctx, const struct hl_auth *auth)
{
	struct login login = { .ctx = ctx,
		.args = hl_args(ctx),
		.line = hl_alloc(ctx, LINE_MAX) };

	if (greet(&login) == 0 && give(&login, auth) == 0) {
		if (says(&login, "b OK")) {
			(void)send_text(&login, HL_STR("c LOGOUT\r\n"));
			return HL_OK;
		}
		if (says(&login, "b NO") && !is_failure(login.line))
			return HL_DENY;
		/* Some servers repeat what they do not understand. */
		login.why =
		    says(&login, "b NO") ? login.line : "it refuses to log in";
	}
	return hl_auth_unavailable(
	    ctx, "IMAP server %s: %.200s", where(ctx).p, login.why);
}

static const struct hl_plugin plugin = {
	.name = "auth/auth_imap",
	.about = "AUTH PLAIN and LOGIN by logging in to an IMAP server",
	.args = args_table,
	.args_size = sizeof(struct args),
	.load = on_load,
	.auth_plain = on_auth,
	.auth_login = on_auth,
};
HL_PLUGIN(plugin);
