/* SPDX-License-Identifier: MIT */
/* test_stream_tls.c - TLS on a connection, from the handshake to the close.
 *
 * The server's end is a stream on the loop; the client is OpenSSL in memory,
 * carried to the socket and back between turns of the loop.
 */
#include "net_test.h"

#include <netinet/tcp.h>
#include <poll.h>
#include <string.h>

#include "base/buf.h"
#include "net/stream.h"
#include "net/tls_ctx.h"
#include "tls_client.h"

#define SHAKE_MS 5000

static struct pki_cert mx;
static struct tls_ctx *ctx;

static int
set_up(void **state)
{
	(void)state;
	mx = pki_make("mx.example", &(struct pki_options){ 0 });
	ctx = pki_context("", &mx, NULL);
	return 0;
}

static int
tear_down(void **state)
{
	(void)state;
	tls_ctx_unref(&ctx);
	pki_done(&mx);
	return 0;
}

enum action {
	NOTHING,
	PAUSE_ON_DATA,
	CLOSE_ON_SECURE,
	CLOSE_ON_DATA,
	LINGER_ON_DATA,
	LINGER_ON_FAILURE,
	ANSWER_ON_FAILURE,
};

struct server {
	struct rt *rt;
	struct stream *stream;
	int fd; /* the client's end */
	struct tls_client client;
	enum action action;
	struct buf got;
	size_t most;
	unsigned datas, secures, failures, eofs, gones;
	char reason[128];
	int err;
	bool is_clear, is_closed, client_eof, client_reset;
};

static void
on_data(void *owner, const char *p, size_t n)
{
	struct server *s = owner;

	s->datas++;
	buf_add(&s->got, p, n);
	if (n > s->most)
		s->most = n;
	if (s->action == PAUSE_ON_DATA)
		stream_pause(s->stream);
	if (s->action == CLOSE_ON_DATA)
		stream_close(s->stream);
	if (s->action == LINGER_ON_DATA) {
		assert_int_equal(stream_write(s->stream, "221 bye\r\n", 9), 0);
		stream_linger_close(s->stream);
	}
}

static void
on_eof(void *owner)
{
	((struct server *)owner)->eofs++;
}

static void
on_gone(void *owner, int err)
{
	struct server *s = owner;

	s->gones++;
	s->err = err;
}

static void
on_closed(void *owner)
{
	((struct server *)owner)->is_closed = true;
}

static void
on_secure(void *owner)
{
	struct server *s = owner;

	s->secures++;
	if (s->action == CLOSE_ON_SECURE)
		stream_close(s->stream);
}

static void
on_tls_failed(void *owner, const struct stream_tls_failure *failure)
{
	struct server *s = owner;

	s->failures++;
	s->err = failure->err;
	s->is_clear = failure->is_clear;
	(void)snprintf(s->reason, sizeof(s->reason), "%s", failure->reason);
	if (s->action == ANSWER_ON_FAILURE)
		assert_int_equal(stream_write(s->stream, "501 no\r\n", 8), 0);
	if (s->action >= LINGER_ON_FAILURE)
		stream_linger_close(s->stream);
}

static const struct stream_events events = {
	.on_data = on_data,
	.on_eof = on_eof,
	.on_gone = on_gone,
	.on_closed = on_closed,
	.on_secure = on_secure,
	.on_tls_failed = on_tls_failed,
};

static void
server_open(struct server *s, int version, enum action action)
{
	int fds[2], yes = 1;

	*s = (struct server){ .rt = test_rt(0), .action = action };
	test_tcp_pair(fds);
	s->fd = fds[1];
	assert_int_equal(fcntl(s->fd, F_SETFL, O_NONBLOCK), 0);
	assert_int_equal(
	    setsockopt(s->fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof(yes)), 0);
	assert_int_equal(stream_open(s->rt, fds[0], &events, s, &s->stream), 0);
	s->client = tls_client_new(version, "mx.example", NULL);
}

static void
start_tls(struct server *s, const char *early)
{
	assert_int_equal(
	    stream_start_tls(s->stream, ctx, slice_of(early), SHAKE_MS), 0);
	assert_int_equal(s->secures + s->failures, 0); /* no call back */
}

static void
server_done(struct server *s)
{
	if (!s->is_closed)
		stream_close(s->stream);
	turn_until(s->rt, &s->is_closed);
	turn(s->rt);
	if (s->fd >= 0)
		assert_int_equal(close(s->fd), 0);
	tls_client_done(&s->client);
	buf_done(&s->got);
	test_rt_done(&s->rt);
}

