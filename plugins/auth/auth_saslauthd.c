/* SPDX-License-Identifier: MIT */
/* auth_saslauthd.c - ask Cyrus SASL's saslauthd, which may ask PAM.
 *
 *	auth/auth_saslauthd [socket PATH] [service smtp] [realm example.com]
 *
 * One question on each connection: user, password, service and realm, each
 * behind its length in two bytes, high one first; the answer in the same form
 * begins with OK or NO.  Workers need the right to enter the socket's
 * directory (on Debian: the group sasl).
 */
#include <errno.h>
#include <string.h>

#include <hookline/plugin.h>

#define FIELD_MAX 256u   /* saslauthd hangs up on longer ones */
#define ANSWER_MAX 1024u /* so it says itself */

struct args {
	hl_str socket, service, realm;
	uint64_t timeout_ms;
};

static const struct hl_arg args_table[] = {
	{
	    .name = "socket",
	    .about = "where saslauthd listens",
	    .def = "/run/saslauthd/mux",
	    .offset = offsetof(struct args, socket),
	    .type = HL_ARG_PATH,
	},
	{
	    .name = "service",
	    .about = "name of the service, for PAM",
	    .def = "smtp",
	    .offset = offsetof(struct args, service),
	    .type = HL_ARG_STR,
	},
	{
	    .name = "realm",
	    .about = "where users belong to realms",
	    .offset = offsetof(struct args, realm),
	    .type = HL_ARG_STR,
	},
	{
	    .name = "timeout",
	    .about = "for connecting, and for the answer",
	    .def = "15s",
	    .offset = offsetof(struct args, timeout_ms),
	    .type = HL_ARG_SECONDS,
	},
	{ .name = NULL },
};

static hl_str
where(struct hl_ctx *ctx)
{
	const struct args *args = hl_args(ctx);

	return hl_printf(ctx, "unix:%s", args->socket.p);
}

static int
on_load(struct hl_ctx *ctx)
{
	const struct args *args = hl_args(ctx);

	if (args->service.n > FIELD_MAX || args->realm.n > FIELD_MAX)
		return hl_load_error(
		    ctx, "service or realm is longer than %u", FIELD_MAX);
	return hl_need_connect(ctx, where(ctx));
}

static unsigned char *
add(unsigned char *to, hl_str what)
{
	*to++ = (unsigned char)(what.n >> 8);
	*to++ = (unsigned char)(what.n & 255);
	memcpy(to, what.p, what.n);
	return to + what.n;
}

static int
receive(struct hl_conn *conn, void *bytes, size_t size, uint64_t timeout_ms)
{
	for (size_t have = 0; have < size;) {
		long n = hl_recv(
		    conn, (char *)bytes + have, size - have, timeout_ms);

		if (n <= 0)
			return n < 0 ? (int)n : -EPIPE;
		have += (size_t)n;
	}
	return 0;
}

/* 0 with the answer's text, or a negative errno. */
static int
ask(struct hl_ctx *ctx, struct hl_conn *conn, const struct hl_auth *auth,
    char answer[ANSWER_MAX + 1])
{
	const struct args *args = hl_args(ctx);
	unsigned char *bytes = hl_alloc(ctx, 4 * (FIELD_MAX + 2)), *end = bytes;
	unsigned char size[2] = { 0 };
	size_t n;
	int rc;

	end = add(end, hl_auth_attempt_user(auth));
	end = add(end, hl_auth_attempt_clear(auth));
	end = add(end, args->service);
	end = add(end, args->realm);
	rc = hl_send(conn, bytes, (size_t)(end - bytes), args->timeout_ms);
	if (rc == 0)
		rc = receive(conn, size, sizeof(size), args->timeout_ms);
	if (rc < 0)
		return rc;
	n = (size_t)size[0] << 8 | size[1];
	if (n < 2 || n > ANSWER_MAX)
		return -EPROTO;
	answer[n] = '\0';
	return receive(conn, answer, n, args->timeout_ms);
}

/* Its own failures are a NO, too, and can be told by their words alone. */
static bool
is_failure(const char *answer)
{
	static const char *const words[] = { "[ALERT]", "internal error",
		"lookup failure", "PAM start error" };

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		if (strstr(answer, words[i]) != NULL)
			return true;
	}
	return false;
}

static enum hl_verdict
on_auth(struct hl_ctx *ctx, const struct hl_auth *auth)
{
	const struct args *args = hl_args(ctx);
	char *answer = hl_alloc(ctx, ANSWER_MAX + 1);
	struct hl_conn *conn;
	int rc;

	if (hl_auth_attempt_user(auth).n > FIELD_MAX ||
	    hl_auth_attempt_clear(auth).n > FIELD_MAX)
		return HL_DENY;
	rc = hl_dial(ctx, where(ctx), args->timeout_ms, &conn);
	if (rc < 0)
		return hl_auth_unavailable(
		    ctx, "saslauthd: %s", hl_conn_error(ctx).p);
	rc = ask(ctx, conn, auth, answer);
	hl_conn_close(&conn);
	if (rc == 0 && strncmp(answer, "OK", 2) == 0)
		return HL_OK;
	if (rc == 0 && strncmp(answer, "NO", 2) != 0)
		rc = -EPROTO;
	if (rc < 0)
		return hl_auth_unavailable(
		    ctx, "saslauthd: no answer: %s", strerror(-rc));
	if (is_failure(answer))
		return hl_auth_unavailable(ctx, "saslauthd says %s", answer);
	return HL_DENY;
}

static const struct hl_plugin plugin = {
	.name = "auth/auth_saslauthd",
	.about = "AUTH PLAIN and LOGIN by Cyrus SASL's saslauthd",
	.args = args_table,
	.args_size = sizeof(struct args),
	.load = on_load,
	.auth_plain = on_auth,
	.auth_login = on_auth,
};
HL_PLUGIN(plugin);
