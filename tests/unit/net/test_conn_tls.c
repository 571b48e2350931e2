/* SPDX-License-Identifier: MIT */
/* test_conn_tls.c - TLS on outgoing connections, against OpenSSL's server.
 *
 * The client runs on a fiber, the server on a thread (tls_peer.h) or, where
 * it speaks no TLS, in the test itself.
 */
#include "net_test.h"
#include "tls_peer.h"

#include <stdatomic.h>
#include <stdlib.h>

#include <openssl/err.h>

#include "net/conn.h"
#include "net/conn_pool.h"
#include "net/conn_tls.h"
#include "net/dial.h"
#include "net/tls_trust.h"
#include "rt/alarm.h"
#include "rt/offload.h"

#define MUCH ((size_t)4 << 20)

struct user {
	struct rt *rt;
	struct tls_trust *trust;
	struct conn *conn;
	struct fiber *fiber;
	struct tls_peer peer;
	bool has_peer; /* a thread */
	int fd;        /* else: the other end, -1 closed */
	struct conn_tls_options options;
	uint64_t timeout_ms;
	const char *where;
	int rc[4];
	char text[64];
	struct err err;
	bool is_done;
	void (*fn)(struct user *);
};

static void
run(void *arg)
{
	struct user *u = arg;

	u->fiber = fiber_self();
	u->fn(u);
	u->fiber = NULL;
	u->is_done = true;
}

static void
user_start(struct user *u, void (*fn)(struct user *))
{
	u->fn = fn;
	u->is_done = false;
	assert_int_equal(fiber_start(u->rt, run, u), 0);
}

static void
user_run(struct user *u, void (*fn)(struct user *))
{
	user_start(u, fn);
	turn_until(u->rt, &u->is_done);
}

/* Waits until the client has sent what it can and waits for the peer. */
static void
settle(struct user *u)
{
	for (;;) {
		turn(u->rt);
		if (rt_offload_running(u->rt) == 0)
			return;
		(void)uv_run(rt_loop(u->rt), UV_RUN_ONCE);
	}
}

static void
user_open(struct user *u)
{
	int fds[2];

	memset(u, 0, sizeof(*u));
	u->rt = test_rt(0);
	u->trust = tls_trust_new();
	u->options.name = TLS_PEER_NAME;
	u->options.ca_file = tls_peer_ca;
	test_unix_pair(fds);
	assert_int_equal(conn_from_fd(u->rt, fds[0], &u->conn), 0);
	u->fd = fds[1];
}

static void
peer_begin(struct user *u, void (*talk)(struct tls_peer *, SSL *))
{
	u->has_peer = true;
	tls_peer_start(&u->peer, u->fd, talk);
	u->fd = -1;
}

static void
user_done(struct user *u)
{
	conn_close(&u->conn);
	if (u->fd != -1)
		assert_int_equal(close(u->fd), 0);
	if (u->has_peer)
		tls_peer_join(&u->peer);
	turn(u->rt);
	tls_trust_free(&u->trust);
	test_rt_done(&u->rt);
	assert_int_equal(ERR_peek_error(), 0);
}

static void
start(struct user *u)
{
	u->rc[0] = conn_tls_start(
	    u->conn, u->trust, &u->options, u->timeout_ms, &u->err);
}

/* The handshake has failed: nothing is left to be done. */
static void
assert_refused(struct user *u, int rc, const char *text)
{
	assert_int_equal(u->rc[0], rc);
	if (strstr(u->err.text, text) == NULL)
		fail_msg("'%s' has no '%s'", u->err.text, text);
	assert_false(conn_is_idle(u->conn));
}

/* ---- the handshake ---- */

static void
test_good(void **state)
{
	struct user u;

	(void)state;
	user_open(&u);
	peer_begin(&u, NULL);
	assert_false(conn_is_tls(u.conn));
	user_run(&u, start);
	if (u.rc[0] < 0)
		fail_msg("%s", u.err.text);
	assert_true(conn_is_tls(u.conn));
	assert_true(conn_is_idle(u.conn));
	/* Only once. */
	user_run(&u, start);
	assert_int_equal(u.rc[0], -EINVAL);
	conn_close(&u.conn);
	tls_peer_join(&u.peer);
	u.has_peer = false;
	assert_true(u.peer.has_accepted);
	assert_string_equal(u.peer.sni, TLS_PEER_NAME);
	assert_int_equal(u.peer.version, TLS1_3_VERSION);
	user_done(&u);
}