static void
client_send_raw(struct server *s, const char *p, size_t n)
{
	assert_int_equal(send(s->fd, p, n, MSG_NOSIGNAL), (ssize_t)n);
}

/* What the client wants to send goes out, in pieces. */
static void
client_flush(struct server *s, size_t piece)
{
	struct slice out = tls_client_out(&s->client);

	for (size_t at = 0; at < out.n; at += piece) {
		size_t n = out.n - at < piece ? out.n - at : piece;

		client_send_raw(s, out.p + at, n);
		if (piece < out.n)
			turn(s->rt);
	}
	tls_client_sent(&s->client);
}

/* What the server has sent reaches the client. */
static void
client_fill(struct server *s)
{
	static char bytes[4096];
	ssize_t n;

	while ((n = recv(s->fd, bytes, sizeof(bytes), 0)) > 0)
		assert_int_equal(BIO_write(s->client.in, bytes, (int)n), n);
	s->client_eof |= n == 0;
	s->client_reset |= n < 0 && errno == ECONNRESET;
}

/* One turn of everything. */
static void
pump(struct server *s)
{
	(void)uv_run(rt_loop(s->rt), UV_RUN_NOWAIT);
	client_fill(s);
}

static void
pump_for(struct server *s, unsigned ms)
{
	for (unsigned i = 0; i < ms; i++) {
		pump(s);
		(void)poll(NULL, 0, 1);
	}
}

/* The `i`-th time in a row: what comes through the kernel may take its time. */
static void
pump_patiently(struct server *s, int i)
{
	pump(s);
	if (i >= 100)
		(void)poll(NULL, 0, 1);
}

static void
shake(struct server *s, size_t piece)
{
	bool done = false;

	for (int i = 0;
	     i < 2000 && !(done && s->secures > 0) && s->failures == 0; i++) {
		done = tls_client_shake(&s->client);
		client_flush(s, piece);
		pump_patiently(s, i);
	}
	if (s->failures > 0)
		return;
	assert_true(done);
	assert_int_equal(s->secures, 1);
}

static void
client_says(struct server *s, const char *text)
{
	assert_int_equal(
	    SSL_write(s->client.ssl, text, (int)strlen(text)), strlen(text));
}

static void
wait_for_data(struct server *s, size_t n)
{
	for (int i = 0; i < 5000 && s->got.n < n; i++) {
		pump(s);
		if (s->got.n < n)
			(void)poll(NULL, 0, 1);
	}
	assert_int_equal(s->got.n, n);
}

static void
client_expects(struct server *s, const char *text)
{
	char got[256];
	int n = 0;

	for (int i = 0; i < 5000 && n == 0; i++) {
		pump_patiently(s, i);
		n = tls_client_read(&s->client, got, sizeof(got));
	}
	assert_int_equal(n, strlen(text));
	assert_memory_equal(got, text, (size_t)n);
}

/* ---- the usual ----------------------------------------------------------- */

static void
converse(int version, size_t piece)
{
	struct server s;

	server_open(&s, version, NOTHING);
	assert_null(stream_ssl(s.stream));
	start_tls(&s, "");
	assert_non_null(stream_ssl(s.stream));
	shake(&s, piece);
	assert_int_equal(s.failures, 0);
	client_says(&s, "EHLO a\r\n");
	client_flush(&s, piece);
	wait_for_data(&s, 8);
	assert_memory_equal(s.got.p, "EHLO a\r\n", 8);
	assert_int_equal(stream_write(s.stream, "250 ok\r\n", 8), 0);
	client_expects(&s, "250 ok\r\n");

	/* Half closed: what is said then still arrives, and our end comes
	 * with a close_notify. */
	(void)SSL_shutdown(s.client.ssl);
	client_flush(&s, piece);
	for (int i = 0; i < 5000 && s.eofs == 0; i++)
		pump_patiently(&s, i);
	assert_int_equal(s.eofs, 1);
	assert_int_equal(stream_write(s.stream, "221 bye\r\n", 9), 0);
	stream_linger_close(s.stream);
	client_expects(&s, "221 bye\r\n");
	pump_for(&s, 5);
	assert_int_equal(tls_client_read(&s.client, (char[8]){ 0 }, 8),
	    -SSL_ERROR_ZERO_RETURN);
	assert_true(s.client_eof);
	assert_int_equal(s.eofs, 1);
	assert_int_equal(s.failures + s.gones, 0);
	server_done(&s);
}

