/* SPDX-License-Identifier: MIT */
/* test_stream.c - a connection to a client, over TCP and Unix sockets.
 *
 * The client is the test itself, with plain calls between turns of the loop.
 */
#include "net_test.h"

#include <poll.h>
#include <stdlib.h>

#include "net/stream.h"

/* More than the buffers of both ends of a socket take. */
#define MUCH ((size_t)16 << 20)

enum action {
	NOTHING,
	CLOSE_ON_DATA,
	LINGER_ON_DATA,
	PAUSE_ON_DATA,
	CLOSE_ON_EOF,
};

struct server {
	struct rt *rt;
	struct stream *stream;
	int client;
	enum action action;
	size_t got, most;
	char text[64];
	unsigned datas, eofs, gones, closes;
	int err, drain_rc;
	uint64_t drain_ms;
	bool has_data, has_eof, is_gone, is_closed, is_drained;
};

static void
on_data(void *owner, const char *p, size_t n)
{
	struct server *s = owner;

	if (s->got < sizeof(s->text) - 1) {
		size_t room = sizeof(s->text) - 1 - s->got;

		memcpy(s->text + s->got, p, n < room ? n : room);
	}
	s->got += n;
	if (n > s->most)
		s->most = n;
	s->datas++;
	s->has_data = true;
	if (s->action == CLOSE_ON_DATA)
		stream_close(s->stream);
	if (s->action == LINGER_ON_DATA) {
		s->err = stream_write(s->stream, "221 bye\r\n", 9);
		stream_linger_close(s->stream);
	}
	if (s->action == PAUSE_ON_DATA)
		stream_pause(s->stream);
}

static void
on_eof(void *owner)
{
	struct server *s = owner;

	s->eofs++;
	s->has_eof = true;
	if (s->action == CLOSE_ON_EOF)
		stream_close(s->stream);
}

static void
on_gone(void *owner, int err)
{
	struct server *s = owner;

	s->gones++;
	s->err = err;
	s->is_gone = true;
}

static void
on_closed(void *owner)
{
	struct server *s = owner;

	s->closes++;
	s->is_closed = true;
}

static const struct stream_events events = {
	.on_data = on_data,
	.on_eof = on_eof,
	.on_gone = on_gone,
	.on_closed = on_closed,
};

static void
server_open(struct server *s, void (*pair)(int[2]), enum action action)
{
	int fds[2];

	memset(s, 0, sizeof(*s));
	s->rt = test_rt(0);
	s->action = action;
	pair(fds);
	s->client = fds[1];
	assert_int_equal(stream_open(s->rt, fds[0], &events, s, &s->stream), 0);
	assert_int_equal(stream_fd(s->stream), fds[0]);
}

static void
server_done(struct server *s)
{
	if (!s->is_closed)
		stream_close(s->stream);
	turn_until(s->rt, &s->is_closed);
	turn(s->rt);
	assert_int_equal(s->closes, 1);
	if (s->client >= 0)
		assert_int_equal(close(s->client), 0);
	test_rt_done(&s->rt);
}

static void
client_send(struct server *s, const char *text)
{
	ssize_t n = (ssize_t)strlen(text);

	assert_int_equal(send(s->client, text, (size_t)n, MSG_NOSIGNAL), n);
}

/* Reads to the end of file or an error: returns 0 or -errno. */
static int
client_drain(struct server *s, char *text, size_t size)
{
	size_t have = 0;
	ssize_t n;

	while ((n = recv(s->client, text + have, size - 1 - have, 0)) > 0)
		have += (size_t)n;
	text[have] = '\0';
	return n == 0 ? 0 : -errno;
}

