/* SPDX-License-Identifier: MIT */
/* test_conn.c - outgoing connections, dialling, and the pool.
 *
 * Each test gives a fiber a function to run; the peer is the test itself,
 * between turns of the loop.  Results are checked when the fiber has ended.
 */
#include "net_test.h"

#include <netinet/tcp.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/un.h>

#include "net/conn.h"
#include "net/conn_pool.h"
#include "net/dial.h"
#include "rt/alarm.h"

#define MUCH ((size_t)8 << 20)

struct user {
	struct rt *rt;
	struct conn *conn;
	struct fiber *fiber;
	void (*fn)(struct user *);
	int peer;
	int rc[8];
	char text[8][64];
	unsigned n;
	uint64_t timeout_ms;
	char *much;
	const char *where;
	const struct dial_options *options;
	struct err err;
	bool is_done;
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
	u->n = 0;
	u->is_done = false;
	assert_int_equal(fiber_start(u->rt, run, u), 0);
}

/* The most usual form: runs to the end. */
static void
user_run(struct user *u, void (*fn)(struct user *))
{
	user_start(u, fn);
	turn_until(u->rt, &u->is_done);
}

static void
user_open(struct user *u)
{
	int fds[2];

	memset(u, 0, sizeof(*u));
	u->rt = test_rt(0);
	test_unix_pair(fds);
	u->peer = fds[1];
	assert_int_equal(fcntl(fds[0], F_SETFL, 0), 0);
	assert_int_equal(conn_from_fd(u->rt, fds[0], &u->conn), 0);
	assert_true(fcntl(fds[0], F_GETFL) & O_NONBLOCK);
	assert_int_equal(conn_fd(u->conn), fds[0]);
}

static void
user_done(struct user *u)
{
	conn_close(&u->conn);
	conn_close(&u->conn);
	if (u->peer > 0)
		assert_int_equal(close(u->peer), 0);
	turn(u->rt);
	test_rt_done(&u->rt);
}

static void
say(struct user *u, const char *text)
{
	ssize_t n = (ssize_t)strlen(text);

	assert_int_equal(send(u->peer, text, (size_t)n, MSG_NOSIGNAL), n);
}

static void
recv_some(struct user *u)
{
	u->rc[0] = conn_recv(
	    u->conn, u->text[0], sizeof(u->text[0]) - 1, u->timeout_ms);
}

static void
test_recv(void **state)
{
	struct user u;

	(void)state;
	user_open(&u);
	say(&u, "there");
	user_run(&u, recv_some);
	assert_int_equal(u.rc[0], 5);
	assert_string_equal(u.text[0], "there");
	user_start(&u, recv_some);
	turn(u.rt);
	assert_false(u.is_done);
	assert_string_equal(fiber_waited_for(u.fiber), "connection");
	say(&u, "later");
	turn_until(u.rt, &u.is_done);
	assert_int_equal(u.rc[0], 5);
	assert_string_equal(u.text[0], "later");
	conn_label(u.conn, "other");
	user_start(&u, recv_some);
	turn(u.rt);
	assert_string_equal(fiber_waited_for(u.fiber), "other");
	say(&u, "last");
	turn_until(u.rt, &u.is_done);
	assert_int_equal(shutdown(u.peer, SHUT_WR), 0);
	user_run(&u, recv_some);
	assert_int_equal(u.rc[0], 0);
	user_done(&u);
}

/* ---- one of several ---- */

static struct conn_wait waits[2];

static void
wait_both(struct user *u)
{
	u->rc[0] = conn_wait_any(waits, 2);
}

static void
wait_first(struct user *u)
{
	u->rc[0] = conn_wait_any(waits, 1);
}