static void
test_conversation(void **state)
{
	(void)state;
	converse(TLS1_2_VERSION, 100000);
	converse(TLS1_3_VERSION, 100000);
}

static void
test_one_byte_at_a_time(void **state)
{
	(void)state;
	converse(TLS1_3_VERSION, 1);
}

/* STARTTLS: what was written before goes out in clear. */
static void
test_after_text(void **state)
{
	struct server s;
	char text[64] = "";

	(void)state;
	server_open(&s, TLS1_3_VERSION, NOTHING);
	client_send_raw(&s, "STARTTLS\r\n", 10);
	wait_for_data(&s, 10);
	assert_int_equal(stream_write(s.stream, "220 go\r\n", 8), 0);
	start_tls(&s, "");
	(void)poll(&(struct pollfd){ .fd = s.fd, .events = POLLIN }, 1, 1000);
	assert_int_equal(recv(s.fd, text, sizeof(text), 0), 8);
	assert_string_equal(text, "220 go\r\n");
	/* In between nothing can be said. */
	assert_int_equal(stream_write(s.stream, "421\r\n", 5), -EAGAIN);
	stream_pause(s.stream); /* of no effect */
	shake(&s, 100000);
	client_says(&s, "EHLO a\r\n");
	client_flush(&s, 100000);
	wait_for_data(&s, 18);
	server_done(&s);
}

/* The owner had read the beginning of the ClientHello already. */
static void
test_early_bytes(void **state)
{
	struct server s;

	(void)state;
	server_open(&s, TLS1_3_VERSION, NOTHING);
	(void)tls_client_shake(&s.client);
	client_flush(&s, 100000);
	for (int i = 0; i < 5000 && s.got.n == 0; i++)
		pump_patiently(&s, i);
	assert_true(s.got.n > 100);
	assert_int_equal(
	    stream_start_tls(s.stream, ctx, buf_slice(&s.got), SHAKE_MS), 0);
	assert_true(stream_memory(s.stream) > s.got.n);
	buf_clear(&s.got);
	shake(&s, 100000);
	client_says(&s, "NOOP\r\n");
	client_flush(&s, 100000);
	wait_for_data(&s, 6);
	server_done(&s);
}

/* The first command comes in one segment with the client's Finished. */
static void
test_data_with_finished(void **state)
{
	struct server s;

	(void)state;
	server_open(&s, TLS1_3_VERSION, NOTHING);
	start_tls(&s, "");
	for (int i = 0; i < 2000 && !tls_client_shake(&s.client); i++) {
		client_flush(&s, 100000);
		pump_patiently(&s, i);
	}
	client_says(&s, "EHLO a\r\n");
	client_flush(&s, 100000);
	wait_for_data(&s, 8);
	assert_int_equal(s.secures, 1);
	server_done(&s);
}

/* Much, both ways, with a client that reads late. */
static void
test_much(void **state)
{
	struct server s;
	size_t much = 16u << 20, got = 0;
	char *bytes = mem_alloc(much);
	int n = 1;

	(void)state;
	memset(bytes, 'x', much);
	server_open(&s, TLS1_3_VERSION, NOTHING);
	start_tls(&s, "");
	shake(&s, 100000);
	for (int i = 0; i < 20; i++) {
		assert_int_equal(SSL_write(s.client.ssl, bytes, 50000), 50000);
		client_flush(&s, 60000);
		pump(&s);
	}
	wait_for_data(&s, 20 * 50000);
	assert_in_range(s.most, 1, STREAM_READ_MAX + 16384);
	assert_int_equal(stream_write(s.stream, bytes, much), 0);
	/* The kernel did not take it all; it is counted with what TLS adds. */
	assert_true(stream_queued(s.stream) > 0);
	assert_true(stream_memory(s.stream) > stream_queued(s.stream));
	for (int i = 0; i < 100000 && got < much; i++) {
		static char text[16384];

		pump_patiently(&s, i);
		while ((n = tls_client_read(&s.client, text, sizeof(text))) > 0)
			got += (size_t)n;
		assert_true(n == 0);
	}
	assert_int_equal(got, much);
	assert_int_equal(stream_queued(s.stream), 0);
	mem_free(bytes);
	server_done(&s);
}

