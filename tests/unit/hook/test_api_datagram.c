/* SPDX-License-Identifier: MIT */
/* test_api_datagram.c - hl_send_datagram: sockets that take, refuse, wait. */
#include "engine_fixture.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

static struct fixture *f;
static char unix_where[128], udp_where[64];
static int unix_socket, udp_socket;

static int
declare(struct hl_ctx *ctx)
{
	return hl_need_connect(ctx, HL_STR("*"));
}

static int
set_up(void **state)
{
	struct sockaddr_un un = { .sun_family = AF_UNIX };
	struct sockaddr_in in = { .sin_family = AF_INET };
	socklen_t size = sizeof(in);

	if (fixture_setup(state) < 0)
		return -1;
	f = *state;
	fixture_probe_load = declare;
	(void)snprintf(un.sun_path, sizeof(un.sun_path), "%s/socket", f->dir);
	(void)snprintf(unix_where, sizeof(unix_where), "unix:%s", un.sun_path);
	unix_socket = socket(AF_UNIX, SOCK_DGRAM, 0);
	udp_socket = socket(AF_INET, SOCK_DGRAM, 0);
	in.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	if (bind(unix_socket, (struct sockaddr *)&un, sizeof(un)) == -1 ||
	    bind(udp_socket, (struct sockaddr *)&in, sizeof(in)) == -1 ||
	    getsockname(udp_socket, (struct sockaddr *)&in, &size) == -1)
		return -1;
	(void)snprintf(
	    udp_where, sizeof(udp_where), "127.0.0.1:%u", ntohs(in.sin_port));
	return 0;
}

static int
tear_down(void **state)
{
	(void)close(unix_socket);
	(void)close(udp_socket);
	return fixture_teardown(state);
}

static void
received(int fd, const char *want)
{
	char bytes[64];
	ssize_t n = recv(fd, bytes, sizeof(bytes), MSG_DONTWAIT);

	assert_int_equal(n, strlen(want));
	assert_memory_equal(bytes, want, strlen(want));
}

static enum hl_verdict
send_both(struct hl_ctx *ctx)
{
	EXPECT_INT(hl_send_datagram(ctx, str_of(unix_where), "hello", 5), 0);
	EXPECT_INT(hl_send_datagram(ctx, str_of(udp_where), "world", 5), 0);
	EXPECT_INT(hl_send_datagram(ctx, str_of(udp_where), "", 0), 0);
	return HL_DECLINED;
}

static void
test_sent(void **state)
{
	(void)state;
	fixture_hook(f, HOOK_CONNECT, send_both);
	received(unix_socket, "hello");
	received(udp_socket, "world");
	received(udp_socket, "");
}

static enum hl_verdict
send_nowhere(struct hl_ctx *ctx)
{
	hl_str none = hl_printf(ctx, "%s.none", unix_where);

	EXPECT_INT(hl_send_datagram(ctx, none, "x", 1), -ENOENT);
	EXPECT_INT(
	    hl_send_datagram(ctx, HL_STR("host.example:514"), "x", 1), -EINVAL);
	EXPECT_INT(hl_send_datagram(ctx, HL_STR("192.0.2.1"), "x", 1), -EINVAL);
	EXPECT_INT(
	    hl_send_datagram(ctx, HL_STR("tls:127.0.0.1:1"), "x", 1), -EINVAL);
	return HL_DECLINED;
}

static void
test_nowhere(void **state)
{
	(void)state;
	fixture_hook(f, HOOK_CONNECT, send_nowhere);
}

static enum hl_verdict
send_refused(struct hl_ctx *ctx)
{
	EXPECT_INT(
	    hl_send_datagram(ctx, str_of(unix_where), "x", 1), -ECONNREFUSED);
	return HL_DECLINED;
}

static void
test_refused(void **state)
{
	(void)state;
	(void)close(unix_socket);
	unix_socket = -1;
	fixture_hook(f, HOOK_CONNECT, send_refused);
}

static int
declare_other(struct hl_ctx *ctx)
{
	return hl_need_connect(ctx, HL_STR("unix:/dev/log"));
}

static enum hl_verdict
send_undeclared(struct hl_ctx *ctx)
{
	EXPECT_INT(hl_send_datagram(ctx, str_of(unix_where), "x", 1), -EACCES);
	return HL_DECLINED;
}

static void
test_undeclared(void **state)
{
	(void)state;
	fixture_probe_load = declare_other;
	fixture_hook(f, HOOK_CONNECT, send_undeclared);
}

/* Nobody reads: another thread waits, a second at most. */
static enum hl_verdict
send_many(struct hl_ctx *ctx)
{
	int rc = 0;

	for (int i = 0; rc == 0 && i < 10000; i++)
		rc = hl_send_datagram(ctx, str_of(unix_where), "x", 1);
	EXPECT_INT(rc, -EAGAIN);
	return HL_DECLINED;
}

static void
test_nobody_reads(void **state)
{
	(void)state;
	fixture_hook(f, HOOK_CONNECT, send_many);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		TEST(test_sent),
		TEST(test_nowhere),
		TEST(test_refused),
		TEST(test_undeclared),
		TEST(test_nobody_reads),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