static void
test_wait_any(void **state)
{
	struct user u;
	int fds[2];

	(void)state;
	user_open(&u);
	test_unix_pair(fds);
	waits[0] = (struct conn_wait){ .conn = u.conn };
	assert_int_equal(conn_from_fd(u.rt, fds[0], &waits[1].conn), 0);
	/* Woken for another reason. */
	user_start(&u, wait_both);
	turn(u.rt);
	assert_false(u.is_done);
	fiber_wake(u.fiber);
	turn_until(u.rt, &u.is_done);
	assert_int_equal(u.rc[0], 0);
	assert_true(!waits[0].ret_ready && !waits[1].ret_ready);
	assert_int_equal(close(fds[1]), 0);
	user_run(&u, wait_both);
	assert_int_equal(u.rc[0], 0);
	assert_true(!waits[0].ret_ready && waits[1].ret_ready);
	conn_close(&waits[1].conn);
	user_done(&u);
}

static void
test_wait_for_room(void **state)
{
	struct user u;
	char bytes[512] = "";

	(void)state;
	user_open(&u);
	waits[0] = (struct conn_wait){ .conn = u.conn, .for_room = true };
	user_run(&u, wait_first);
	assert_true(waits[0].ret_ready);
	while (send(conn_fd(u.conn), bytes, sizeof(bytes), MSG_DONTWAIT) > 0)
		;
	user_start(&u, wait_first);
	turn(u.rt);
	assert_false(u.is_done);
	fiber_cancel(u.fiber);
	turn_until(u.rt, &u.is_done);
	assert_int_equal(u.rc[0], -ECANCELED);
	user_done(&u);
}

static void
test_recv_times(void **state)
{
	struct user u;

	(void)state;
	user_open(&u);
	u.timeout_ms = 100;
	user_start(&u, recv_some);
	pass_ms(u.rt, 99);
	assert_false(u.is_done);
	pass_ms(u.rt, 2);
	assert_true(u.is_done);
	assert_int_equal(u.rc[0], -ETIME);
	/* A late answer must not reach the next user of a pool ... */
	assert_false(conn_is_idle(u.conn));
	/* ... but whoever gave it so long may go on. */
	say(&u, "late");
	user_run(&u, recv_some);
	assert_int_equal(u.rc[0], 4);
	assert_true(conn_is_idle(u.conn));

	user_start(&u, recv_some);
	fiber_set_deadline(u.fiber, mono_add_ms(test_now, 50));
	fiber_cancel(u.fiber);
	turn(u.rt);
	assert_true(u.is_done);
	assert_int_equal(u.rc[0], -ECANCELED);
	assert_false(conn_is_idle(u.conn));
	user_done(&u);
}

static void
recv_with_deadline(struct user *u)
{
	fiber_set_deadline(u->fiber, mono_add_ms(test_now, 50));
	recv_some(u);
	/* What is there already does not help. */
	u->rc[1] = conn_send(u->conn, "x", 1, 0);
}

static void
test_deadline(void **state)
{
	struct user u;

	(void)state;
	user_open(&u);
	u.timeout_ms = 100;
	user_start(&u, recv_with_deadline);
	pass_ms(u.rt, 51);
	assert_true(u.is_done);
	assert_int_equal(u.rc[0], -ETIMEDOUT);
	assert_int_equal(u.rc[1], -ETIMEDOUT);
	user_done(&u);
}

static void
recv_lines(struct user *u)
{
	struct slice line = SLICE_NONE;
	int rc;

	do {
		rc = conn_recv_line(u->conn, u->timeout_ms, &line);
		u->rc[u->n] = rc;
		(void)snprintf(u->text[u->n], sizeof(u->text[0]), "%.*s",
		    (int)(rc >= 0 ? line.n : 0), line.p);
		u->n++;
	} while (rc > 0);
}