/* A paused stream reads no more than one record beyond; it goes on where it
 * stopped. */
static void
test_pause(void **state)
{
	struct server s;
	static char line[1000];
	size_t sent = 0;

	(void)state;
	memset(line, 'y', sizeof(line));
	server_open(&s, TLS1_3_VERSION, PAUSE_ON_DATA);
	start_tls(&s, "");
	shake(&s, 100000);
	for (int i = 0; i < 50; i++) {
		assert_int_equal(
		    SSL_write(s.client.ssl, line, sizeof(line)), sizeof(line));
		sent += sizeof(line);
		client_flush(&s, 100000);
	}
	pump_for(&s, 20);
	assert_in_range(s.got.n, 1, sent);
	assert_int_equal(s.datas, 1);
	s.action = NOTHING;
	stream_resume(s.stream);
	wait_for_data(&s, sent);

	/* A record that is larger than what is wanted comes nevertheless. */
	buf_clear(&s.got);
	stream_want(s.stream, 10);
	assert_int_equal(SSL_write(s.client.ssl, line, sizeof(line)), 1000);
	client_flush(&s, 100000);
	wait_for_data(&s, 1000);
	assert_int_equal(SSL_write(s.client.ssl, line, sizeof(line)), 1000);
	client_flush(&s, 100000);
	pump_for(&s, 20);
	assert_int_equal(s.got.n, 1000); /* that was all it wanted */
	stream_resume(s.stream);
	wait_for_data(&s, 2000);
	server_done(&s);
}

static void
test_memory_at_rest(void **state)
{
	struct server s;

	(void)state;
	server_open(&s, TLS1_3_VERSION, NOTHING);
	start_tls(&s, "");
	shake(&s, 100000);
	client_says(&s, "EHLO a\r\n");
	client_flush(&s, 100000);
	wait_for_data(&s, 8);
	/* The struct, what is ours of TLS, and OpenSSL's. */
	assert_in_range(stream_memory(s.stream), 14 * 1024,
	    14 * 1024 + sizeof(uv_tcp_t) + 384);
	server_done(&s);
}

/* ---- closing in callbacks ------------------------------------------------ */

static void
test_close_in_callbacks(void **state)
{
	static const enum action actions[] = { CLOSE_ON_SECURE, CLOSE_ON_DATA,
		LINGER_ON_DATA };
	struct server s;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(actions); i++) {
		server_open(&s, TLS1_3_VERSION, actions[i]);
		start_tls(&s, "");
		for (int n = 0; n < 2000 && !tls_client_shake(&s.client); n++) {
			client_flush(&s, 100000);
			pump(&s);
		}
		client_says(&s, "QUIT\r\n");
		client_flush(&s, 100000);
		pump_for(&s, 10);
		if (actions[i] == LINGER_ON_DATA) {
			client_expects(&s, "221 bye\r\n");
			assert_int_equal(
			    tls_client_read(&s.client, (char[8]){ 0 }, 8),
			    -SSL_ERROR_ZERO_RETURN);
		}
		assert_int_equal(s.secures, 1);
		assert_int_equal(s.datas, actions[i] != CLOSE_ON_SECURE);
		assert_int_equal(s.failures, 0);
		server_done(&s);
	}
}

/* In every state of the handshake; valgrind and the sanitizers look. */
static void
test_close_during_handshake(void **state)
{
	struct server s;

	(void)state;
	for (int step = 0; step < 4; step++) {
		server_open(&s, TLS1_3_VERSION, NOTHING);
		start_tls(&s, step == 1 ? "\x16" : "");
		if (step >= 2) {
			(void)tls_client_shake(&s.client);
			client_flush(&s, 100000);
			pump(&s);
		}
		if (step == 3)
			stream_linger_close(s.stream);
		else
			stream_close(s.stream);
		assert_int_equal(stream_write(s.stream, "x", 1), -ECANCELED);
		server_done(&s);
		assert_int_equal(s.failures + s.secures, 0);
	}
}

/* ---- failures ------------------------------------------------------------ */

static void
wait_for_failure(struct server *s)
{
	for (int i = 0; i < 7000 && s->failures == 0; i++) {
		pump(s);
		(void)poll(NULL, 0, 1);
	}
	assert_int_equal(s->failures, 1);
	assert_int_equal(s->secures + s->gones + s->eofs, 0);
}

