/* SPDX-License-Identifier: MIT */
/* test_api_smtp.c - handing messages to another server.  What comes
 * of one that misbehaves, and hl_smtp_offer: tests/services/test_next_hop.py. */
#include "engine_fixture.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include <hookline/smtp_client.h>

#include "../net/net_test.h"

static const char message[] = "Subject: x\r\n\r\nText.\r\n.dot\r\n";

/* ---- the other server, on a thread: does the lines of `script` ---- */

/* "> TEXT" reads a line, which must be TEXT; "<" writes what follows; "|" takes
 * the next connection. */
static const char *const *script;
static int listening;
static char where[64];
static char fault[256]; /* "" none */

static bool
read_line(int fd, char *line, size_t size)
{
	size_t n = 0;

	while (n + 1 < size && read(fd, line + n, 1) == 1) {
		if (line[n++] != '\n')
			continue;
		line[n] = '\0';
		line[strcspn(line, "\r\n")] = '\0';
		return true;
	}
	return false;
}

static void *
play(void *arg)
{
	int fd = accept4(listening, NULL, NULL, SOCK_CLOEXEC);
	char line[2048];

	(void)arg;
	for (const char *const *step = script; *step != NULL; step++) {
		const char *text = *step + 1;

		if (**step == '|') {
			(void)close(fd);
			fd = accept4(listening, NULL, NULL, SOCK_CLOEXEC);
		} else if (**step == '<') {
			(void)!write(fd, text, strlen(text));
			(void)!write(fd, "\r\n", 2);
		} else if (!read_line(fd, line, sizeof(line)) ||
			   strcmp(line, text) != 0) {
			(void)snprintf(fault, sizeof(fault),
			    "got '%.100s', not '%.100s'", line, text);
			break;
		}
	}
	/* Nobody waits for a greeting that does not come. */
	do
		(void)close(fd);
	while ((fd = accept4(listening, NULL, NULL, SOCK_CLOEXEC)) >= 0);
	return NULL;
}

static int
declare(struct hl_ctx *ctx)
{
	struct hl_smtp_hops hops = { .where = NULL };
	struct hl_smtp_options options = { .tls_ca = HL_STR("/ca.pem") };

	EXPECT_INT(hl_smtp_hops(ctx, hl_text(where), 25, &hops, NULL), 0);
	EXPECT_INT(hl_smtp_need(ctx, &hops, &options), 0);
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
	assert_int_equal(fcntl(listening, F_SETFL, 0), 0); /* it waits */
	(void)snprintf(where, sizeof(where), "127.0.0.1:%u", port);
	fixture_probe_load = declare;
	fault[0] = '\0';
	return 0;
}

static int
teardown(void **state)
{
	(void)close(listening);
	fixture_probe_load = NULL;
	return fixture_teardown(state);
}

static void
run(struct fixture *f, const char *const *lines,
    enum hl_verdict (*fn)(struct hl_ctx *ctx))
{
	pthread_t thread;

	fixture_write(f, "me", "mx.example\n");
	fixture_txn(f);
	fixture_message(f, message);
	script = lines;
	assert_int_equal(pthread_create(&thread, NULL, play, NULL), 0);
	fixture_hook(f, HOOK_QUEUE, fn);
	(void)shutdown(listening, SHUT_RDWR);
	(void)pthread_join(thread, NULL);
	assert_string_equal(fault, "");
}

/* ---- where ---- */