static void
test_lines(void **state)
{
	struct user u;

	(void)state;
	user_open(&u);
	say(&u, "one\r\ntwo\n\r\nfo");
	user_start(&u, recv_lines);
	turn(u.rt);
	assert_int_equal(u.n, 3);
	say(&u, "ur\r");
	turn(u.rt);
	assert_int_equal(u.n, 3);
	say(&u, "\nlast");
	assert_int_equal(shutdown(u.peer, SHUT_WR), 0);
	turn_until(u.rt, &u.is_done);
	assert_int_equal(u.n, 5);
	assert_string_equal(u.text[0], "one");
	assert_string_equal(u.text[1], "two");
	assert_string_equal(u.text[2], "");
	assert_string_equal(u.text[3], "four");
	assert_int_equal(u.rc[4], 0);
	assert_string_equal(u.text[4], "last");
	user_done(&u);
}

static void
line_then_bytes(struct user *u)
{
	struct slice line;

	u->rc[0] = conn_recv_line(u->conn, 0, &line);
	u->rc[1] = conn_recv(u->conn, u->text[1], 3, 0);
	u->rc[2] = conn_recv_all(u->conn, u->text[2], 7, 0);
	u->rc[3] = conn_recv_all(u->conn, u->text[3], 7, 0);
}

static void
test_line_then_bytes(void **state)
{
	struct user u;

	(void)state;
	user_open(&u);
	say(&u, "head\r\nabcde");
	user_start(&u, line_then_bytes);
	turn(u.rt);
	/* What was read ahead was not asked for yet. */
	assert_false(u.is_done);
	say(&u, "fghijkl");
	assert_int_equal(shutdown(u.peer, SHUT_WR), 0);
	turn_until(u.rt, &u.is_done);
	assert_int_equal(u.rc[0], 1);
	assert_int_equal(u.rc[1], 3);
	assert_string_equal(u.text[1], "abc");
	assert_int_equal(u.rc[2], 0);
	assert_string_equal(u.text[2], "defghij");
	assert_int_equal(u.rc[3], -EPIPE);
	user_done(&u);
}

static void
test_long_line(void **state)
{
	struct user u;
	char *much = malloc(2 * CONN_LINE_MAX);

	(void)state;
	memset(much, 'x', 2 * CONN_LINE_MAX);
	user_open(&u);
	assert_int_equal(
	    send(u.peer, much, 2 * CONN_LINE_MAX, 0), 2 * CONN_LINE_MAX);
	user_run(&u, recv_lines);
	assert_int_equal(u.n, 1);
	assert_int_equal(u.rc[0], -EMSGSIZE);
	assert_false(conn_is_idle(u.conn));
	user_done(&u);
	free(much);
}

static void
send_much(struct user *u)
{
	u->rc[0] = conn_send(u->conn, u->much, MUCH, u->timeout_ms);
}

static void
test_send(void **state)
{
	struct user u;
	char *got = malloc(MUCH);
	size_t have = 0;

	(void)state;
	user_open(&u);
	u.much = malloc(MUCH);
	for (size_t i = 0; i < MUCH; i++)
		u.much[i] = (char)(i * 7 + i / 1000);
	user_start(&u, send_much);
	assert_false(u.is_done);
	while (have < MUCH) {
		ssize_t n = recv(u.peer, got + have, MUCH - have, MSG_DONTWAIT);

		if (n > 0)
			have += (size_t)n;
		else
			(void)uv_run(rt_loop(u.rt), UV_RUN_NOWAIT);
	}
	turn_until(u.rt, &u.is_done);
	assert_int_equal(u.rc[0], 0);
	assert_memory_equal(got, u.much, MUCH);
	assert_true(conn_is_idle(u.conn));

	u.timeout_ms = 10;
	user_start(&u, send_much);
	pass_ms(u.rt, 11);
	assert_true(u.is_done);
	assert_int_equal(u.rc[0], -ETIME);
	assert_false(conn_is_idle(u.conn));
	assert_int_equal(close(u.peer), 0);
	u.peer = 0;
	user_run(&u, send_much);
	assert_int_equal(u.rc[0], -EPIPE);
	free(u.much);
	user_done(&u);
	free(got);
}

/* The kernel gives up on a peer that takes nothing.  That is not the hook's
 * time, which is -ETIMEDOUT. */