static void
test_text_client(void **state)
{
	struct server s;
	char *p = NULL;
	long n;

	(void)state;
	server_open(&s, TLS1_3_VERSION, ANSWER_ON_FAILURE);
	start_tls(&s, "");
	client_send_raw(&s, "EHLO a\r\nMAIL FROM:<>\r\n", 22);
	wait_for_failure(&s);
	assert_int_equal(s.err, -EPROTO);
	assert_true(s.is_clear);
	pump_for(&s, 5);
	n = BIO_get_mem_data(s.client.in, &p);
	assert_int_equal(n, 8);
	assert_memory_equal(p, "501 no\r\n", 8);
	assert_int_equal(s.datas, 0);
	server_done(&s);
}

/* The same by bytes that came before TLS began. */
static void
test_early_text(void **state)
{
	struct server s;

	(void)state;
	server_open(&s, TLS1_3_VERSION, ANSWER_ON_FAILURE);
	start_tls(&s, "EHLO a\r\n");
	wait_for_failure(&s);
	assert_true(s.is_clear);
	server_done(&s);
}

static void
test_garbage(void **state)
{
	struct server s;

	(void)state;
	server_open(&s, TLS1_3_VERSION, LINGER_ON_FAILURE);
	start_tls(&s, "");
	client_send_raw(&s, "\x16\x03\x01\x00\x05hello", 10);
	wait_for_failure(&s);
	assert_false(s.is_clear);
	assert_int_equal(s.err, -EPROTO);
	assert_string_not_equal(s.reason, "");
	(void)tls_client_shake(&s.client);
	pump_for(&s, 5);
	/* The alert has come, and no reset. */
	assert_false(tls_client_shake(&s.client));
	assert_true(s.client_eof);
	assert_false(s.client_reset);
	server_done(&s);
}

/* Without a lingering close the owner may still ask for things. */
static void
test_after_failure(void **state)
{
	struct server s;

	(void)state;
	server_open(&s, TLS1_3_VERSION, NOTHING);
	start_tls(&s, "");
	client_send_raw(&s, "\x16\x03\x01\x00\x05hello", 10);
	wait_for_failure(&s);
	assert_int_equal(stream_write(s.stream, "x", 1), -EPROTO);
	assert_non_null(stream_ssl(s.stream));
	client_send_raw(&s, "more", 4);
	assert_int_equal(shutdown(s.fd, SHUT_WR), 0);
	pump_for(&s, 10);
	assert_int_equal(s.failures, 1);
	assert_int_equal(s.eofs + s.datas + s.gones, 0);
	server_done(&s);
}

static void
test_hang_up_during_handshake(void **state)
{
	struct server s;

	(void)state;
	server_open(&s, TLS1_3_VERSION, LINGER_ON_FAILURE);
	start_tls(&s, "");
	(void)tls_client_shake(&s.client);
	client_flush(&s, 100000);
	pump(&s);
	assert_int_equal(shutdown(s.fd, SHUT_WR), 0);
	wait_for_failure(&s);
	assert_int_equal(s.err, -ECONNRESET);
	assert_false(s.is_clear);
	server_done(&s);

	/* By a reset. */
	server_open(&s, TLS1_3_VERSION, LINGER_ON_FAILURE);
	start_tls(&s, "");
	test_reset_on_close(s.fd);
	assert_int_equal(close(s.fd), 0);
	for (int i = 0; i < 5000 && s.failures == 0; i++)
		(void)uv_run(rt_loop(s.rt), UV_RUN_NOWAIT);
	s.fd = -1;
	assert_int_equal(s.failures, 1);
	assert_int_equal(s.gones, 0);
	assert_int_equal(s.err, -ECONNRESET);
	server_done(&s);

	/* Before it began. */
	server_open(&s, TLS1_3_VERSION, NOTHING);
	assert_int_equal(shutdown(s.fd, SHUT_WR), 0);
	for (int i = 0; i < 5000 && s.eofs == 0; i++)
		pump_patiently(&s, i);
	start_tls(&s, "");
	s.eofs = 0;
	wait_for_failure(&s);
	server_done(&s);
}

