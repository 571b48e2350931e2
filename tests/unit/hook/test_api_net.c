/* SPDX-License-Identifier: MIT */
/* test_api_net.c - connections that plugins make. */
#include "engine_fixture.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "../net/net_test.h"
#include "../net/tls_peer.h"
#include "net/conn_pool.h"

/* ---- the peer: a listening socket, played by the test ---- */

static int listening;
static char where[64]; /* "127.0.0.1:PORT" */
static int accepted = -1;

static int
declare(struct hl_ctx *ctx)
{
	EXPECT_INT(hl_need_connect(ctx, hl_text(where)), 0);
	EXPECT_INT(hl_need_connect(ctx, HL_STR("localhost:1")), 0);
	EXPECT_INT(hl_need_connect(ctx, HL_STR("nonsense")), 0);
	EXPECT_INT(hl_need_connect(ctx, HL_STR("nothing.invalid:25")), 0);
	if (tls_peer_ca[0] != '\0')
		EXPECT_INT(hl_need_read(ctx, hl_text(tls_peer_ca)), 0);
	return 0;
}

static int
setup(void **state)
{
	uint16_t port;

	if (fixture_setup(state) < 0)
		return -1;
	listening = test_listen("127.0.0.1:0", &port);
	assert_int_equal(listen(listening, 8), 0);
	(void)snprintf(where, sizeof(where), "127.0.0.1:%u", port);
	fixture_probe_load = declare;
	accepted = -1;
	return 0;
}

static int
teardown(void **state)
{
	(void)close(listening);
	if (accepted != -1)
		(void)close(accepted);
	fixture_probe_load = NULL;
	return fixture_teardown(state);
}

/* From the fiber; a connection that the kernel has made is there at once. */
static void
accept_one(void)
{
	if (accepted != -1)
		(void)close(accepted);
	accepted = accept4(listening, NULL, NULL, SOCK_CLOEXEC);
	EXPECT(accepted >= 0);
}

static void
peer_says(const char *text)
{
	EXPECT_INT(write(accepted, text, strlen(text)), strlen(text));
}

static void
peer_heard(const char *want)
{
	char got[64] = "";

	EXPECT_INT(read(accepted, got, sizeof(got) - 1), strlen(want));
	EXPECT_TEXT(hl_text(got), want);
}

/* ---- talking ---- */

static enum hl_verdict
talk(struct hl_ctx *ctx)
{
	struct hl_conn *conn = NULL;
	char bytes[64] = "";

	EXPECT_INT(hl_dial(ctx, hl_text(where), 1000, &conn), 0);
	if (conn == NULL)
		return HL_DECLINED;
	accept_one();
	EXPECT_INT(hl_send(conn, "hello", 5, 1000), 0);
	peer_heard("hello");
	peer_says("220 one\r\n\nrest");
	EXPECT_INT(hl_recv_line(conn, bytes, sizeof(bytes), 1000), 7);
	EXPECT_TEXT(hl_text(bytes), "220 one");
	EXPECT_INT(hl_recv_line(conn, bytes, sizeof(bytes), 1000), 0);
	EXPECT_TEXT(hl_text(bytes), "");
	EXPECT_INT(hl_recv(conn, bytes, 2, 1000), 2);
	EXPECT_INT(hl_recv(conn, bytes, 64, 1000), 2);
	EXPECT(memcmp(bytes, "st", 2) == 0);
	peer_says("too long a line\n");
	EXPECT_INT(hl_recv_line(conn, bytes, 8, 1000), -EMSGSIZE);
	peer_says("unfinished");
	(void)shutdown(accepted, SHUT_WR);
	EXPECT_INT(hl_recv_line(conn, bytes, sizeof(bytes), 1000), -EPIPE);
	EXPECT_INT(hl_recv(conn, bytes, 64, 1000), 0);
	hl_conn_close(&conn);
	EXPECT(conn == NULL);
	hl_conn_close(&conn);
	return HL_DECLINED;
}

static enum hl_verdict
leave_open(struct hl_ctx *ctx)
{
	struct hl_conn *conn;

	EXPECT_INT(hl_dial(ctx, hl_text(where), 0, &conn), 0);
	accept_one();
	return HL_DECLINED;
}

static void
test_talk(void **state)
{
	struct fixture *f = *state;
	char byte;

	fixture_hook(f, HOOK_CONNECT, talk);
	/* What a hook leaves open is closed when it returns. */
	fixture_hook(f, HOOK_CONNECT, leave_open);
	assert_int_equal(read(accepted, &byte, 1), 0);
}

