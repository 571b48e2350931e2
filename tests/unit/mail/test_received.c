/* SPDX-License-Identifier: MIT */
/* test_received.c - the Received field and the counting of hops. */
#include "mail_test.h"

#include <time.h>

#include "base/err.h"
#include "mail/received.h"

/* 2026-11-23 01:49:48 UTC */
#define DATE_US 1795398588000000

static struct inet_addr
ip(const char *text)
{
	struct inet_addr addr = { 0 };

	if (text[0] != '\0')
		assert_int_equal(inet_parse(slice_of(text), &addr), 0);
	return addr;
}

static const struct {
	const char *title, *helo, *name, *ip, *tls, *rcpt, *want;
} cases[] = {
	{ "plain", "client.example", "mail.client.example", "192.0.2.1", "", "",
	    "from client.example (mail.client.example [192.0.2.1])\n"
	    "\tby mx.example (hookline/1.2) with ESMTP id 4F-1;\n"
	    "\tMon, 23 Nov 2026 01:49:48 +0000" },
	{ "recipient", "c", "n", "192.0.2.1", "", "a@b.example",
	    "from c (n [192.0.2.1])\n"
	    "\tby mx.example (hookline/1.2) with ESMTP id 4F-1\n"
	    "\tfor <a@b.example>; Mon, 23 Nov 2026 01:49:48 +0000" },
	{ "tls", "c", "n", "192.0.2.1", "TLSv1.3 TLS_AES_256_GCM_SHA384", "",
	    "from c (n [192.0.2.1])\n"
	    "\tby mx.example (hookline/1.2) with ESMTP id 4F-1\n"
	    "\t(TLSv1.3 TLS_AES_256_GCM_SHA384);"
	    " Mon, 23 Nov 2026 01:49:48 +0000" },
	{ "tls and recipient", "c", "n", "192.0.2.1",
	    "TLSv1.3 TLS_AES_256_GCM_SHA384", "a@b.example",
	    "from c (n [192.0.2.1])\n"
	    "\tby mx.example (hookline/1.2) with ESMTP id 4F-1\n"
	    "\t(TLSv1.3 TLS_AES_256_GCM_SHA384) for <a@b.example>;\n"
	    "\tMon, 23 Nov 2026 01:49:48 +0000" },
	{ "IPv6", "[IPv6:2001:db8::1]", "", "2001:db8::1", "", "",
	    "from [IPv6:2001:db8::1] (Unknown [IPv6:2001:db8::1])\n"
	    "\tby mx.example (hookline/1.2) with ESMTP id 4F-1;\n"
	    "\tMon, 23 Nov 2026 01:49:48 +0000" },
	{ "no look-ups", "c", "[192.0.2.1]", "192.0.2.1", "", "",
	    "from c ([192.0.2.1])\n"
	    "\tby mx.example (hookline/1.2) with ESMTP id 4F-1;\n"
	    "\tMon, 23 Nov 2026 01:49:48 +0000" },
	{ "no address", "", "localhost", "", "", "",
	    "from unknown (localhost)\n"
	    "\tby mx.example (hookline/1.2) with ESMTP id 4F-1;\n"
	    "\tMon, 23 Nov 2026 01:49:48 +0000" },
	{ "nonsense", "a;b(c)\"d\\e f\n g\x01\xc3", "x) (y\r\nEvil: z",
	    "192.0.2.1", "", "a\nb@c",
	    "from a?b?c??d?e?f??g?? (x???y??Evil:?z [192.0.2.1])\n"
	    "\tby mx.example (hookline/1.2) with ESMTP id 4F-1\n"
	    "\tfor <a?b@c>; Mon, 23 Nov 2026 01:49:48 +0000" },
};

static void
test_value(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct received_facts facts = {
			.helo = slice_of(cases[i].helo),
			.name = slice_of(cases[i].name),
			.ip = ip(cases[i].ip),
			.me = SLICE_LIT("mx.example"),
			.version = SLICE_LIT("1.2"),
			.proto = SLICE_LIT("ESMTP"),
			.id = SLICE_LIT("4F-1"),
			.tls = slice_of(cases[i].tls),
			.rcpt = slice_of(cases[i].rcpt),
			.date = { DATE_US },
		};
		struct buf out = BUF_INIT;

		received_value(&facts, &out);
		unit_slice_is(cases[i].title, buf_slice(&out), cases[i].want);
		buf_done(&out);
	}
}

/* Whatever a client says, the field can be added. */
static void
test_any_bytes_fit(void **state)
{
	static char text[600];
	struct header header;
	struct body body = { 0 };

	(void)state;
	header_init(&header, &body, NULL);
	for (unsigned c = 0; c < 256; c++) {
		struct received_facts facts = { .date = { DATE_US } };
		struct slice fact = { text, sizeof(text) };
		struct buf out = BUF_INIT;
		struct err err = { 0 };

		memset(text, (int)c, sizeof(text));
		facts.helo = facts.name = facts.me = facts.version =
		    facts.proto = facts.id = facts.tls = facts.rcpt = fact;
		facts.me.n = facts.version.n = facts.proto.n = facts.id.n =
		    facts.tls.n = facts.rcpt.n = 200;
		received_value(&facts, &out);
		assert_int_equal(header_add_top(&header, SLICE_LIT("Received"),
				     buf_slice(&out), &err),
		    0);
		buf_done(&out);
	}
	assert_int_equal(received_count(&header), 256);
	header_done(&header);
}

static void
test_count(void **state)
{
	struct test_store test;
	struct message message;

	(void)state;
	test_store_init(&test, 0);
	test_message(&message, &test, 1000,
	    SLICE_LIT("Received: a\r\nX-Received: b\r\nRECEIVED : c\r\n"
		      " Received: fold\r\nreceived:\r\n\r\nReceived: body"));
	assert_int_equal(received_count(&message.header), 3);
	message_done(&message);
	test_store_done(&test);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_value),
		cmocka_unit_test(test_any_bytes_fit),
		cmocka_unit_test(test_count),
	};

	(void)setenv("TZ", "UTC", 1);
	tzset();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
