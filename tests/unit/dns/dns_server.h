/* SPDX-License-Identifier: MIT */
/* dns_server.h - a DNS server on the loop of the test, over UDP and TCP.
 *
 * It answers each question by calling the test's function; what that leaves
 * in the packet is the reply, n == 0: none.
 */
#ifndef HOOKLINE_TESTS_DNS_SERVER_H
#define HOOKLINE_TESTS_DNS_SERVER_H

#include "../rt/rt_test.h"

#include <netinet/in.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include <uv.h>

#include "base/inet.h"
#include "packet.h"

#define SERVER_HELD_MAX 4

struct asked {
	char name[128]; /* without a final dot */
	unsigned type, id;
	bool is_tcp, has_edns;
};

typedef void dns_server_fn(const struct asked *asked, struct packet *reply);

struct held_question {
	struct asked asked;
	struct sockaddr_storage from;
};

struct dns_server {
	uv_udp_t udp;
	uv_tcp_t tcp;
	dns_server_fn *fn;
	struct inet_addr addr;
	unsigned udp_count, tcp_count;
	bool is_holding; /* UDP questions wait for dns_server_release */
	unsigned held_count;
	struct held_question held[SERVER_HELD_MAX];
};

static struct packet server_packet; /* one at a time */

static inline bool
asked_parse(const uint8_t *p, size_t n, struct asked *ret)
{
	size_t at = 12, to = 0;

	if (n < 17)
		return false;
	memset(ret, 0, sizeof(*ret));
	ret->id = (unsigned)p[0] << 8 | p[1];
	ret->has_edns = p[11] == 1;
	while (at < n && p[at] != 0) {
		size_t label = p[at++];

		if (at + label >= n || to + label + 2 > sizeof(ret->name))
			return false;
		if (to > 0)
			ret->name[to++] = '.';
		memcpy(ret->name + to, p + at, label);
		to += label;
		at += label;
	}
	if (at + 3 > n)
		return false;
	ret->type = (unsigned)p[at + 1] << 8 | p[at + 2];
	return true;
}

static inline void
server_alloc(uv_handle_t *handle, size_t size, uv_buf_t *ret)
{
	static char buffer[65536];

	(void)handle;
	(void)size;
	*ret = uv_buf_init(buffer, sizeof(buffer));
}

static inline void
server_reply(struct dns_server *server, const struct asked *asked,
    const struct sockaddr *to)
{
	uv_buf_t buf;

	server_packet.n = 0;
	server->fn(asked, &server_packet);
	buf =
	    uv_buf_init((char *)server_packet.bytes, (unsigned)server_packet.n);
	if (server_packet.n > 0)
		(void)uv_udp_try_send(&server->udp, &buf, 1, to);
}

static inline void
server_on_udp(uv_udp_t *udp, ssize_t n, const uv_buf_t *buf,
    const struct sockaddr *from, unsigned flags)
{
	struct dns_server *server = udp->data;
	struct held_question *held = &server->held[server->held_count];

	(void)flags;
	if (n <= 0 || from == NULL ||
	    !asked_parse((uint8_t *)buf->base, (size_t)n, &held->asked))
		return;
	server->udp_count++;
	if (!server->is_holding) {
		server_reply(server, &held->asked, from);
		return;
	}
	memcpy(&held->from, from, sizeof(struct sockaddr_in));
	server->held_count++;
}

/* Answers what was held back. */
static inline void
dns_server_release(struct dns_server *server)
{
	server->is_holding = false;
	while (server->held_count > 0) {
		struct held_question *held =
		    &server->held[--server->held_count];

		server_reply(
		    server, &held->asked, (const struct sockaddr *)&held->from);
	}
}

static inline void
server_tcp_closed(uv_handle_t *handle)
{
	free(handle);
}

static inline void
server_on_tcp_bytes(uv_stream_t *stream, ssize_t n, const uv_buf_t *buf)
{
	struct dns_server *server = stream->data;
	struct asked asked;
	uint8_t length[2];
	uv_buf_t out[2];

	if (n < 0) {
		uv_close((uv_handle_t *)stream, server_tcp_closed);
		return;
	}
	/* The tests' questions fit into one segment. */
	if (n < 2 ||
	    !asked_parse((uint8_t *)buf->base + 2, (size_t)n - 2, &asked))
		return;
	asked.is_tcp = true;
	server->tcp_count++;
	server_packet.n = 0;
	server->fn(&asked, &server_packet);
	length[0] = (uint8_t)(server_packet.n >> 8);
	length[1] = (uint8_t)server_packet.n;
	out[0] = uv_buf_init((char *)length, 2);
	out[1] =
	    uv_buf_init((char *)server_packet.bytes, (unsigned)server_packet.n);
	if (server_packet.n > 0)
		(void)uv_try_write(stream, out, 2);
}

static inline void
server_on_tcp(uv_stream_t *listening, int status)
{
	uv_tcp_t *tcp = calloc(1, sizeof(*tcp));

	if (status < 0 || tcp == NULL)
		abort();
	(void)uv_tcp_init(listening->loop, tcp);
	tcp->data = listening->data;
	(void)uv_accept(listening, (uv_stream_t *)tcp);
	(void)uv_read_start(
	    (uv_stream_t *)tcp, server_alloc, server_on_tcp_bytes);
}

static inline int
server_bind(int type, struct sockaddr_in *addr)
{
	const int on = 1;
	int fd = socket(AF_INET, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	socklen_t len = sizeof(*addr);

	assert_true(fd >= 0);
	if (type == SOCK_STREAM)
		(void)setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	if (bind(fd, (struct sockaddr *)addr, sizeof(*addr)) == -1 ||
	    getsockname(fd, (struct sockaddr *)addr, &len) == -1) {
		(void)close(fd);
		return -1;
	}
	return fd;
}

/* `text` is the address; port 0: any that is free for UDP and TCP. */
static inline void
dns_server_open(struct dns_server *server, struct rt *rt, const char *text,
    unsigned port, dns_server_fn *fn)
{
	struct sockaddr_in addr;
	int tcp = -1, udp = -1;

	memset(server, 0, sizeof(*server));
	server->fn = fn;
	for (int tries = 0; tries < 100 && udp == -1; tries++) {
		assert_int_equal(uv_ip4_addr(text, (int)port, &addr), 0);
		tcp = server_bind(SOCK_STREAM, &addr);
		udp = tcp == -1 ? -1 : server_bind(SOCK_DGRAM, &addr);
		if (tcp != -1 && udp == -1)
			(void)close(tcp);
	}
	assert_true(udp >= 0);
	assert_int_equal(uv_udp_init(rt_loop(rt), &server->udp), 0);
	assert_int_equal(uv_tcp_init(rt_loop(rt), &server->tcp), 0);
	server->udp.data = server->tcp.data = server;
	assert_int_equal(uv_udp_open(&server->udp, udp), 0);
	assert_int_equal(uv_tcp_open(&server->tcp, tcp), 0);
	assert_int_equal(
	    uv_listen((uv_stream_t *)&server->tcp, 8, server_on_tcp), 0);
	assert_int_equal(
	    uv_udp_recv_start(&server->udp, server_alloc, server_on_udp), 0);
	assert_int_equal(inet_from_sockaddr(&addr, &server->addr), 0);
}

static inline void
dns_server_close(struct dns_server *server)
{
	uv_close((uv_handle_t *)&server->udp, NULL);
	uv_close((uv_handle_t *)&server->tcp, NULL);
}

#endif