static enum hl_verdict
wait_in_vain(struct hl_ctx *ctx)
{
	struct hl_conn *conn = NULL;
	char bytes[8];

	EXPECT_INT(hl_dial(ctx, hl_text(where), 1000, &conn), 0);
	accept_one();
	EXPECT_INT(hl_recv(conn, bytes, 8, 500), -ETIME);
	EXPECT_INT(hl_recv(conn, bytes, 8, 0), -ECANCELED);
	EXPECT_INT(hl_send(conn, "x", 1, 0), -ECANCELED);
	EXPECT_INT(hl_dial(ctx, hl_text(where), 0, &conn), -ECANCELED);
	return HL_DECLINED;
}

static void
test_limits(void **state)
{
	struct fixture *f = *state;

	fixture_begin(f, HOOK_CONNECT, wait_in_vain);
	/* The connect is under way. */
	while (f->parks < 2)
		(void)uv_run(rt_loop(f->rt), UV_RUN_ONCE);
	fixture_pass_ms(f, 501);
	assert_false(f->is_done);
	fixture_cancel(f);
	fixture_end(f);
}

/* ---- making connections ---- */

static enum hl_verdict
dial_wrong(struct hl_ctx *ctx)
{
	struct hl_conn *const untouched = NULL;
	struct hl_conn *conn = untouched;
	bool fresh;

	EXPECT_INT(hl_dial(ctx, HL_STR("127.0.0.1:9"), 0, &conn), -EACCES);
	EXPECT_INT(
	    hl_conn_pool_get(ctx, HL_STR("127.0.0.1:9"), 0, &conn, &fresh),
	    -EACCES);
	EXPECT_TEXT(
	    hl_conn_error(ctx), "hl_need_connect was not called for it");
	EXPECT_INT(hl_dial(ctx, HL_STR("nonsense"), 0, &conn), -EINVAL);
	EXPECT_TEXT(hl_conn_error(ctx), "'nonsense': no port given");
	/* Never asked of the DNS; nobody listens at port 1. */
	EXPECT_INT(
	    hl_dial(ctx, HL_STR("localhost:1"), 0, &conn), -ECONNREFUSED);
	EXPECT_TEXT(hl_conn_error(ctx),
	    "cannot connect to localhost:1: Connection refused");
	EXPECT(conn == untouched);
	return HL_DECLINED;
}

static void
test_dial_wrong(void **state)
{
	struct fixture *f = *state;

	fixture_hook(f, HOOK_CONNECT, dial_wrong);
	/* The undeclared one is told, with its remedy. */
	assert_non_null(strstr(f->log.p, "hl_need_connect"));
}

static enum hl_verdict
dial_slow_name(struct hl_ctx *ctx)
{
	struct hl_conn *conn = NULL;

	EXPECT_INT(
	    hl_dial(ctx, HL_STR("nothing.invalid:25"), 700, &conn), -ETIME);
	return HL_DECLINED;
}

static void
test_dial_limit_is_for_the_name_too(void **state)
{
	struct fixture *f = *state;
	char resolver[64];
	struct sockaddr_in addr = { .sin_family = AF_INET };
	socklen_t len = sizeof(addr);
	int mute = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	addr.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	assert_int_equal(bind(mute, (struct sockaddr *)&addr, sizeof(addr)), 0);
	assert_int_equal(getsockname(mute, (struct sockaddr *)&addr, &len), 0);
	(void)snprintf(
	    resolver, sizeof(resolver), "127.0.0.1:%u\n", ntohs(addr.sin_port));
	fixture_write(f, "resolvers", resolver);
	fixture_begin(f, HOOK_CONNECT, dial_slow_name);
	fixture_pass_ms(f, 699);
	assert_false(f->is_done);
	fixture_pass_ms(f, 2);
	fixture_end(f);
	(void)close(mute);
}

/* ---- the pool ---- */

static enum hl_verdict
use_pool(struct hl_ctx *ctx)
{
	struct hl_conn *one = NULL, *two = NULL;
	char note[8] = "";
	bool fresh = false;

	EXPECT_INT(hl_conn_pool_get(ctx, hl_text(where), 0, &one, &fresh), 0);
	EXPECT(fresh);
	accept_one();
	EXPECT_INT(hl_conn_note(one, note, sizeof(note)), 0);
	EXPECT_INT(hl_conn_note_set(one, "agreed", 6), 0);
	EXPECT_INT(hl_conn_note_set(one, "", HL_CONN_NOTE_MAX + 1), -E2BIG);
	EXPECT_INT(hl_conn_farewell(one, "", HL_CONN_NOTE_MAX + 1), -E2BIG);
	EXPECT_INT(hl_conn_farewell(one, "bye", 3), 0);
	hl_conn_pool_put(ctx, &one);
	EXPECT(one == NULL);
	hl_conn_pool_put(ctx, &one); /* nothing: fine */
	EXPECT_INT(conn_pool_idle(ctx->engine->pool), 1);
	EXPECT_INT(hl_conn_pool_get(ctx, hl_text(where), 0, &two, &fresh), 0);
	EXPECT(!fresh);
	EXPECT_INT(hl_conn_note(two, note, 3), 6);
	EXPECT_TEXT(hl_text(note), "agr");
	EXPECT_INT(hl_conn_note(two, note, sizeof(note)), 6);
	EXPECT_TEXT(hl_text(note), "agreed");
	EXPECT_INT(hl_conn_note_set(two, "new", 3), 0);
	EXPECT_INT(hl_conn_note(two, note, sizeof(note)), 3);
	EXPECT_INT(hl_send(two, "again", 5, 0), 0);
	peer_heard("again");
	hl_conn_pool_put(ctx, &two);
	return HL_DECLINED;
}