static void
test_given_up(void **state)
{
	const unsigned limit_ms = 50;
	struct user u = { 0 };
	int fds[2];

	(void)state;
	u.rt = test_rt(0);
	test_tcp_pair(fds);
	u.peer = fds[1];
	assert_int_equal(conn_from_fd(u.rt, fds[0], &u.conn), 0);
	assert_int_equal(setsockopt(fds[0], IPPROTO_TCP, TCP_USER_TIMEOUT,
			     &limit_ms, sizeof(limit_ms)),
	    0);
	u.much = calloc(1, MUCH);
	assert_non_null(u.much);
	user_run(&u, send_much);
	assert_int_equal(u.rc[0], -ECONNABORTED);
	assert_false(conn_is_idle(u.conn));
	free(u.much);
	user_done(&u);
}

static void
send_fd(struct user *u)
{
	u->rc[0] = conn_send_fd(u->conn, STDIN_FILENO, "frame", 5, 0);
	u->rc[1] = conn_shutdown(u->conn);
}

static void
test_send_fd(void **state)
{
	struct user u;
	union {
		struct cmsghdr header;
		char space[CMSG_SPACE(4 * sizeof(int))];
	} control;
	char text[16];
	struct iovec iov = { .iov_base = text, .iov_len = sizeof(text) };
	struct msghdr msg = {
		.msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = control.space,
		.msg_controllen = sizeof(control.space),
	};
	int fd;

	(void)state;
	user_open(&u);
	user_run(&u, send_fd);
	assert_int_equal(u.rc[0], 0);
	assert_int_equal(u.rc[1], 0);
	assert_int_equal(recvmsg(u.peer, &msg, 0), 5);
	assert_memory_equal(text, "frame", 5);
	assert_int_equal(msg.msg_controllen, CMSG_SPACE(sizeof(int)));
	memcpy(&fd, CMSG_DATA(&control.header), sizeof(fd));
	assert_int_equal(close(fd), 0);
	assert_int_equal(recv(u.peer, text, sizeof(text), 0), 0);
	user_done(&u);
}

static void
dial(struct user *u)
{
	u->err = (struct err){ 0 };
	u->rc[0] = conn_dial(u->rt, slice_of(u->where), u->timeout_ms,
	    u->options, &u->conn, &u->err);
	if (u->rc[0] == 0)
		u->rc[1] = conn_send(u->conn, "hello", 5, 0);
}

static void
dial_to(struct user *u, const char *where, int want)
{
	u->where = where;
	user_run(u, dial);
	if (u->rc[0] != want)
		fail_msg(
		    "%s: %d (%s), want %d", where, u->rc[0], u->err.text, want);
	assert_int_equal(u->err.code, want);
	if (want < 0) {
		assert_true(u->err.text[0] != '\0');
		assert_null(u->conn);
		return;
	}
	assert_int_equal(u->rc[1], 0);
	assert_true(conn_is_idle(u->conn));
	conn_close(&u->conn);
	turn(u->rt);
}

static void
port_where(char *where, size_t size, const char *front, uint16_t port)
{
	(void)snprintf(where, size, "%s%u", front, port);
}

static void
test_dial(void **state)
{
	struct user u = { 0 };
	char where[64];
	uint16_t port;
	int listening;

	(void)state;
	listening = test_listen("127.0.0.1:0", &port);
	u.rt = test_rt(0);
	port_where(where, sizeof(where), "127.0.0.1:", port);
	dial_to(&u, where, 0);
	assert_int_equal(close(listening), 0);
	dial_to(&u, where, -ECONNREFUSED);
	dial_to(&u, "nonsense", -EINVAL);
	dial_to(&u, "tls:127.0.0.1:465", -ENOTSUP);
	dial_to(&u, "mx.example:25", -EINVAL);
	dial_to(&u, "unix:/nonexistent/socket", -ENOENT);
	user_done(&u);
}

