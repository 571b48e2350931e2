/* SPDX-License-Identifier: MIT */
/* net_test.h - what the tests of net/ share: pairs of connected sockets, and
 * turning the loop until something has happened.
 */
#ifndef HOOKLINE_TESTS_NET_TEST_H
#define HOOKLINE_TESTS_NET_TEST_H

#include "../rt/rt_test.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <sys/socket.h>
#include <unistd.h>

#include <netinet/in.h>

#include "base/err.h"
#include "net/endpoint.h"
#include "net/listen_socket.h"

/* Turns the loop, waiting for events, until *happened. */
static inline void
turn_until(struct rt *rt, const bool *happened)
{
	while (!*happened)
		(void)uv_run(rt_loop(rt), UV_RUN_ONCE);
}

/* A listening socket at `where`; its port in *ret_port. */
static inline int
test_listen(const char *where, uint16_t *ret_port)
{
	struct endpoint endpoint;
	struct sockaddr_storage addr = { 0 };
	socklen_t len = sizeof(addr);
	struct inet_addr local;
	struct err err = { 0 };
	int fd, rc = endpoint_parse_listen(slice_of(where), &endpoint, &err);

	assert_int_equal(rc, 0);
	fd = listen_socket_make(&endpoint, NULL, &err);
	if (fd < 0)
		fail_msg("%s", err.text);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&addr, &len), 0);
	assert_int_equal(inet_from_sockaddr(&addr, &local), 0);
	*ret_port = local.port;
	return fd;
}

/* A blocking client of 127.0.0.1:port. */
static inline int
test_connect(uint16_t port)
{
	struct sockaddr_in addr = { .sin_family = AF_INET };
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	assert_true(fd >= 0);
	addr.sin_port = htons(port);
	addr.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	assert_int_equal(
	    connect(fd, (struct sockaddr *)&addr, sizeof(addr)), 0);
	return fd;
}

/* fds[0] is the server's end (non-blocking), fds[1] the client's. */
static inline void
test_tcp_pair(int fds[2])
{
	uint16_t port;
	int listening = test_listen("127.0.0.1:0", &port);

	fds[1] = test_connect(port);
	fds[0] = accept4(listening, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
	assert_true(fds[0] >= 0);
	assert_int_equal(close(listening), 0);
}

static inline void
test_unix_pair(int fds[2])
{
	assert_int_equal(
	    socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds), 0);
	assert_int_equal(fcntl(fds[0], F_SETFL, O_NONBLOCK), 0);
}

/* Closing `fd` then sends a reset. */
static inline void
test_reset_on_close(int fd)
{
	const struct linger linger = { .l_onoff = 1, .l_linger = 0 };

	assert_int_equal(
	    setsockopt(fd, SOL_SOCKET, SO_LINGER, &linger, sizeof(linger)), 0);
}

#endif