static enum hl_verdict
take_kept(struct hl_ctx *ctx)
{
	struct hl_conn *conn = NULL;
	bool fresh = true;

	EXPECT_INT(hl_conn_pool_get(ctx, hl_text(where), 0, &conn, &fresh), 0);
	EXPECT(!fresh);
	EXPECT_INT(conn_pool_idle(ctx->engine->pool), 0);
	return HL_DECLINED; /* and so it is closed */
}

static enum hl_verdict
put_broken(struct hl_ctx *ctx)
{
	struct hl_conn *conn = NULL;
	char line[4];

	EXPECT_INT(hl_conn_pool_get(ctx, hl_text(where), 0, &conn, NULL), 0);
	accept_one();
	peer_says("too long\n");
	EXPECT_INT(hl_recv_line(conn, line, sizeof(line), 0), -EMSGSIZE);
	hl_conn_pool_put(ctx, &conn);
	EXPECT_INT(conn_pool_idle(ctx->engine->pool), 0);
	return HL_DECLINED;
}

/* Another plugin does not get what this one has kept. */
static unsigned other_fresh;

static int
other_load(struct hl_ctx *ctx)
{
	return hl_need_connect(ctx, HL_STR("*"));
}

static enum hl_verdict
other_connect(struct hl_ctx *ctx)
{
	struct hl_conn *conn = NULL;
	bool fresh = false;

	EXPECT_INT(hl_conn_pool_get(ctx, hl_text(where), 0, &conn, &fresh), 0);
	other_fresh += fresh;
	hl_conn_pool_put(ctx, &conn);
	return HL_DECLINED;
}

static const struct hl_plugin other_plugin = {
	.name = "other",
	.about = "another plugin with the same peer",
	.load = other_load,
	.connect = other_connect,
};
static const struct hl_plugin_entry other_entry = { sizeof(struct hl_plugin),
	&other_plugin };
static const struct hl_plugin_entry *const others[] = { &other_entry, NULL };

static void
test_pool(void **state)
{
	struct fixture *f = *state;
	char byte;

	fixture_hook(f, HOOK_CONNECT, use_pool);
	assert_int_equal(conn_pool_idle(f->engine->pool), 1);
	fixture_hook(f, HOOK_CONNECT, take_kept);
	assert_int_equal(read(accepted, &byte, 1), 0);
	fixture_hook(f, HOOK_CONNECT, put_broken);
}

static void
test_pool_of_each(void **state)
{
	struct fixture *f = *state;

	other_fresh = 0;
	assert_int_equal(fixture_load(f, "", others), 0);
	fixture_hook(f, HOOK_CONNECT, use_pool);
	assert_int_equal(other_fresh, 1);
	assert_int_equal(conn_pool_idle(f->engine->pool), 2);
}

/* ---- TLS ---- */

static struct tls_peer tls_peer;

static void
echo(struct tls_peer *peer, SSL *ssl)
{
	char bytes[64];
	int n;

	(void)peer;
	while ((n = SSL_read(ssl, bytes, sizeof(bytes))) > 0)
		CHECK(SSL_write(ssl, bytes, n) == n);
}

static struct hl_conn *
dial_tls(struct hl_ctx *ctx)
{
	struct hl_conn *conn = NULL;

	EXPECT_INT(hl_conn_pool_get(ctx, hl_text(where), 0, &conn, NULL), 0);
	accept_one();
	tls_peer_start(&tls_peer, accepted, echo);
	accepted = -1;
	return conn;
}

