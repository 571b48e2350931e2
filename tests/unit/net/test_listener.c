/* SPDX-License-Identifier: MIT */
/* test_listener.c - making listening sockets, accepting connections. */
#include "net_test.h"

#include <netinet/tcp.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/un.h>

#include "net/listener.h"

#define CLIENTS 200 /* more than a few batches, less than the backlog */

struct server {
	struct rt *rt;
	struct listener *listener;
	uint16_t port;
	unsigned accepted, errors, pause_ms;
	unsigned stop_after; /* accepted connections, 0: never */
	bool close_too;
	int err;
	int fd; /* the last one */
	bool is_done, has_error;
	struct inet_addr peer, local;
};

static void
on_accept(void *owner, int fd, const struct inet_addr *peer,
    const struct inet_addr *local)
{
	struct server *s = owner;

	s->accepted++;
	s->peer = *peer;
	s->local = *local;
	s->is_done = true;
	if (s->fd >= 0)
		(void)close(s->fd);
	s->fd = fd;
	if (s->accepted != s->stop_after)
		return;
	if (s->close_too)
		listener_close(&s->listener);
	else
		listener_stop(s->listener);
}

static void
on_error(void *owner, int err, unsigned pause_ms)
{
	struct server *s = owner;

	s->err = err;
	s->errors++;
	s->pause_ms = pause_ms;
	s->has_error = true;
}

static const struct listener_events events = {
	.on_accept = on_accept,
	.on_error = on_error,
};

static void
server_open_fd(struct server *s, int fd)
{
	s->fd = -1;
	s->rt = test_rt(0);
	assert_int_equal(listener_open(s->rt, fd, &events, s, &s->listener), 0);
	assert_int_equal(listener_fd(s->listener), fd);
}

static void
server_open(struct server *s, const char *where)
{
	uint16_t port;
	int fd;

	memset(s, 0, sizeof(*s));
	fd = test_listen(where, &port);
	server_open_fd(s, fd);
	s->port = port;
}

static void
server_done(struct server *s)
{
	if (s->fd >= 0)
		assert_int_equal(close(s->fd), 0);
	listener_close(&s->listener);
	assert_null(s->listener);
	turn(s->rt);
	test_rt_done(&s->rt);
}

static void
is_addr(const struct inet_addr *addr, const char *want)
{
	char text[INET_TEXT_MAX];

	(void)inet_text(addr, text);
	assert_string_equal(text, want);
}

static void
test_accept(void **state)
{
	struct server s;
	struct sockaddr_in addr;
	socklen_t len = sizeof(addr);
	int client, nodelay = 0, flags;

	(void)state;
	server_open(&s, "127.0.0.1:0");
	assert_false(listener_is_started(s.listener));
	listener_start(s.listener);
	listener_start(s.listener);
	client = test_connect(s.port);
	turn_until(s.rt, &s.is_done);
	assert_int_equal(s.accepted, 1);
	is_addr(&s.peer, "127.0.0.1");
	is_addr(&s.local, "127.0.0.1");
	assert_int_equal(s.local.port, s.port);
	assert_int_equal(
	    getsockname(client, (struct sockaddr *)&addr, &len), 0);
	assert_int_equal(s.peer.port, ntohs(addr.sin_port));
	/* What it promises about the descriptor. */
	flags = fcntl(s.fd, F_GETFL);
	assert_true(flags & O_NONBLOCK);
	assert_true(fcntl(s.fd, F_GETFD) & FD_CLOEXEC);
	len = sizeof(nodelay);
	assert_int_equal(
	    getsockopt(s.fd, IPPROTO_TCP, TCP_NODELAY, &nodelay, &len), 0);
	assert_true(nodelay);
	assert_int_equal(close(client), 0);
	server_done(&s);
}

/* Bound to a wildcard: the address that the client connected to. */
static void
test_local_addr(void **state)
{
	struct server s;
	int client;

	(void)state;
	server_open(&s, "0.0.0.0:0");
	listener_start(s.listener);
	client = test_connect(s.port);
	turn_until(s.rt, &s.is_done);
	is_addr(&s.local, "127.0.0.1");
	assert_int_equal(s.local.port, s.port);
	assert_int_equal(close(client), 0);
	server_done(&s);
}

static int
connect_many(struct server *s, int clients[CLIENTS])
{
	for (int i = 0; i < CLIENTS; i++)
		clients[i] = test_connect(s->port);
	return CLIENTS;
}

static void
close_many(int clients[CLIENTS])
{
	for (int i = 0; i < CLIENTS; i++)
		assert_int_equal(close(clients[i]), 0);
}