static void
test_dial_unix(void **state)
{
	char dir[] = "/tmp/hookline-net-XXXXXX", where[128];
	struct user u = { 0 };
	uint16_t port;
	int listening;

	(void)state;
	assert_non_null(mkdtemp(dir));
	(void)snprintf(where, sizeof(where), "unix:%s/s", dir);
	listening = test_listen(where, &port);
	u.rt = test_rt(0);
	dial_to(&u, where, 0);
	/* A full queue: tried again until the time is over. */
	assert_int_equal(listen(listening, 0), 0);
	u.timeout_ms = 1000;
	user_start(&u, dial);
	turn(u.rt);
	assert_false(u.is_done);
	pass_ms(u.rt, 1001);
	turn(u.rt);
	assert_true(u.is_done);
	assert_int_equal(u.rc[0], -ETIME);
	assert_int_equal(close(listening), 0);
	assert_int_equal(unlink(where + 5), 0);
	assert_int_equal(rmdir(dir), 0);
	user_done(&u);
}

/* A TCP queue that is full: the kernel drops the SYN, nothing comes. */
static void
test_dial_times_out(void **state)
{
	struct user u = { 0 };
	char where[64];
	uint16_t port;
	int listening, clients[2];

	(void)state;
	listening = test_listen("127.0.0.1:0", &port);
	assert_int_equal(listen(listening, 0), 0);
	for (int i = 0; i < 2; i++) {
		struct sockaddr_in addr = { .sin_family = AF_INET };

		clients[i] = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
		addr.sin_port = htons(port);
		addr.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
		(void)connect(
		    clients[i], (struct sockaddr *)&addr, sizeof(addr));
	}
	u.rt = test_rt(0);
	port_where(where, sizeof(where), "127.0.0.1:", port);
	u.where = where;
	u.timeout_ms = 3000;
	user_start(&u, dial);
	pass_ms(u.rt, 2999);
	assert_false(u.is_done);
	pass_ms(u.rt, 2);
	assert_true(u.is_done);
	assert_int_equal(u.rc[0], -ETIME);
	assert_non_null(strstr(u.err.text, where));
	for (int i = 0; i < 2; i++)
		assert_int_equal(close(clients[i]), 0);
	assert_int_equal(close(listening), 0);
	user_done(&u);
}

static int
resolve(void *arg, struct slice host, struct inet_addr ret[DIAL_ADDR_MAX])
{
	(void)arg;
	if (slice_eq_text(host, "none.example"))
		return 0;
	if (slice_eq_text(host, "fail.example"))
		return -EAGAIN;
	/* The first one refuses. */
	if (inet_parse(SLICE_LIT("127.0.0.9"), &ret[0]) < 0 ||
	    inet_parse(SLICE_LIT("127.0.0.1"), &ret[1]) < 0)
		return -EINVAL;
	return slice_eq_text(host, "one.example") ? 1 : 2;
}

static void
test_dial_host(void **state)
{
	static const struct dial_options options = { .resolve = resolve };
	struct user u = { .options = &options };
	char where[64];
	uint16_t port;
	int listening;

	(void)state;
	listening = test_listen("127.0.0.1:0", &port);
	u.rt = test_rt(0);
	port_where(where, sizeof(where), "two.example:", port);
	dial_to(&u, where, 0);
	port_where(where, sizeof(where), "one.example:", port);
	dial_to(&u, where, -ECONNREFUSED);
	dial_to(&u, "none.example:25", -EHOSTUNREACH);
	dial_to(&u, "fail.example:25", -EAGAIN);
	assert_non_null(strstr(u.err.text, "fail.example"));
	assert_int_equal(close(listening), 0);
	user_done(&u);
}

static struct conn *
pair_conn(struct rt *rt, int *ret_peer)
{
	struct conn *conn;
	int fds[2];

	test_unix_pair(fds);
	assert_int_equal(conn_from_fd(rt, fds[0], &conn), 0);
	*ret_peer = fds[1];
	return conn;
}