static const struct {
	const char *list, *first; /* NULL: it is wrong */
	size_t count;
} lists[] = {
	{ "a.example", "a.example:25", 1 },
	{ "a.example:26", "a.example:26", 1 },
	{ "192.0.2.1,b.example", "192.0.2.1:25", 2 },
	{ "2001:db8::1", "[2001:db8::1]:25", 1 },
	{ "[2001:db8::1]", "[2001:db8::1]:25", 1 },
	{ "[2001:db8::1]:26", "[2001:db8::1]:26", 1 },
	{ "unix:/run/x", "unix:/run/x", 1 },
	{ "mx:a.example", "mx:a.example:25", 1 },
	{ "mx:a.example:26", "mx:a.example:26", 1 },
	{ "smtps:a.example", "smtps:a.example:465", 1 },
	{ "smtps:a.example:26,b", "smtps:a.example:26", 2 },
	{ "smtps:[2001:db8::1]", "smtps:[2001:db8::1]:465", 1 },
	{ "smtps:", NULL, 0 },
	{ "smtps:mx:a.example", NULL, 0 },
	{ "smtps:unix:/run/x", NULL, 0 },
	{ "", NULL, 0 },
	{ "a,,b", NULL, 0 },
	{ ",a", NULL, 0 },
	{ "a:0", NULL, 0 },
	{ "a:", NULL, 0 },
	{ ":25", NULL, 0 },
	{ "a:65536", NULL, 0 },
	{ "a:b", NULL, 0 },
	{ "a/b", NULL, 0 },
	{ "mx:", NULL, 0 },
	{ "unix:x/y", NULL, 0 },
	{ "a,a,a,a,a,a,a,a,a,a,a,a,a,a,a,a,a", NULL, 0 },
};

static enum hl_verdict
parse_lists(struct hl_ctx *ctx)
{
	for (size_t i = 0; i < ARRAY_SIZE(lists); i++) {
		struct hl_smtp_hops hops = { .where = NULL };
		hl_str bad = HL_STR("");
		int rc =
		    hl_smtp_hops(ctx, hl_text(lists[i].list), 25, &hops, &bad);

		if (lists[i].first == NULL) {
			EXPECT_INT(rc, -EINVAL);
			continue;
		}
		EXPECT_INT(rc, 0);
		EXPECT_INT(hops.count, lists[i].count);
		if (hops.count > 0)
			EXPECT_TEXT(hops.where[0], lists[i].first);
	}
	return HL_DECLINED;
}

static void
test_hops(void **state)
{
	fixture_hook(*state, HOOK_CONNECT, parse_lists);
}

/* ---- step by step ---- */

static const char *const two_messages[] = { "<220 a", ">EHLO mx.example",
	"<250-a\r\n250-PIPELINING\r\n250 SIZE",
	">MAIL FROM:<sender@from.example> SIZE=27",
	">RCPT TO:<rcpt@to.example>", ">DATA", "<250 ok\r\n250 ok\r\n354 go",
	">Subject: x", ">", ">Text.", ">..dot", ">.", "<250 2.0.0 as N1",
	">MAIL FROM:<> SIZE=27", ">RCPT TO:<b@c.example>",
	">RCPT TO:<d@e.example>",
	"<250 ok\r\n550-5.1.1 no\r\n550 5.1.1 way\r\n251 ok", ">RSET",
	"<250 ok", NULL };
static const struct hl_smtp_options keeping = { .messages = 9 };

static enum hl_verdict
send_first(struct hl_ctx *ctx)
{
	struct hl_smtp *smtp = NULL;
	struct hl_smtp_mail mail;

	EXPECT_INT(hl_smtp_open(ctx, hl_text(where), &keeping, &smtp, NULL), 0);
	if (smtp == NULL)
		return HL_DECLINED;
	EXPECT(hl_smtp_is_fresh(smtp));
	EXPECT(!hl_smtp_is_in_tls(smtp));
	EXPECT(hl_smtp_has(smtp, HL_STR("pipelining")));
	EXPECT(!hl_smtp_has(smtp, HL_STR("DSN")));
	EXPECT(!hl_smtp_has(smtp, HL_STR("what")));
	hl_smtp_mail(ctx, &mail);
	EXPECT_TEXT(mail.sender, "sender@from.example");
	EXPECT_INT(mail.size, sizeof(message) - 1);
	EXPECT_INT(mail.count, 1);
	EXPECT_INT(hl_smtp_envelope(smtp, &mail), 1);
	EXPECT_INT(mail.rcpts[0].reply.code, 250);
	EXPECT_INT(hl_smtp_message(smtp, &mail), 0);
	EXPECT(mail.ended);
	EXPECT_INT(mail.reply.code, 250);
	EXPECT_TEXT(mail.reply.enhanced, "2.0.0");
	EXPECT_TEXT(mail.reply.text, "as N1");
	hl_smtp_close(&smtp);
	EXPECT(smtp == NULL);
	hl_smtp_close(&smtp);
	return HL_DECLINED;
}