static void
test_echo(void (*pair)(int[2]))
{
	struct server s;
	char text[64];

	server_open(&s, pair, NOTHING);
	client_send(&s, "EHLO a\r\n");
	turn_until(s.rt, &s.has_data);
	assert_string_equal(s.text, "EHLO a\r\n");
	assert_int_equal(s.datas, 1);
	assert_int_equal(stream_write(s.stream, "250 ok\r\n", 8), 0);
	assert_int_equal(stream_queued(s.stream), 0);
	assert_int_equal(recv(s.client, text, sizeof(text), 0), 8);

	/* End of file is not disconnection. */
	assert_int_equal(shutdown(s.client, SHUT_WR), 0);
	turn_until(s.rt, &s.has_eof);
	assert_int_equal(s.gones, 0);
	assert_int_equal(stream_write(s.stream, "221 bye\r\n", 9), 0);
	stream_linger_close(s.stream);
	turn(s.rt);
	/* Without waiting for anything: the client has nothing to say. */
	assert_true(s.is_closed);
	assert_int_equal(client_drain(&s, text, sizeof(text)), 0);
	assert_string_equal(text, "221 bye\r\n");
	assert_int_equal(s.eofs, 1);
	server_done(&s);
}

static void
test_echo_tcp(void **state)
{
	(void)state;
	test_echo(test_tcp_pair);
}

static void
test_echo_unix(void **state)
{
	(void)state;
	test_echo(test_unix_pair);
}

/* At rest: the struct and nothing else. */
static void
test_memory(void **state)
{
	struct server s;

	(void)state;
	server_open(&s, test_tcp_pair, NOTHING);
	assert_true(stream_memory(s.stream) <= sizeof(uv_tcp_t) + 96);
	client_send(&s, "NOOP\r\n");
	turn_until(s.rt, &s.has_data);
	assert_true(stream_memory(s.stream) <= sizeof(uv_tcp_t) + 96);
	server_done(&s);
}

static void
test_bad_fd(void **state)
{
	struct rt *rt = test_rt(0);
	struct stream *stream = NULL;

	(void)state;
	assert_int_equal(stream_open(rt, -1, &events, NULL, &stream), -EBADF);
	assert_int_equal(
	    stream_open(rt, 1 << 19, &events, NULL, &stream), -EBADF);
	assert_null(stream);
	turn(rt);
	test_rt_done(&rt);
}

static void
test_reset_is_gone(void **state)
{
	struct server s;

	(void)state;
	server_open(&s, test_tcp_pair, NOTHING);
	test_reset_on_close(s.client);
	assert_int_equal(close(s.client), 0);
	s.client = -1;
	turn_until(s.rt, &s.is_gone);
	assert_int_equal(s.err, -ECONNRESET);
	assert_int_equal(s.eofs, 0);
	assert_int_equal(stream_write(s.stream, "x", 1), -ECONNRESET);
	turn(s.rt);
	assert_int_equal(s.gones, 1);
	stream_linger_close(s.stream); /* as stream_close */
	turn(s.rt);
	assert_true(s.is_closed);
	server_done(&s);
}

/* The owner learns it from stream_write, not a second time. */
static void
test_write_finds_gone(void **state)
{
	struct server s;

	(void)state;
	server_open(&s, test_unix_pair, NOTHING);
	assert_int_equal(close(s.client), 0);
	s.client = -1;
	assert_int_equal(stream_write(s.stream, "x", 1), -EPIPE);
	assert_int_equal(stream_write(s.stream, "x", 1), -EPIPE);
	turn(s.rt);
	assert_int_equal(s.gones, 0);
	assert_int_equal(s.eofs, 0);
	server_done(&s);
}

/* What is queued fails later, and is told then. */
static void
test_queued_write_fails(void **state)
{
	struct server s;
	char *much = calloc(1, MUCH);

	(void)state;
	server_open(&s, test_tcp_pair, NOTHING);
	assert_int_equal(stream_write(s.stream, much, MUCH), 0);
	assert_true(stream_queued(s.stream) > 0);
	test_reset_on_close(s.client);
	assert_int_equal(close(s.client), 0);
	s.client = -1;
	turn_until(s.rt, &s.is_gone);
	assert_true(s.err == -ECONNRESET || s.err == -EPIPE);
	assert_int_equal(stream_queued(s.stream), 0);
	server_done(&s);
	free(much);
}