static enum hl_verdict
talk_tls(struct hl_ctx *ctx)
{
	struct hl_tls_peer peer = { .name = HL_STR(TLS_PEER_NAME),
		.ca_file = hl_text(tls_peer_ca) };
	struct hl_conn *conn = dial_tls(ctx);
	char line[16] = "";
	bool fresh = true;

	EXPECT_INT(hl_conn_starttls(ctx, conn, &peer, 0), 0);
	EXPECT_TEXT(hl_conn_error(ctx), "");
	EXPECT_INT(hl_send(conn, "one\r\n", 5, 0), 0);
	EXPECT_INT(hl_recv_line(conn, line, sizeof(line), 0), 3);
	EXPECT_TEXT(hl_text(line), "one");
	/* It lies in the pool with its TLS. */
	hl_conn_pool_put(ctx, &conn);
	EXPECT_INT(hl_conn_pool_get(ctx, hl_text(where), 0, &conn, &fresh), 0);
	EXPECT(!fresh);
	EXPECT_INT(hl_send(conn, "two\n", 4, 0), 0);
	EXPECT_INT(hl_recv_line(conn, line, sizeof(line), 0), 3);
	EXPECT_TEXT(hl_text(line), "two");
	EXPECT_INT(hl_send_fd(conn, 0), -EINVAL);
	return HL_DECLINED;
}

static enum hl_verdict
fail_tls(struct hl_ctx *ctx)
{
	struct hl_tls_peer peer = { .name = HL_STR("other.example"),
		.ca_file = hl_text(tls_peer_ca) };
	struct hl_conn *conn = dial_tls(ctx);

	EXPECT_INT(hl_conn_starttls(ctx, conn, &peer, 0), -EKEYREJECTED);
	EXPECT_TEXT(hl_conn_error(ctx),
	    "certificate verify failed: hostname mismatch, it is not for "
	    "other.example");
	EXPECT_INT(hl_send(conn, "secret", 6, 0), -EPROTO);
	hl_conn_close(&conn);
	tls_peer_join(&tls_peer);
	conn = dial_tls(ctx);
	peer.ca_file = HL_STR("/etc/undeclared.pem");
	EXPECT_INT(hl_conn_starttls(ctx, conn, &peer, 0), -EACCES);
	EXPECT_TEXT(
	    hl_conn_error(ctx), "hl_need_read was not called for the CA file");
	return HL_DECLINED;
}

/* What the hook leaves open is closed, so that the peer ends. */
static void
run_tls(struct fixture *f, enum hl_verdict (*fn)(struct hl_ctx *ctx))
{
	/* The authority is made before the probe declares it. */
	tls_peer_setup();
	tls_peer = (struct tls_peer){ .cert = PEER_GOOD };
	assert_int_equal(fixture_load(f, "", NULL), 0);
	fixture_hook(f, HOOK_CONNECT, fn);
	tls_peer_join(&tls_peer);
	tls_peer_teardown();
}

static void
test_tls(void **state)
{
	run_tls(*state, talk_tls);
	assert_true(tls_peer.got_notify);
}

static void
test_tls_fails(void **state)
{
	struct fixture *f = *state;

	run_tls(f, fail_tls);
	assert_non_null(strstr(f->log.p, "hostname mismatch"));
}

/* ---- descriptors ---- */

static enum hl_verdict
pass_fd(struct hl_ctx *ctx)
{
	struct hl_conn *conn = NULL;

	EXPECT_INT(hl_dial(ctx, hl_text(where), 0, &conn), 0);
	accept_one();
	EXPECT_INT(hl_send_fd(conn, listening), 0);
	return HL_DECLINED;
}

static void
test_send_fd(void **state)
{
	struct fixture *f = *state;
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	union {
		struct cmsghdr header;
		char space[CMSG_SPACE(sizeof(int))];
	} control;
	char byte = 'x';
	struct iovec iov = { &byte, 1 };
	struct msghdr msg = { .msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = &control,
		.msg_controllen = sizeof(control) };
	int fd;

	(void)close(listening);
	listening = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	(void)snprintf(
	    addr.sun_path, sizeof(addr.sun_path), "%s/socket", f->dir);
	(void)snprintf(where, sizeof(where), "unix:%s", addr.sun_path);
	assert_int_equal(
	    bind(listening, (struct sockaddr *)&addr, sizeof(addr)), 0);
	assert_int_equal(listen(listening, 4), 0);
	fixture_hook(f, HOOK_CONNECT, pass_fd);
	assert_int_equal(recvmsg(accepted, &msg, MSG_CMSG_CLOEXEC), 1);
	assert_int_equal(byte, '\0');
	assert_int_equal(control.header.cmsg_type, SCM_RIGHTS);
	memcpy(&fd, CMSG_DATA(&control.header), sizeof(fd));
	assert_true(fd >= 0 && fd != listening);
	(void)close(fd);
}

#define TEST(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_talk),
		TEST(test_limits),
		TEST(test_dial_wrong),
		TEST(test_dial_limit_is_for_the_name_too),
		TEST(test_pool),
		TEST(test_pool_of_each),
		TEST(test_tls),
		TEST(test_tls_fails),
		TEST(test_send_fd),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