static void
test_pool(void **state)
{
	struct rt *rt = test_rt(0);
	struct conn_pool *pool = conn_pool_new(rt, 2, 0);
	struct conn *conns[3], *kept[3], *conn = NULL;
	int peers[3];
	char byte;

	(void)state;
	assert_null(conn_pool_take(pool, SLICE_LIT("a")));
	for (int i = 0; i < 3; i++) {
		kept[i] = conns[i] = pair_conn(rt, &peers[i]);
		conn_pool_put(pool, SLICE_LIT("a"), &conns[i]);
		assert_null(conns[i]);
	}
	/* The third was one too many. */
	assert_int_equal(conn_pool_idle(pool), 2);
	assert_int_equal(recv(peers[2], &byte, 1, 0), 0);
	assert_null(conn_pool_take(pool, SLICE_LIT("b")));
	conn = conn_pool_take(pool, SLICE_LIT("a"));
	assert_ptr_equal(conn, kept[1]);
	conn_pool_put(pool, SLICE_LIT("a"), &conn);
	/* The newest was closed by its peer, the other has said something that
	 * nobody asked for: both are dropped. */
	assert_int_equal(close(peers[1]), 0);
	assert_int_equal(send(peers[0], "x", 1, 0), 1);
	assert_null(conn_pool_take(pool, SLICE_LIT("a")));
	assert_int_equal(conn_pool_idle(pool), 0);
	/* What is not fit is not taken in. */
	conn = pair_conn(rt, &peers[1]);
	assert_int_equal(send(peers[1], "x", 1, 0), 1);
	conn_pool_put(pool, SLICE_LIT("a"), &conn);
	assert_int_equal(conn_pool_idle(pool), 0);
	/* Ends with idle ones of several keys. */
	for (int i = 0; i < 3; i++)
		assert_int_equal(close(peers[i]), 0);
	conn = pair_conn(rt, &peers[0]);
	conn_pool_put(pool, SLICE_LIT("a"), &conn);
	conn = pair_conn(rt, &peers[1]);
	conn_pool_put(pool, SLICE_LIT("b"), &conn);
	assert_int_equal(conn_pool_idle(pool), 2);
	conn_pool_free(&pool);
	assert_null(pool);
	for (int i = 0; i < 2; i++) {
		assert_int_equal(recv(peers[i], &byte, 1, 0), 0);
		assert_int_equal(close(peers[i]), 0);
	}
	turn(rt);
	test_rt_done(&rt);
}

static void
on_alarm(struct alarm *alarm)
{
	(void)alarm;
}

static void
test_pool_expires(void **state)
{
	struct rt *rt = test_rt(0);
	struct conn_pool *pool = conn_pool_new(rt, 8, 1);
	struct alarm alive = { .fn = on_alarm };
	struct conn *conn;
	int peer;
	char byte;

	(void)state;
	conn = pair_conn(rt, &peer);
	conn_pool_put(pool, SLICE_LIT("a"), &conn);
	assert_int_equal(conn_pool_idle(pool), 1);
	/* Deadlines alone do not keep a loop running. */
	alarm_set(rt, &alive, mono_add_ms(test_now, 60000));
	while (conn_pool_idle(pool) > 0)
		(void)uv_run(rt_loop(rt), UV_RUN_NOWAIT);
	assert_int_equal(recv(peer, &byte, 1, 0), 0);
	assert_int_equal(close(peer), 0);
	alarm_clear(rt, &alive);
	conn_pool_free(&pool);
	turn(rt);
	test_rt_done(&rt);
}

/* Said by the pool when it closes one, by nobody else, and never to a peer
 * that has said something odd. */