static void
drain(void *arg)
{
	struct server *s = arg;

	s->drain_rc = stream_drain(s->stream, s->drain_ms);
	s->is_drained = true;
}

static void
drain_start(struct server *s, uint64_t ms)
{
	s->is_drained = false;
	s->drain_ms = ms;
	assert_int_equal(fiber_start(s->rt, drain, s), 0);
}

static void
test_drain(void **state)
{
	struct server s;
	char *much = calloc(1, MUCH), *got = malloc(MUCH);
	size_t have = 0;

	(void)state;
	memset(much, 'x', MUCH);
	server_open(&s, test_tcp_pair, NOTHING);
	drain_start(&s, 0); /* nothing queued */
	assert_true(s.is_drained);
	assert_int_equal(s.drain_rc, 0);
	assert_int_equal(stream_write(s.stream, much, MUCH), 0);
	/* A second write waits behind the first. */
	assert_int_equal(stream_write(s.stream, "last", 4), 0);
	assert_true(stream_queued(s.stream) > 4);
	assert_true(stream_memory(s.stream) > stream_queued(s.stream));
	drain_start(&s, 1000);
	assert_false(s.is_drained);
	pass_ms(s.rt, 1001);
	assert_true(s.is_drained);
	assert_int_equal(s.drain_rc, -ETIME);
	drain_start(&s, 0);
	while (have < MUCH + 4) {
		ssize_t n = recv(s.client, got, MUCH, MSG_DONTWAIT);

		if (n > 0)
			have += (size_t)n;
		else
			(void)uv_run(rt_loop(s.rt), UV_RUN_NOWAIT);
	}
	turn_until(s.rt, &s.is_drained);
	assert_int_equal(s.drain_rc, 0);
	assert_int_equal(have, MUCH + 4);
	server_done(&s);
	free(much);
	free(got);
}

/* The fiber must not touch the stream, which is freed before it runs. */
static void
test_drain_ends_with_close(void **state)
{
	struct server s;
	char *much = calloc(1, MUCH);

	(void)state;
	server_open(&s, test_tcp_pair, NOTHING);
	assert_int_equal(stream_write(s.stream, much, MUCH), 0);
	drain_start(&s, 0);
	stream_close(s.stream);
	turn_until(s.rt, &s.is_drained);
	assert_int_equal(s.drain_rc, -ECANCELED);
	server_done(&s);
	free(much);
}

static void
test_drain_ends_with_reset(void **state)
{
	struct server s;
	char *much = calloc(1, MUCH);

	(void)state;
	server_open(&s, test_tcp_pair, NOTHING);
	assert_int_equal(stream_write(s.stream, much, MUCH), 0);
	drain_start(&s, 0);
	test_reset_on_close(s.client);
	assert_int_equal(close(s.client), 0);
	s.client = -1;
	turn_until(s.rt, &s.is_drained);
	assert_true(s.drain_rc == -ECONNRESET || s.drain_rc == -EPIPE);
	server_done(&s);
	free(much);
}

static void
test_pause(void **state)
{
	struct server s;

	(void)state;
	server_open(&s, test_tcp_pair, PAUSE_ON_DATA);
	client_send(&s, "one");
	turn_until(s.rt, &s.has_data);
	client_send(&s, "two");
	for (int i = 0; i < 5; i++)
		turn(s.rt);
	assert_int_equal(s.datas, 1);
	stream_resume(s.stream);
	s.has_data = false;
	turn_until(s.rt, &s.has_data);
	assert_string_equal(s.text, "onetwo");
	/* A pause that nothing happens in, and a second resume. */
	stream_resume(s.stream);
	stream_resume(s.stream);
	s.has_data = false;
	client_send(&s, "three");
	turn_until(s.rt, &s.has_data);
	assert_string_equal(s.text, "onetwothree");
	server_done(&s);
}

