/* SPDX-License-Identifier: MIT */
/* auth_dovecot.c - ask Dovecot's auth service, as Postfix and Exim do.
 *
 *	auth/auth_dovecot [socket unix:/run/dovecot/auth-client]
 *
 * In Dovecot: service auth { unix_listener auth-client { user = hookline } }.
 *
 * Its protocol, version 1.1 and later, is lines of words between tabs.  Both
 * sides say hello once on each connection; then
 *
 *	AUTH 7 PLAIN service=smtp ... resp=BASE64	OK 7 user=NAME ...
 *							FAIL 7 ... temp ...
 *
 * A connection is kept for the next session.  Dovecot answers a wrong password
 * two seconds late.
 */
#include <errno.h>
#include <string.h>

#include <hookline/plugin.h>

#define LINE_MAX 8192u
#define HELLO_MAX 100 /* lines */

struct args {
	hl_str where;
	uint64_t timeout_ms;
};

static const struct hl_arg args_table[] = {
	{
	    .name = "socket",
	    .about = "unix:PATH or HOST:PORT of the auth service",
	    .def = "unix:/run/dovecot/auth-client",
	    .offset = offsetof(struct args, where),
	    .type = HL_ARG_STR,
	},
	{
	    .name = "timeout",
	    .about = "for connecting, and for the answer",
	    .def = "20s",
	    .offset = offsetof(struct args, timeout_ms),
	    .type = HL_ARG_SECONDS,
	},
	{ .name = NULL },
};

static int
on_load(struct hl_ctx *ctx)
{
	const struct args *args = hl_args(ctx);

	return hl_need_connect(ctx, args->where);
}

/* Cuts the next word off a line; NULL at the end. */
static char *
word(char **line)
{
	char *start = *line, *tab;

	if (start == NULL)
		return NULL;
	tab = strchr(start, '\t');
	if (tab != NULL)
		*tab++ = '\0';
	*line = tab;
	return start;
}

static int
talk_hello(struct hl_ctx *ctx, struct hl_conn *conn, char *line)
{
	const struct args *args = hl_args(ctx);
	unsigned id;
	hl_str hello;
	bool has_version = false, has_plain = false;
	int rc;

	/* Called a process id; what counts is that no other client has it. */
	hl_random(ctx, &id, sizeof(id));
	hello = hl_printf(ctx, "VERSION\t1\t1\nCPID\t%u\n", id >> 1 | 1);
	rc = hl_send(conn, hello.p, hello.n, args->timeout_ms);
	for (int i = 0; rc == 0 && i < HELLO_MAX; i++) {
		char *left = line, *what;
		long n = hl_recv_line(conn, line, LINE_MAX, args->timeout_ms);

		if (n < 0)
			return (int)n;
		what = word(&left);
		if (strcmp(what, "DONE") == 0)
			return has_version && has_plain ? 0 : -EPROTO;
		if (strcmp(what, "VERSION") == 0)
			has_version =
			    left != NULL && strcmp(word(&left), "1") == 0;
		else if (strcmp(what, "MECH") == 0 && left != NULL)
			has_plain |= strcmp(word(&left), "PLAIN") == 0;
	}
	return rc < 0 ? rc : -EPROTO;
}

/* In a line of the protocol there is no tab in an address, and none in
 * base64.  `resp` has to come last. */
static hl_str
question(struct hl_ctx *ctx, const struct hl_auth *auth, hl_str id)
{
	return hl_printf(ctx,
	    "AUTH%s\tPLAIN\tservice=smtp\t%slip=%s\trip=%s\tlport=%u\t"
	    "rport=%u\tnologin\tresp=%s\n",
	    id.p, hl_tls(ctx) != NULL ? "secured\t" : "", hl_local_ip(ctx).p,
	    hl_peer_ip(ctx).p, hl_local_port(ctx), hl_peer_port(ctx),
	    hl_auth_response(ctx, auth).p);
}