static void
test_deadline(void **state)
{
	struct server s;

	(void)state;
	server_open(&s, TLS1_3_VERSION, ANSWER_ON_FAILURE);
	start_tls(&s, "");
	pass_ms(s.rt, SHAKE_MS - 1);
	assert_int_equal(s.failures, 0);
	pass_ms(s.rt, 1);
	assert_int_equal(s.failures, 1);
	assert_int_equal(s.err, -ETIMEDOUT);
	assert_true(s.is_clear); /* not one byte came */
	server_done(&s);

	/* Bytes do not move it. */
	server_open(&s, TLS1_3_VERSION, LINGER_ON_FAILURE);
	start_tls(&s, "\x16");
	pump(&s);
	pass_ms(s.rt, SHAKE_MS - 1);
	client_send_raw(&s, "\x03", 1);
	pump(&s);
	assert_int_equal(s.failures, 0);
	pass_ms(s.rt, 1);
	assert_int_equal(s.failures, 1);
	assert_int_equal(s.err, -ETIMEDOUT);
	assert_false(s.is_clear);
	server_done(&s);

	/* A handshake that is done has none. */
	server_open(&s, TLS1_3_VERSION, NOTHING);
	start_tls(&s, "");
	shake(&s, 100000);
	pass_ms(s.rt, 10 * SHAKE_MS);
	assert_int_equal(s.failures, 0);
	server_done(&s);
}

static void
test_bad_record_later(void **state)
{
	struct server s;
	struct slice out;

	(void)state;
	server_open(&s, TLS1_3_VERSION, LINGER_ON_FAILURE);
	start_tls(&s, "");
	shake(&s, 100000);
	client_says(&s, "NOOP\r\n");
	client_flush(&s, 100000);
	wait_for_data(&s, 6);
	client_says(&s, "QUIT\r\n");
	out = tls_client_out(&s.client);
	((char *)(uintptr_t)out.p)[out.n - 1] ^= 1;
	client_flush(&s, 100000);
	for (int i = 0; i < 5000 && s.failures == 0; i++)
		pump_patiently(&s, i);
	assert_int_equal(s.failures, 1);
	assert_false(s.is_clear);
	assert_int_equal(s.got.n, 6);
	pump_for(&s, 5);
	assert_int_equal(
	    tls_client_read(&s.client, (char[8]){ 0 }, 8), -SSL_ERROR_SSL);
	assert_false(s.client_reset);
	server_done(&s);
}

/* A TCP end without close_notify: no more than an end of file. */
static void
test_no_close_notify(void **state)
{
	struct server s;

	(void)state;
	server_open(&s, TLS1_3_VERSION, NOTHING);
	start_tls(&s, "");
	shake(&s, 100000);
	client_says(&s, "QUIT\r\n");
	client_flush(&s, 100000);
	assert_int_equal(shutdown(s.fd, SHUT_WR), 0);
	for (int i = 0; i < 5000 && s.eofs == 0; i++)
		pump_patiently(&s, i);
	assert_int_equal(s.got.n, 6);
	assert_int_equal(s.eofs, 1);
	assert_int_equal(s.failures + s.gones, 0);
	assert_int_equal(stream_write(s.stream, "221 bye\r\n", 9), 0);
	client_expects(&s, "221 bye\r\n");
	server_done(&s);
}

static void
test_has_unread(void **state)
{
	struct server s;

	(void)state;
	server_open(&s, TLS1_3_VERSION, NOTHING);
	assert_false(stream_has_unread(s.stream));
	client_send_raw(&s, "x", 1);
	(void)poll(
	    &(struct pollfd){ .fd = stream_fd(s.stream), .events = POLLIN }, 1,
	    1000);
	assert_true(stream_has_unread(s.stream));
	wait_for_data(&s, 1);
	assert_false(stream_has_unread(s.stream));
	server_done(&s);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_conversation),
		cmocka_unit_test(test_one_byte_at_a_time),
		cmocka_unit_test(test_after_text),
		cmocka_unit_test(test_early_bytes),
		cmocka_unit_test(test_data_with_finished),
		cmocka_unit_test(test_much),
		cmocka_unit_test(test_pause),
		cmocka_unit_test(test_memory_at_rest),
		cmocka_unit_test(test_close_in_callbacks),
		cmocka_unit_test(test_close_during_handshake),
		cmocka_unit_test(test_text_client),
		cmocka_unit_test(test_early_text),
		cmocka_unit_test(test_garbage),
		cmocka_unit_test(test_after_failure),
		cmocka_unit_test(test_hang_up_during_handshake),
		cmocka_unit_test(test_deadline),
		cmocka_unit_test(test_bad_record_later),
		cmocka_unit_test(test_no_close_notify),
		cmocka_unit_test(test_has_unread),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