static void
test_want(void **state)
{
	struct server s;

	(void)state;
	server_open(&s, test_tcp_pair, NOTHING);
	stream_want(s.stream, 4);
	client_send(&s, "0123456789");
	for (int i = 0; i < 5; i++)
		turn(s.rt);
	assert_string_equal(s.text, "0123");
	stream_want(s.stream, 1);
	for (int i = 0; i < 5; i++)
		turn(s.rt);
	assert_string_equal(s.text, "01234");
	stream_resume(s.stream);
	turn(s.rt);
	assert_string_equal(s.text, "0123456789");
	server_done(&s);
}

static void
test_eof_waits_for_resume(void **state)
{
	struct server s;

	(void)state;
	server_open(&s, test_tcp_pair, CLOSE_ON_EOF);
	stream_pause(s.stream);
	client_send(&s, "QUIT\r\n");
	assert_int_equal(shutdown(s.client, SHUT_WR), 0);
	for (int i = 0; i < 5; i++)
		turn(s.rt);
	assert_int_equal(s.datas + s.eofs, 0);
	stream_resume(s.stream);
	turn_until(s.rt, &s.is_closed);
	assert_string_equal(s.text, "QUIT\r\n");
	assert_int_equal(s.eofs, 1);
	server_done(&s);
}

static void
test_close_in_callback(void **state)
{
	struct server s;

	(void)state;
	server_open(&s, test_tcp_pair, CLOSE_ON_DATA);
	client_send(&s, "x");
	turn_until(s.rt, &s.is_closed);
	assert_int_equal(s.datas, 1);
	server_done(&s);
}

static void
test_write_after_close(void **state)
{
	struct server s;

	(void)state;
	server_open(&s, test_tcp_pair, NOTHING);
	stream_linger_close(s.stream);
	assert_int_equal(stream_write(s.stream, "x", 1), -ECANCELED);
	stream_close(s.stream);
	assert_int_equal(stream_write(s.stream, "x", 1), -ECANCELED);
	assert_int_equal(stream_fd(s.stream), -1);
	stream_close(s.stream);
	server_done(&s);
}

/* The client has sent more than the server reads before it closes: this is
 * what the lingering is for. */
static void
test_linger_keeps_the_reply(void **state)
{
	struct server s;
	char text[64];

	(void)state;
	server_open(&s, test_tcp_pair, LINGER_ON_DATA);
	stream_want(s.stream, 6);
	client_send(&s, "QUIT\r\nand much more\r\n");
	turn_until(s.rt, &s.has_data);
	turn(s.rt);
	client_send(&s, "and more\r\n");
	turn(s.rt);
	assert_int_equal(client_drain(&s, text, sizeof(text)), 0);
	assert_string_equal(text, "221 bye\r\n");
	assert_false(s.is_closed);
	assert_int_equal(close(s.client), 0);
	s.client = -1;
	turn_until(s.rt, &s.is_closed);
	assert_int_equal(s.datas, 1);
	server_done(&s);
}

/* The same without lingering: shows that the test above can fail. */
static void
test_close_loses_the_reply(void **state)
{
	struct server s;
	int rc;

	(void)state;
	server_open(&s, test_tcp_pair, NOTHING);
	stream_want(s.stream, 6);
	client_send(&s, "QUIT\r\nand much more\r\n");
	turn_until(s.rt, &s.has_data);
	assert_int_equal(stream_write(s.stream, "221 bye\r\n", 9), 0);
	stream_close(s.stream);
	turn_until(s.rt, &s.is_closed);
	/* The reset comes first, as over a real network it may. */
	rc = (int)send(s.client, "x", 1, MSG_NOSIGNAL);
	assert_int_equal(rc, -1);
	assert_true(errno == ECONNRESET || errno == EPIPE);
	server_done(&s);
}

static void
test_linger_writes_out(void **state)
{
	struct server s;
	char *much = calloc(1, MUCH), *got = malloc(MUCH);
	size_t have = 0;
	ssize_t n = 1;

	(void)state;
	server_open(&s, test_tcp_pair, NOTHING);
	assert_int_equal(stream_write(s.stream, much, MUCH), 0);
	assert_true(stream_queued(s.stream) > 0);
	stream_linger_close(s.stream);
	while (n != 0) {
		n = recv(s.client, got, MUCH, MSG_DONTWAIT);
		assert_true(n >= 0 || errno == EAGAIN);
		if (n > 0)
			have += (size_t)n;
		else
			(void)uv_run(rt_loop(s.rt), UV_RUN_NOWAIT);
	}
	assert_int_equal(have, MUCH);
	assert_false(s.is_closed);
	assert_int_equal(close(s.client), 0);
	s.client = -1;
	turn_until(s.rt, &s.is_closed);
	server_done(&s);
	free(much);
	free(got);
}