struct verify_case {
	const char *label;
	enum tls_peer_cert cert;
	const char *name; /* that the client wants */
	const char *ca;
	bool is_unverified;
	int rc;
	const char *text;
	const char *sni;
};

static void
verify(const struct verify_case *c)
{
	struct user u;

	user_open(&u);
	u.peer.cert = c->cert;
	u.options = (struct conn_tls_options){
		.name = c->name,
		.ca_file = c->ca,
		.is_unverified = c->is_unverified,
	};
	peer_begin(&u, NULL);
	user_run(&u, start);
	if (u.rc[0] != c->rc || strstr(u.err.text, c->text) == NULL)
		fail_msg("%s: %d %s", c->label, u.rc[0], u.err.text);
	if (c->rc < 0)
		assert_false(conn_is_idle(u.conn));
	conn_close(&u.conn);
	tls_peer_join(&u.peer);
	u.has_peer = false;
	assert_string_equal(u.peer.sni, c->sni);
	user_done(&u);
}

static void
test_verify(void **state)
{
	static const struct verify_case cases[] = {
		{ .label = "an address",
		    .name = "127.0.0.1",
		    .ca = tls_peer_ca,
		    .text = "",
		    .sni = "" },
		{ .label = "another address",
		    .name = "127.0.0.2",
		    .ca = tls_peer_ca,
		    .rc = -EKEYREJECTED,
		    .text = "IP address mismatch, it is not for 127.0.0.2",
		    .sni = "" },
		{ .label = "another host",
		    .name = "bad.example",
		    .ca = tls_peer_ca,
		    .rc = -EKEYREJECTED,
		    .text = "certificate verify failed: hostname mismatch, "
			    "it is not for bad.example",
		    .sni = "bad.example" },
		{ .label = "another host, unverified",
		    .name = "bad.example",
		    .ca = tls_peer_ca,
		    .is_unverified = true,
		    .text = "",
		    .sni = "bad.example" },
		{ .label = "wildcard",
		    .cert = PEER_WILDCARD,
		    .name = "a." TLS_PEER_NAME,
		    .ca = tls_peer_ca,
		    .text = "",
		    .sni = "a." TLS_PEER_NAME },
		{ .label = "wildcard, one label more",
		    .cert = PEER_WILDCARD,
		    .name = "b.a." TLS_PEER_NAME,
		    .ca = tls_peer_ca,
		    .rc = -EKEYREJECTED,
		    .text = "hostname mismatch",
		    .sni = "b.a." TLS_PEER_NAME },
		{ .label = "expired",
		    .cert = PEER_EXPIRED,
		    .name = TLS_PEER_NAME,
		    .ca = tls_peer_ca,
		    .rc = -EKEYREJECTED,
		    .text = "certificate has expired",
		    .sni = TLS_PEER_NAME },
		{ .label = "self-signed",
		    .cert = PEER_SELF_SIGNED,
		    .name = TLS_PEER_NAME,
		    .ca = tls_peer_ca,
		    .rc = -EKEYREJECTED,
		    .text = "self-signed certificate",
		    .sni = TLS_PEER_NAME },
		{ .label = "self-signed, unverified, no name",
		    .cert = PEER_SELF_SIGNED,
		    .is_unverified = true,
		    .text = "",
		    .sni = "" },
		{ .label = "another authority",
		    .name = TLS_PEER_NAME,
		    .ca = tls_peer_other,
		    .rc = -EKEYREJECTED,
		    .text = "unable to get local issuer certificate",
		    .sni = TLS_PEER_NAME },
		{ .label = "the system's authorities",
		    .name = TLS_PEER_NAME,
		    .rc = -EKEYREJECTED,
		    .text = "unable to get local issuer certificate",
		    .sni = TLS_PEER_NAME },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		verify(&cases[i]);
}

static void
test_versions(void **state)
{
	struct user u;

	(void)state;
	user_open(&u);
	u.peer.max_version = TLS1_1_VERSION;
	peer_begin(&u, NULL);
	user_run(&u, start);
	assert_int_equal(u.rc[0], -EPROTO);
	assert_string_equal(u.err.text, "TLS: tlsv1 alert protocol version");
	user_done(&u);
	user_open(&u);
	u.peer.max_version = TLS1_2_VERSION;
	peer_begin(&u, NULL);
	user_run(&u, start);
	assert_int_equal(u.rc[0], 0);
	user_done(&u);
	assert_int_equal(u.peer.version, TLS1_2_VERSION);
}

static void
use_it(struct user *u)
{
	u->rc[0] = conn_send(u->conn, "secret", 6, 0);
	u->rc[1] = conn_recv(u->conn, u->text, 8, 0);
	u->rc[2] = conn_send_fd(u->conn, 0, "x", 1, 0);
	u->rc[3] = conn_shutdown(u->conn);
}

/* After a failure nothing goes out, least of all in clear. */
static void
assert_mute(struct user *u)
{
	char bytes[64];

	while (recv(u->fd, bytes, sizeof(bytes), MSG_DONTWAIT) > 0)
		;
	user_run(u, use_it);
	assert_int_equal(u->rc[0], -EPROTO);
	assert_int_equal(u->rc[1], -EPROTO);
	assert_int_equal(u->rc[2], -EINVAL);
	assert_int_equal(u->rc[3], -EPROTO);
	assert_int_equal(recv(u->fd, bytes, sizeof(bytes), MSG_DONTWAIT), -1);
}

static void
test_plain_text_peer(void **state)
{
	struct user u;

	(void)state;
	user_open(&u);
	assert_int_equal(write(u.fd, "220 mx.example\r\n", 16), 16);
	user_run(&u, start);
	assert_refused(&u, -EPROTO,
	    "TLS: wrong version number, does the peer speak TLS here?");
	assert_mute(&u);
	user_done(&u);
}

static void
test_closes_in_handshake(void **state)
{
	struct user u;
	char hello[4];

	(void)state;
	user_open(&u);
	user_start(&u, start);
	settle(&u);
	assert_int_equal(recv(u.fd, hello, 4, MSG_DONTWAIT), 4);
	assert_int_equal(shutdown(u.fd, SHUT_WR), 0);
	turn_until(u.rt, &u.is_done);
	assert_refused(&u, -ECONNRESET, "the peer closed the connection");
	user_done(&u);
}

static void
test_slow(void **state)
{
	struct user u;

	(void)state;
	user_open(&u);
	u.timeout_ms = 100;
	user_start(&u, start);
	settle(&u);
	pass_ms(u.rt, 99);
	assert_false(u.is_done);
	pass_ms(u.rt, 2);
	assert_true(u.is_done);
	assert_refused(&u, -ETIME, "Timer expired");
	assert_mute(&u);
	user_done(&u);
}

static void
test_cancelled(void **state)
{
	struct user u;

	(void)state;
	user_open(&u);
	user_start(&u, start);
	settle(&u);
	fiber_cancel(u.fiber);
	turn(u.rt);
	assert_true(u.is_done);
	assert_refused(&u, -ECANCELED, "");
	user_done(&u);
}

static void
line_then_start(struct user *u)
{
	struct slice line;

	u->rc[1] = conn_recv_line(u->conn, 0, &line);
	start(u);
}

static void
test_starttls(void **state)
{
	struct user u;

	(void)state;
	user_open(&u);
	assert_int_equal(write(u.fd, "220 go\r\n", 8), 8);
	peer_begin(&u, NULL);
	user_run(&u, line_then_start);
	assert_int_equal(u.rc[1], 1);
	assert_int_equal(u.rc[0], 0);
	user_done(&u);
	/* Somebody in between appends what the server never said. */
	user_open(&u);
	assert_int_equal(write(u.fd, "220 go\r\n250 evil\r\n", 18), 18);
	user_run(&u, line_then_start);
	assert_int_equal(u.rc[1], 1);
	assert_refused(&u, -EPROTO, "more in clear than was asked for");
	assert_mute(&u);
	user_done(&u);
}

static void
test_options(void **state)
{
	static char empty[] = "/dev/null";
	struct user u;

	(void)state;
	user_open(&u);
	u.options.name = NULL;
	user_run(&u, start);
	assert_refused(&u, -EINVAL, "no name to look for");
	assert_mute(&u);
	user_done(&u);
	user_open(&u);
	u.options.ca_file = "/nowhere/ca.pem";
	user_run(&u, start);
	assert_refused(&u, -ENOENT, "cannot read the CA file /nowhere/ca.pem");
	user_done(&u);
	user_open(&u);
	u.options.ca_file = empty;
	user_run(&u, start);
	assert_refused(&u, -EISDIR, "cannot read the CA file /dev/null");
	user_done(&u);
}

/* ---- bytes ---- */

static void
echo_lines(struct tls_peer *peer, SSL *ssl)
{
	char bytes[64];
	int n;

	(void)peer;
	while ((n = SSL_read(ssl, bytes, sizeof(bytes))) > 0)
		CHECK(SSL_write(ssl, bytes, n) == n);
	(void)SSL_shutdown(ssl);
}

static void
talk(struct user *u)
{
	struct slice line = SLICE_NONE;

	start(u);
	u->rc[0] |= conn_send(u->conn, "one\r\ntwo\r\nthr", 13, 0);
	u->rc[1] = conn_recv_line(u->conn, 0, &line);
	(void)snprintf(u->text, sizeof(u->text), "%.*s", STR(line));
	u->rc[1] += conn_recv_line(u->conn, 0, &line);
	u->rc[2] = conn_recv(u->conn, u->text + 3, 3, 0);
	u->rc[3] = conn_recv(u->conn, u->text + 6, 8, u->timeout_ms);
}

static void
test_talk(void **state)
{
	struct user u;

	(void)state;
	user_open(&u);
	u.timeout_ms = 100;
	peer_begin(&u, echo_lines);
	user_start(&u, talk);
	while (u.rc[2] == 0)
		(void)uv_run(rt_loop(u.rt), UV_RUN_ONCE);
	turn(u.rt);
	pass_ms(u.rt, 101);
	assert_true(u.is_done);
	assert_int_equal(u.rc[0], 0);
	assert_int_equal(u.rc[1], 2);
	assert_int_equal(u.rc[2], 3);
	assert_memory_equal(u.text, "onethr", 6);
	/* A call that only had no more time does no harm. */
	assert_int_equal(u.rc[3], -ETIME);
	assert_false(conn_is_idle(u.conn));
	conn_close(&u.conn);
	user_done(&u);
	assert_true(u.peer.got_notify);
}

static void
half_close(struct user *u)
{
	start(u);
	u->rc[0] |= conn_send(u->conn, "query", 5, 0);
	u->rc[0] |= conn_shutdown(u->conn);
	u->rc[0] |= conn_shutdown(u->conn);
	u->rc[1] = conn_send(u->conn, "more", 4, 0);
	u->rc[2] = conn_recv_all(u->conn, u->text, 6, 0);
	u->rc[3] = conn_recv(u->conn, u->text + 6, 1, 0);
}

static void
answer_at_end(struct tls_peer *peer, SSL *ssl)
{
	int n = 0, got;

	while ((got = SSL_read(ssl, peer->heard + n, 64 - n)) > 0)
		n += got;
	(void)SSL_write(ssl, "answer", 6);
	(void)SSL_shutdown(ssl);
}

static void
test_half_close(void **state)
{
	struct user u;

	(void)state;
	user_open(&u);
	peer_begin(&u, answer_at_end);
	user_run(&u, half_close);
	assert_int_equal(u.rc[0], 0);
	assert_int_equal(u.rc[1], -EPIPE);
	assert_int_equal(u.rc[2], 0);
	assert_string_equal(u.text, "answer");
	assert_int_equal(u.rc[3], 0);
	assert_false(conn_is_idle(u.conn));
	user_done(&u);
	assert_string_equal(u.peer.heard, "query");
	assert_true(u.peer.got_notify);
}

static void
read_to_end(struct user *u)
{
	start(u);
	u->rc[1] = conn_recv(u->conn, u->text, sizeof(u->text), 0);
	u->rc[2] = conn_recv(u->conn, u->text, sizeof(u->text), 0);
}

static void
say_and_go(struct tls_peer *peer, SSL *ssl)
{
	(void)peer;
	CHECK(SSL_write(ssl, "part", 4) == 4);
}

static void
test_cut_off(void **state)
{
	struct user u;

	(void)state;
	user_open(&u);
	peer_begin(&u, say_and_go); /* closes without a word */
	user_run(&u, read_to_end);
	assert_int_equal(u.rc[0], 0);
	assert_int_equal(u.rc[1], 4);
	assert_int_equal(u.rc[2], -ECONNRESET);
	user_done(&u);
}

static char *much;

static void
swallow_slowly(struct tls_peer *peer, SSL *ssl)
{
	size_t have = 0;
	char bytes[3000];
	int n;

	/* By now the client's socket is full. */
	(void)usleep(20000);
	while (have < MUCH && (n = SSL_read(ssl, bytes, sizeof(bytes))) > 0) {
		CHECK(memcmp(bytes, much + have, (size_t)n) == 0);
		have += (size_t)n;
	}
	for (have = 0; have < MUCH; have += (size_t)n) {
		n = SSL_write(ssl, much + have, (int)(MUCH - have));
		CHECK(n > 0);
	}
	(void)SSL_shutdown(ssl);
	(void)peer;
}

static void
send_and_get_much(struct user *u)
{
	char *got = malloc(MUCH);

	start(u);
	u->rc[1] = conn_send(u->conn, much, MUCH, 0);
	u->rc[2] = conn_recv_all(u->conn, got, MUCH, 0);
	u->rc[3] = memcmp(got, much, MUCH);
	free(got);
}

static void
test_much(void **state)
{
	struct user u;

	(void)state;
	much = malloc(MUCH);
	for (size_t i = 0; i < MUCH; i++)
		much[i] = (char)(i * 7 + i / 1000);
	user_open(&u);
	peer_begin(&u, swallow_slowly);
	user_run(&u, send_and_get_much);
	for (size_t i = 0; i < 4; i++)
		assert_int_equal(u.rc[i], 0);
	assert_true(conn_is_tls(u.conn));
	user_done(&u);
	free(much);
}

static void
send_in_vain(struct user *u)
{
	u->rc[1] = conn_send(u->conn, much, MUCH, 100);
	u->rc[2] = conn_send(u->conn, "x", 1, 0);
}

static atomic_bool may_go;

static void
read_nothing(struct tls_peer *peer, SSL *ssl)
{
	(void)peer;
	(void)ssl;
	while (!may_go)
		(void)usleep(1000);
}

static void
test_send_times(void **state)
{
	struct user u;

	(void)state;
	much = calloc(1, MUCH);
	user_open(&u);
	may_go = false;
	peer_begin(&u, read_nothing);
	user_run(&u, start);
	assert_int_equal(u.rc[0], 0);
	user_start(&u, send_in_vain);
	turn(u.rt);
	pass_ms(u.rt, 101);
	assert_true(u.is_done);
	assert_int_equal(u.rc[1], -ETIME);
	/* Half a record is out: there is no way on. */
	assert_int_equal(u.rc[2], -EPROTO);
	assert_false(conn_is_idle(u.conn));
	may_go = true;
	user_done(&u);
	free(much);
}

/* ---- kept connections ---- */

static void
say_unasked(struct tls_peer *peer, SSL *ssl)
{
	char byte;

	CHECK(SSL_read(ssl, &byte, 1) == 1);
	CHECK(SSL_write(ssl, "now", 3) == 3);
	answer_at_end(peer, ssl);
}

static void
ask(struct user *u)
{
	u->rc[0] = conn_send(u->conn, "?", 1, 0);
}

static void
test_idle(void **state)
{
	struct user u;
	struct conn_pool *pool;

	(void)state;
	user_open(&u);
	pool = conn_pool_new(u.rt, 1, 0);
	peer_begin(&u, say_unasked);
	user_run(&u, start);
	/* The server's session tickets count as nothing. */
	conn_pool_put(pool, SLICE_LIT("x"), &u.conn);
	assert_int_equal(conn_pool_idle(pool), 1);
	u.conn = conn_pool_take(pool, SLICE_LIT("x"));
	assert_non_null(u.conn);
	assert_true(conn_is_tls(u.conn));
	user_run(&u, ask);
	while (conn_is_idle(u.conn))
		(void)usleep(1000);
	conn_pool_put(pool, SLICE_LIT("x"), &u.conn);
	assert_int_equal(conn_pool_idle(pool), 0);
	conn_pool_free(&pool);
	user_done(&u);
}

static void
say_goodbye(struct tls_peer *peer, SSL *ssl)
{
	(void)SSL_shutdown(ssl);
	answer_at_end(peer, ssl);
}

static void
test_idle_ended(void **state)
{
	struct user u;

	(void)state;
	user_open(&u);
	peer_begin(&u, say_goodbye);
	user_run(&u, start);
	assert_int_equal(u.rc[0], 0);
	while (conn_is_idle(u.conn))
		(void)usleep(1000);
	assert_false(conn_is_idle(u.conn));
	user_done(&u);
}

/* ---- dialling ---- */

static void
dial(struct user *u)
{
	struct dial_options options = { .trust = u->trust };

	u->rc[0] = conn_dial(
	    u->rt, slice_of(u->where), 0, &options, &u->conn, &u->err);
	if (u->rc[0] == 0)
		u->rc[1] = conn_send(u->conn, "hello", 5, 0);
}

static void
test_dial(void **state)
{
	struct user u;
	char where[64];
	uint16_t port;
	int listening = test_listen("127.0.0.1:0", &port);

	(void)state;
	assert_int_equal(setenv("SSL_CERT_FILE", tls_peer_ca, 1), 0);
	(void)snprintf(where, sizeof(where), "tls:127.0.0.1:%u", port);
	user_open(&u);
	conn_close(&u.conn);
	assert_int_equal(close(u.fd), 0);
	u.where = where;
	user_start(&u, dial);
	u.fd = accept4(listening, NULL, NULL, SOCK_CLOEXEC);
	assert_true(u.fd >= 0);
	peer_begin(&u, answer_at_end);
	turn_until(u.rt, &u.is_done);
	if (u.rc[0] < 0)
		fail_msg("%s", u.err.text);
	assert_true(conn_is_tls(u.conn));
	conn_close(&u.conn);
	tls_peer_join(&u.peer);
	assert_string_equal(u.peer.heard, "hello");
	/* The same, with a peer of whom nobody knows who it is. */
	u.peer.cert = PEER_SELF_SIGNED;
	user_start(&u, dial);
	u.fd = accept4(listening, NULL, NULL, SOCK_CLOEXEC);
	peer_begin(&u, NULL);
	turn_until(u.rt, &u.is_done);
	assert_null(u.conn);
	assert_int_equal(u.rc[0], -EKEYREJECTED);
	assert_non_null(strstr(u.err.text, "cannot connect to tls:127.0.0.1:"));
	assert_non_null(
	    strstr(u.err.text, ": certificate verify failed: self-signed"));
	user_done(&u);
	assert_int_equal(unsetenv("SSL_CERT_FILE"), 0);
	assert_int_equal(close(listening), 0);
}

/* ---- authorities ---- */

static void
copy(const char *from, const char *to)
{
	char bytes[2048];
	FILE *in = fopen(from, "r"), *out = fopen(to, "w");
	size_t n = fread(bytes, 1, sizeof(bytes), in);

	assert_true(n > 0 && n < sizeof(bytes));
	assert_int_equal(fwrite(bytes, 1, n, out), n);
	assert_int_equal(fclose(in), 0);
	assert_int_equal(fclose(out), 0);
}

static SSL_CTX *got[3];

static void
get_contexts(struct user *u)
{
	u->rc[0] = tls_trust_get(u->trust, u->where, &got[0], &u->err);
	u->rc[1] = tls_trust_get(u->trust, u->where, &got[1], &u->err);
	if (u->where == NULL)
		return;
	copy(tls_peer_other, u->where);
	u->rc[2] = tls_trust_get(u->trust, u->where, &got[2], &u->err);
	u->rc[3] = truncate(u->where, 0);
	u->rc[3] |= tls_trust_get(u->trust, u->where, &got[2], &u->err);
}

static void
test_trust_changes(void **state)
{
	struct user u;
	char path[80];

	(void)state;
	user_open(&u);
	(void)snprintf(path, sizeof(path), "%s.copy", tls_peer_ca);
	copy(tls_peer_ca, path);
	u.where = path;
	user_run(&u, get_contexts);
	for (size_t i = 0; i < 3; i++)
		assert_int_equal(u.rc[i], 0);
	assert_ptr_equal(got[0], got[1]);
	assert_ptr_not_equal(got[0], got[2]);
	assert_int_equal(u.rc[3], -EINVAL);
	assert_non_null(strstr(u.err.text, "no certificate can be read from"));
	for (size_t i = 0; i < 3; i++)
		SSL_CTX_free(got[i]);
	assert_int_equal(unlink(path), 0);
	u.where = NULL;
	user_run(&u, get_contexts);
	assert_ptr_equal(got[0], got[1]);
	SSL_CTX_free(got[0]);
	SSL_CTX_free(got[1]);
	user_done(&u);
}

/* One file more than are kept; the first of them is used in between. */
static void
get_many(struct user *u)
{
	SSL_CTX *first[TLS_TRUST_FILES_MAX + 1], *again;
	char path[100];
	bool is_kept;

	for (size_t i = 0; i < ARRAY_SIZE(first); i++) {
		(void)snprintf(path, sizeof(path), "%s.%zu", u->where, i);
		copy(tls_peer_ca, path);
		u->rc[0] |= tls_trust_get(u->trust, path, &first[i], &u->err);
		(void)snprintf(path, sizeof(path), "%s.0", u->where);
		u->rc[0] |= tls_trust_get(u->trust, path, &again, &u->err);
		SSL_CTX_free(again);
	}
	/* The last looked at is the second, which then takes the place of
	 * the third. */
	for (size_t i = ARRAY_SIZE(first); i-- > 0;) {
		if (i == 1)
			continue;
		(void)snprintf(path, sizeof(path), "%s.%zu", u->where, i);
		u->rc[0] |= tls_trust_get(u->trust, path, &again, &u->err);
		u->rc[1] += again != first[i];
		SSL_CTX_free(again);
	}
	(void)snprintf(path, sizeof(path), "%s.1", u->where);
	u->rc[0] |= tls_trust_get(u->trust, path, &again, &u->err);
	is_kept = again == first[1];
	SSL_CTX_free(again);
	u->rc[2] = is_kept;
	for (size_t i = 0; i < ARRAY_SIZE(first); i++) {
		(void)snprintf(path, sizeof(path), "%s.%zu", u->where, i);
		u->rc[3] |= unlink(path);
		SSL_CTX_free(first[i]);
	}
}

static void
test_trust_of_many(void **state)
{
	struct user u;
	char path[80];

	(void)state;
	user_open(&u);
	(void)snprintf(path, sizeof(path), "%s.many", tls_peer_ca);
	u.where = path;
	user_run(&u, get_many);
	assert_int_equal(u.rc[0], 0);
	assert_int_equal(u.rc[1], 0); /* read anew, though used lately */
	assert_int_equal(u.rc[2], 0); /* the one that was not */
	assert_int_equal(u.rc[3], 0);
	user_done(&u);
}

static int
group_setup(void **state)
{
	(void)state;
	tls_peer_setup();
	return 0;
}

static int
group_teardown(void **state)
{
	(void)state;
	tls_peer_teardown();
	return 0;
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_good),
		cmocka_unit_test(test_verify),
		cmocka_unit_test(test_versions),
		cmocka_unit_test(test_plain_text_peer),
		cmocka_unit_test(test_closes_in_handshake),
		cmocka_unit_test(test_slow),
		cmocka_unit_test(test_cancelled),
		cmocka_unit_test(test_starttls),
		cmocka_unit_test(test_options),
		cmocka_unit_test(test_talk),
		cmocka_unit_test(test_half_close),
		cmocka_unit_test(test_cut_off),
		cmocka_unit_test(test_much),
		cmocka_unit_test(test_send_times),
		cmocka_unit_test(test_idle),
		cmocka_unit_test(test_idle_ended),
		cmocka_unit_test(test_dial),
		cmocka_unit_test(test_trust_changes),
		cmocka_unit_test(test_trust_of_many),
	};

	return cmocka_run_group_tests(tests, group_setup, group_teardown);
}