/* Is it the answer to that one? */
static bool
is_for(const char *line, hl_str id)
{
	const char *tab = strchr(line, '\t');

	return tab != NULL && strncmp(tab, id.p, id.n) == 0 &&
	       (tab[id.n] == '\t' || tab[id.n] == '\0');
}

/* 0 with the answer in `line`, or a negative errno. */
static int
ask(struct hl_ctx *ctx, const struct hl_auth *auth, char *line)
{
	const struct args *args = hl_args(ctx);
	unsigned *last = hl_instance(ctx);
	hl_str id = hl_printf(ctx, "\t%u", ++*last & 0x7fffffff);
	hl_str text = question(ctx, auth, id);
	struct hl_conn *conn;
	bool fresh;
	long rc;

	do {
		rc = hl_conn_pool_get(
		    ctx, args->where, args->timeout_ms, &conn, &fresh);
		if (rc < 0)
			return (int)rc;
		if (fresh)
			rc = talk_hello(ctx, conn, line);
		if (rc == 0)
			rc = hl_send(conn, text.p, text.n, args->timeout_ms);
		if (rc == 0)
			rc = hl_recv_line(
			    conn, line, LINE_MAX, args->timeout_ms);
		if (rc >= 0 && !is_for(line, id))
			rc = -EPROTO;
		if (rc >= 0)
			hl_conn_pool_put(ctx, &conn);
		else
			hl_conn_close(&conn);
		/* A kept one whose Dovecot was restarted meanwhile. */
	} while ((rc == -EPIPE || rc == -ECONNRESET) && !fresh);
	return rc < 0 ? (int)rc : 0;
}

static enum hl_verdict
on_ok(struct hl_ctx *ctx, char *left)
{
	char *param;

	while ((param = word(&left)) != NULL) {
		/* Dovecot may know the user by another name, and writes odd
		 * characters as \001 and a letter. */
		if (strncmp(param, "user=", 5) == 0 &&
		    strchr(param, '\001') == NULL)
			(void)hl_auth_user_set(ctx, hl_text(param + 5));
	}
	return HL_OK;
}

static enum hl_verdict
on_fail(struct hl_ctx *ctx, char *left)
{
	const char *param, *reason = "no reason given";
	bool is_temporary = false;

	while ((param = word(&left)) != NULL) {
		if (strcmp(param, "temp") == 0 ||
		    strcmp(param, "code=temp_fail") == 0)
			is_temporary = true;
		else if (strncmp(param, "reason=", 7) == 0)
			reason = param + 7;
	}
	if (is_temporary)
		return hl_auth_unavailable(ctx, "Dovecot cannot: %s", reason);
	return HL_DENY;
}

static enum hl_verdict
on_auth(struct hl_ctx *ctx, const struct hl_auth *auth)
{
	char *line = hl_alloc(ctx, LINE_MAX), *left = line;
	int rc = ask(ctx, auth, line);
	const char *what;

	if (rc < 0)
		return hl_auth_unavailable(ctx, "Dovecot: %s",
		    hl_conn_error(ctx).n > 0 ? hl_conn_error(ctx).p
					     : strerror(-rc));
	what = word(&left);
	(void)word(&left); /* our id */
	if (strcmp(what, "OK") == 0)
		return on_ok(ctx, left);
	if (strcmp(what, "FAIL") == 0)
		return on_fail(ctx, left);
	return hl_auth_unavailable(
	    ctx, "Dovecot: cannot understand the answer '%.40s'", what);
}

static const struct hl_plugin plugin = {
	.name = "auth/auth_dovecot",
	.about = "AUTH PLAIN and LOGIN by Dovecot's auth service",
	.args = args_table,
	.args_size = sizeof(struct args),
	.instance_size = sizeof(unsigned), /* number of the last question */
	.load = on_load,
	.auth_plain = on_auth,
	.auth_login = on_auth,
};
HL_PLUGIN(plugin);