/* Over the same connection, which has kept what the server offers. */
static void
ask_second(struct hl_ctx *ctx)
{
	struct hl_smtp_rcpt rcpts[] = { { .address = HL_STR("b@c.example") },
		{ .address = HL_STR("d@e.example") } };
	struct hl_smtp_mail mail = { .size = 27, .rcpts = rcpts, .count = 2 };
	struct hl_smtp *smtp = NULL;

	EXPECT_INT(hl_smtp_open(ctx, hl_text(where), &keeping, &smtp, NULL), 0);
	if (smtp == NULL)
		return;
	EXPECT(!hl_smtp_is_fresh(smtp));
	rcpts[0].address = HL_STR("b@c.example>\r\nRSET");
	EXPECT_INT(hl_smtp_envelope(smtp, &mail), -EINVAL);
	rcpts[0].address = HL_STR("b@c.example");
	EXPECT_INT(hl_smtp_envelope(smtp, &mail), 1);
	EXPECT_INT(rcpts[0].reply.code, 550);
	EXPECT_TEXT(rcpts[0].reply.enhanced, "5.1.1");
	EXPECT_TEXT(rcpts[0].reply.text, "no\nway");
	EXPECT_INT(rcpts[1].reply.code, 251);
	EXPECT_INT(mail.reply.code, 0);
	hl_smtp_close(&smtp);
}

static enum hl_verdict
send_both(struct hl_ctx *ctx)
{
	(void)send_first(ctx);
	ask_second(ctx);
	return HL_DECLINED;
}

static void
test_steps(void **state)
{
	run(*state, two_messages, send_both);
}

static const char *const refusals[] = { "<554 5.3.2 no mail", "|", "<421 later",
	"|", "<what", "|", "<220 a", ">EHLO mx.example", "<250 a", NULL };

static enum hl_verdict
open_refused(struct hl_ctx *ctx)
{
	static const struct hl_smtp_options in_tls = {
		.tls = HL_SMTP_TLS_REQUIRE
	};
	static const int want[] = { -EPERM, -EAGAIN, -EPROTO, -ENOTSUP };
	static const char *const why[] = { "greeting: it said 554 no mail",
		"greeting: it said 421 later",
		"it speaks another protocol: what",
		"it does not offer STARTTLS" };

	for (size_t i = 0; i < ARRAY_SIZE(want); i++) {
		struct hl_smtp *smtp = NULL;
		hl_str got = HL_STR("");

		EXPECT_INT(
		    hl_smtp_open(ctx, hl_text(where), &in_tls, &smtp, &got),
		    want[i]);
		EXPECT(smtp == NULL);
		EXPECT_TEXT(got, hl_printf(ctx, "%s: %s", where, why[i]).p);
	}
	return HL_DECLINED;
}

static void
test_refused(void **state)
{
	run(*state, refusals, open_refused);
}

/* ---- a whole delivery ---- */

static enum hl_verdict
deliver(struct hl_ctx *ctx)
{
	static const struct hl_smtp_options once = { .lmtp = true };
	struct hl_smtp_hops hops = { .where = NULL };

	EXPECT_INT(hl_smtp_hops(ctx, hl_text(where), 24, &hops, NULL), 0);
	return hl_smtp_deliver(ctx, &hops, &once);
}

static const char *const by_lmtp[] = { "<220 a", ">LHLO mx.example", "<250 a",
	">MAIL FROM:<sender@from.example>", "<250 ok",
	">RCPT TO:<rcpt@to.example>", "<250 ok", ">DATA", "<354 go",
	">Subject: x", ">", ">Text.", ">..dot", ">.", "<250 2.0.0 as N1",
	">QUIT", NULL };

static void
test_deliver(void **state)
{
	struct fixture *f = *state;

	run(f, by_lmtp, deliver);
	assert_int_equal(f->outcome.column, COLUMN_OK);
	assert_true(slice_eq_text(buf_slice(&f->text), "queued as N1"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_hops, setup, teardown),
		cmocka_unit_test_setup_teardown(test_steps, setup, teardown),
		cmocka_unit_test_setup_teardown(test_refused, setup, teardown),
		cmocka_unit_test_setup_teardown(test_deliver, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