/* A queue is worked off in growing batches, and all of it. */
static void
test_burst(void **state)
{
	struct server s;
	int clients[CLIENTS];
	unsigned turns = 0;

	(void)state;
	server_open(&s, "127.0.0.1:0");
	(void)connect_many(&s, clients);
	listener_start(s.listener);
	while (s.accepted < CLIENTS && turns++ < 10 * CLIENTS)
		(void)uv_run(rt_loop(s.rt), UV_RUN_NOWAIT);
	assert_int_equal(s.accepted, CLIENTS);
	assert_true(turns < CLIENTS / 2);
	close_many(clients);
	server_done(&s);
}

/* What a stopped listener leaves in the queue is there for the next. */
static void
test_stop(void **state)
{
	struct server s;
	int clients[CLIENTS];

	(void)state;
	server_open(&s, "127.0.0.1:0");
	s.stop_after = 7;
	listener_start(s.listener);
	(void)connect_many(&s, clients);
	while (listener_is_started(s.listener))
		turn(s.rt);
	turn(s.rt);
	assert_int_equal(s.accepted, 7);
	listener_start(s.listener);
	while (s.accepted < CLIENTS)
		turn(s.rt);
	close_many(clients);
	server_done(&s);
}

static void
test_accept_all(void **state)
{
	struct server s;
	int clients[CLIENTS];

	(void)state;
	server_open(&s, "127.0.0.1:0");
	(void)connect_many(&s, clients);
	assert_int_equal(listener_accept_all(s.listener), 0);
	assert_int_equal(s.accepted, CLIENTS);
	close_many(clients);
	server_done(&s);
}

static void
test_close_in_callback(void **state)
{
	struct server s;
	int clients[CLIENTS];

	(void)state;
	server_open(&s, "127.0.0.1:0");
	s.stop_after = 3;
	s.close_too = true;
	listener_start(s.listener);
	(void)connect_many(&s, clients);
	while (s.listener != NULL)
		turn(s.rt);
	turn(s.rt);
	assert_int_equal(s.accepted, 3);
	close_many(clients);
	server_done(&s);
}

/* No descriptors: pauses, tells, and goes on when there are some again. */
static void
test_out_of_descriptors(void **state)
{
	struct server s;
	struct rlimit old, low;
	int client, next;

	(void)state;
	server_open(&s, "127.0.0.1:0");
	listener_start(s.listener);
	client = test_connect(s.port);
	next = dup(client);
	assert_int_equal(close(next), 0);
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &old), 0);
	low = old;
	low.rlim_cur = (rlim_t)next;
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &low), 0);
	turn_until(s.rt, &s.has_error);
	assert_int_equal(s.err, -EMFILE);
	assert_int_equal(s.pause_ms, LISTENER_PAUSE_MIN_MS);
	pass_ms(s.rt, LISTENER_PAUSE_MIN_MS);
	turn(s.rt);
	assert_int_equal(s.errors, 2);
	assert_int_equal(s.pause_ms, 2 * LISTENER_PAUSE_MIN_MS);
	for (int i = 0; i < 8; i++) {
		pass_ms(s.rt, s.pause_ms);
		turn(s.rt);
	}
	assert_int_equal(s.errors, 10);
	assert_int_equal(s.pause_ms, LISTENER_PAUSE_MAX_MS);
	assert_int_equal(s.accepted, 0);
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &old), 0);
	pass_ms(s.rt, LISTENER_PAUSE_MAX_MS);
	turn_until(s.rt, &s.is_done);
	assert_int_equal(s.accepted, 1);
	assert_int_equal(close(client), 0);
	server_done(&s);
}

static void
test_stop_while_paused(void **state)
{
	struct server s;
	struct rlimit old, low;
	int client;

	(void)state;
	server_open(&s, "127.0.0.1:0");
	listener_start(s.listener);
	client = test_connect(s.port);
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &old), 0);
	low = old;
	low.rlim_cur = (rlim_t)client + 1;
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &low), 0);
	turn_until(s.rt, &s.has_error);
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &old), 0);
	listener_stop(s.listener);
	pass_ms(s.rt, LISTENER_PAUSE_MAX_MS);
	turn(s.rt);
	assert_int_equal(s.accepted, 0);
	assert_int_equal(close(client), 0);
	server_done(&s);
}

static int
make(const char *where, const struct listen_options *options, struct err *err)
{
	struct endpoint endpoint;
	int rc = endpoint_parse_listen(slice_of(where), &endpoint, err);

	assert_int_equal(rc, 0);
	*err = (struct err){ 0 };
	return listen_socket_make(&endpoint, options, err);
}