static void
test_linger_has_limits(void **state)
{
	struct server s;
	char text[1024] = { 0 };
	size_t sent = 0;
	ssize_t n;

	(void)state;
	/* Bytes. */
	server_open(&s, test_tcp_pair, NOTHING);
	stream_linger_close(s.stream);
	while (!s.is_closed && sent < 10 * STREAM_LINGER_BYTES) {
		n = send(
		    s.client, text, sizeof(text), MSG_NOSIGNAL | MSG_DONTWAIT);
		if (n > 0)
			sent += (size_t)n;
		turn(s.rt);
	}
	assert_true(s.is_closed);
	assert_true(sent >= STREAM_LINGER_BYTES);
	server_done(&s);

	/* Time. */
	server_open(&s, test_tcp_pair, NOTHING);
	stream_linger_close(s.stream);
	pass_ms(s.rt, STREAM_LINGER_MS - 1);
	assert_false(s.is_closed);
	pass_ms(s.rt, 2);
	turn(s.rt);
	assert_true(s.is_closed);
	server_done(&s);
}

static void
test_flush_has_a_limit(void **state)
{
	struct server s;
	char *much = calloc(1, MUCH);

	(void)state;
	server_open(&s, test_tcp_pair, NOTHING);
	assert_int_equal(stream_write(s.stream, much, MUCH), 0);
	stream_linger_close(s.stream);
	pass_ms(s.rt, STREAM_FLUSH_MS - 1);
	assert_false(s.is_closed);
	pass_ms(s.rt, 2);
	turn(s.rt);
	assert_true(s.is_closed);
	server_done(&s);
	free(much);
}

static void
test_large_reads(void **state)
{
	struct server s;
	char *much = calloc(1, MUCH);
	size_t sent = 0;
	ssize_t n;

	(void)state;
	server_open(&s, test_tcp_pair, NOTHING);
	while (s.got < MUCH) {
		n = sent == MUCH ? 0
				 : send(s.client, much + sent, MUCH - sent,
				       MSG_NOSIGNAL | MSG_DONTWAIT);
		if (n > 0)
			sent += (size_t)n;
		(void)uv_run(rt_loop(s.rt), UV_RUN_NOWAIT);
	}
	assert_int_equal(s.got, MUCH);
	assert_true(s.most <= STREAM_READ_MAX);
	server_done(&s);
	free(much);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_echo_tcp),
		cmocka_unit_test(test_echo_unix),
		cmocka_unit_test(test_memory),
		cmocka_unit_test(test_bad_fd),
		cmocka_unit_test(test_reset_is_gone),
		cmocka_unit_test(test_write_finds_gone),
		cmocka_unit_test(test_queued_write_fails),
		cmocka_unit_test(test_drain),
		cmocka_unit_test(test_drain_ends_with_close),
		cmocka_unit_test(test_drain_ends_with_reset),
		cmocka_unit_test(test_pause),
		cmocka_unit_test(test_want),
		cmocka_unit_test(test_eof_waits_for_resume),
		cmocka_unit_test(test_close_in_callback),
		cmocka_unit_test(test_write_after_close),
		cmocka_unit_test(test_linger_keeps_the_reply),
		cmocka_unit_test(test_close_loses_the_reply),
		cmocka_unit_test(test_linger_writes_out),
		cmocka_unit_test(test_linger_has_limits),
		cmocka_unit_test(test_flush_has_a_limit),
		cmocka_unit_test(test_large_reads),
	};

	return cmocka_run_group_tests_name("net-stream", tests, NULL, NULL);
}