static void
test_pool_farewell(void **state)
{
	struct rt *rt = test_rt(0);
	struct conn_pool *pool = conn_pool_new(rt, 1, 0);
	struct conn *conns[4];
	int peers[4];
	char bytes[8];

	(void)state;
	for (int i = 0; i < 4; i++) {
		conns[i] = pair_conn(rt, &peers[i]);
		conn_set_farewell(conns[i], "x", 1);
		conn_set_farewell(conns[i], "bye", 3);
	}
	assert_int_equal(send(peers[3], "x", 1, 0), 1);
	conn_pool_put(pool, SLICE_LIT("a"), &conns[0]);
	conn_pool_put(pool, SLICE_LIT("a"), &conns[1]); /* one too many */
	conn_close(&conns[2]);
	conn_pool_put(pool, SLICE_LIT("b"), &conns[3]); /* not fit */
	assert_int_equal(recv(peers[1], bytes, sizeof(bytes), 0), 3);
	assert_memory_equal(bytes, "bye", 3);
	assert_int_equal(recv(peers[1], bytes, sizeof(bytes), 0), 0);
	assert_int_equal(recv(peers[2], bytes, sizeof(bytes), 0), 0);
	assert_true(recv(peers[3], bytes, sizeof(bytes), 0) <= 0);
	assert_int_equal(
	    recv(peers[0], bytes, sizeof(bytes), MSG_DONTWAIT), -1);
	conn_pool_free(&pool);
	assert_int_equal(recv(peers[0], bytes, sizeof(bytes), 0), 3);
	assert_int_equal(recv(peers[0], bytes, sizeof(bytes), 0), 0);
	for (int i = 0; i < 4; i++)
		assert_int_equal(close(peers[i]), 0);
	turn(rt);
	test_rt_done(&rt);
}

static struct conn_pool *shared;

/* One exchange over a pooled connection, twice: the second takes the first's
 * connection. */
static void
pool_dial(struct user *u)
{
	struct slice where = slice_of(u->where);

	for (int i = 0; i < 2; i++) {
		u->rc[i] =
		    conn_pool_dial(shared, where, 0, NULL, &u->conn, &u->err);
		if (u->rc[i] < 0)
			return;
		u->rc[2 + i] = conn_fd(u->conn);
		u->rc[4 + i] = conn_send(u->conn, "x", 1, 0);
		conn_pool_put(shared, where, &u->conn);
	}
}

static void
test_pool_dial(void **state)
{
	struct user u = { 0 };
	char where[64], text[8];
	uint16_t port;
	int listening, peer;

	(void)state;
	listening = test_listen("127.0.0.1:0", &port);
	port_where(where, sizeof(where), "127.0.0.1:", port);
	u.rt = test_rt(0);
	u.where = where;
	shared = conn_pool_new(u.rt, 4, 0);
	user_run(&u, pool_dial);
	assert_int_equal(u.rc[0], 0);
	assert_int_equal(u.rc[1], 0);
	assert_int_equal(u.rc[2], u.rc[3]);
	peer = accept(listening, NULL, NULL);
	assert_int_equal(recv(peer, text, sizeof(text), 0), 2);
	assert_int_equal(close(peer), 0);
	assert_int_equal(close(listening), 0);
	conn_pool_free(&shared);
	user_done(&u);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_recv),
		cmocka_unit_test(test_recv_times),
		cmocka_unit_test(test_deadline),
		cmocka_unit_test(test_wait_any),
		cmocka_unit_test(test_wait_for_room),
		cmocka_unit_test(test_lines),
		cmocka_unit_test(test_line_then_bytes),
		cmocka_unit_test(test_long_line),
		cmocka_unit_test(test_send),
		cmocka_unit_test(test_given_up),
		cmocka_unit_test(test_send_fd),
		cmocka_unit_test(test_dial),
		cmocka_unit_test(test_dial_unix),
		cmocka_unit_test(test_dial_times_out),
		cmocka_unit_test(test_dial_host),
		cmocka_unit_test(test_pool),
		cmocka_unit_test(test_pool_expires),
		cmocka_unit_test(test_pool_farewell),
		cmocka_unit_test(test_pool_dial),
	};

	return cmocka_run_group_tests_name("net-conn", tests, NULL, NULL);
}