static void
test_unix_socket(void **state)
{
	static const struct listen_options options = { .unix_mode = 0640 };
	char dir[] = "/tmp/hookline-net-XXXXXX", where[128];
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	struct server s = { 0 };
	struct err err;
	struct stat st;
	int fd, client;

	(void)state;
	assert_non_null(mkdtemp(dir));
	(void)snprintf(where, sizeof(where), "unix:%s/s", dir);
	(void)snprintf(addr.sun_path, sizeof(addr.sun_path), "%s/s", dir);
	fd = make(where, &options, &err);
	assert_true(fd >= 0);
	assert_int_equal(stat(addr.sun_path, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0640);
	/* In use. */
	assert_int_equal(make(where, NULL, &err), -EADDRINUSE);
	assert_non_null(strstr(err.text, "in use"));
	/* Stale: nobody listens any more. */
	assert_int_equal(close(fd), 0);
	fd = make(where, NULL, &err);
	assert_true(fd >= 0);
	assert_int_equal(stat(addr.sun_path, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0666);

	server_open_fd(&s, fd);
	listener_start(s.listener);
	client = socket(AF_UNIX, SOCK_STREAM, 0);
	assert_int_equal(
	    connect(client, (struct sockaddr *)&addr, sizeof(addr)), 0);
	turn_until(s.rt, &s.is_done);
	assert_int_equal(s.peer.family, INET_UNIX);
	assert_int_equal(s.local.family, INET_UNIX);
	assert_int_equal(close(client), 0);
	server_done(&s);

	assert_int_equal(unlink(addr.sun_path), 0);
	/* Something else is there: left alone. */
	fd = open(addr.sun_path, O_CREAT | O_WRONLY, 0600);
	assert_true(fd >= 0);
	assert_int_equal(close(fd), 0);
	assert_int_equal(make(where, NULL, &err), -EEXIST);
	assert_int_equal(unlink(addr.sun_path), 0);
	assert_int_equal(rmdir(dir), 0);
	assert_int_equal(make(where, NULL, &err), -ENOENT);
	assert_true(err.text[0] != '\0');
}

static void
test_reuse_port(void **state)
{
	static const struct listen_options shared = { .reuse_port = true };
	char where[64];
	struct sockaddr_in addr;
	socklen_t len = sizeof(addr);
	struct err err;
	int one, two;

	(void)state;
	one = make("127.0.0.1:0", &shared, &err);
	assert_true(one >= 0);
	assert_int_equal(getsockname(one, (struct sockaddr *)&addr, &len), 0);
	(void)snprintf(
	    where, sizeof(where), "127.0.0.1:%u", ntohs(addr.sin_port));
	two = make(where, &shared, &err);
	assert_true(two >= 0);
	assert_int_equal(make(where, NULL, &err), -EADDRINUSE);
	assert_int_equal(close(one), 0);
	assert_int_equal(close(two), 0);
}

/* IPv4 can have the same port as IPv6.  False: another process has it. */
static bool
both_families(void)
{
	char where[64];
	struct sockaddr_in6 addr;
	socklen_t len = sizeof(addr);
	struct err err;
	int six, four, only = 0;

	six = make("[::]:0", NULL, &err);
	assert_true(six >= 0);
	assert_int_equal(getsockname(six, (struct sockaddr *)&addr, &len), 0);
	len = sizeof(only);
	assert_int_equal(
	    getsockopt(six, IPPROTO_IPV6, IPV6_V6ONLY, &only, &len), 0);
	assert_true(only);
	(void)snprintf(
	    where, sizeof(where), "0.0.0.0:%u", ntohs(addr.sin6_port));
	four = make(where, NULL, &err);
	assert_true(four >= 0 || four == -EADDRINUSE);
	if (four >= 0)
		assert_int_equal(close(four), 0);
	assert_int_equal(close(six), 0);
	return four >= 0;
}

static void
test_ipv6(void **state)
{
	struct err err;
	int six = make("[::]:0", NULL, &err), tries = 0;

	(void)state;
	if (six == -EAFNOSUPPORT)
		return; /* skip() is "not ok" in TAP */
	assert_true(six >= 0);
	assert_int_equal(close(six), 0);
	while (!both_families())
		assert_true(++tries < 50);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_accept),
		cmocka_unit_test(test_local_addr),
		cmocka_unit_test(test_burst),
		cmocka_unit_test(test_stop),
		cmocka_unit_test(test_accept_all),
		cmocka_unit_test(test_close_in_callback),
		cmocka_unit_test(test_out_of_descriptors),
		cmocka_unit_test(test_stop_while_paused),
		cmocka_unit_test(test_unix_socket),
		cmocka_unit_test(test_reuse_port),
		cmocka_unit_test(test_ipv6),
	};

	return cmocka_run_group_tests_name("net-listener", tests, NULL, NULL);
}
