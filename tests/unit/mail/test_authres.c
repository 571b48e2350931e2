/* SPDX-License-Identifier: MIT */
/* test_authres.c - Authentication-Results: foreign ones go, ours comes. */
#include "mail_test.h"

#include "mail/authres.h"

#define ID SLICE_LIT("mx.example")
#define DKIM_ALL                                    \
	"DKIM-Signature: v=1; h=From : Subject\r\n" \
	" : AUTHENTICATION-Results : To; b=abc\r\n"

static const struct {
	const char *name, *sent, *want;
	int renamed;
} cases[] = {
	{ "none", "A: 1\r\n\r\n", "A: 1\r\n", 0 },
	{ "one", "Authentication-Results: x.example; spf=pass\r\n\r\n",
	    "Original-Authentication-Results: x.example; spf=pass\r\n", 1 },
	/* In qpsmtpd one of every two survived. */
	{ "several",
	    "Authentication-Results: a\r\nAuthentication-Results: b\r\n"
	    "Authentication-Results: c\r\nAuthentication-Results: d\r\n\r\n",
	    "Original-Authentication-Results: a\r\n"
	    "Original-Authentication-Results: b\r\n"
	    "Original-Authentication-Results: c\r\n"
	    "Original-Authentication-Results: d\r\n",
	    4 },
	{ "any spelling",
	    "AUTHENTICATION-RESULTS:mx.example; auth=pass\r\n"
	    "authentication-results :\r\n mx.example;\r\n\tauth=pass\r\n"
	    "Authentication-Results\t: MX.Example\r\n\r\n",
	    "Original-Authentication-Results:mx.example; auth=pass\r\n"
	    "Original-Authentication-Results :\r\n mx.example;\r\n"
	    "\tauth=pass\r\n"
	    "Original-Authentication-Results\t: MX.Example\r\n",
	    3 },
	{ "others stay",
	    "ARC-Authentication-Results: i=1; a\r\n"
	    "Authentication-Result: b\r\n"
	    "Original-Authentication-Results: c\r\n\r\n"
	    "Authentication-Results: body\r\n",
	    "ARC-Authentication-Results: i=1; a\r\n"
	    "Authentication-Result: b\r\n"
	    "Original-Authentication-Results: c\r\n",
	    0 },
	{ "covered by a signature",
	    DKIM_ALL "Authentication-Results: x.example; a\r\n\r\n",
	    DKIM_ALL "Authentication-Results: x.example; a\r\n", 0 },
	{ "signature covers others",
	    "DKIM-Signature: v=1; h=From:X-Authentication-Results; b=\r\n"
	    "Authentication-Results: x.example\r\n\r\n",
	    "DKIM-Signature: v=1; h=From:X-Authentication-Results; b=\r\n"
	    "Original-Authentication-Results: x.example\r\n",
	    1 },
	{ "second signature covers",
	    "DKIM-Signature: v=1; h=From; b=\r\n" DKIM_ALL
	    "Authentication-Results: x.example\r\n\r\n",
	    "DKIM-Signature: v=1; h=From; b=\r\n" DKIM_ALL
	    "Authentication-Results: x.example\r\n",
	    0 },
	/* RFC 8601 5: ours are renamed all the same. */
	{ "ours, covered",
	    DKIM_ALL
	    "Authentication-Results: mx.example; a\r\n"
	    "Authentication-Results: x.example; b\r\n"
	    "Authentication-Results: (c (d\\)) e)\r\n MX.EXAMPLE 1; f\r\n"
	    "Authentication-Results: \"mx.\\example\"; g\r\n"
	    "Authentication-Results: mx.example(h)\r\n"
	    "Authentication-Results: mx.example.net; i\r\n"
	    "Authentication-Results: mx.exampl; j\r\n"
	    "Authentication-Results: ;\r\n\r\n",
	    DKIM_ALL "Original-Authentication-Results: mx.example; a\r\n"
		     "Authentication-Results: x.example; b\r\n"
		     "Original-Authentication-Results: (c (d\\)) e)\r\n"
		     " MX.EXAMPLE 1; f\r\n"
		     "Original-Authentication-Results: \"mx.\\example\"; g\r\n"
		     "Original-Authentication-Results: mx.example(h)\r\n"
		     "Authentication-Results: mx.example.net; i\r\n"
		     "Authentication-Results: mx.exampl; j\r\n"
		     "Authentication-Results: ;\r\n",
	    4 },
};

static void
test_rename(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct test_store test;
		struct message message;
		struct buf all = BUF_INIT;
		struct header *header = &message.header;

		test_store_init(&test, 0);
		test_message(&message, &test, 1000, slice_of(cases[i].sent));
		UNIT_CASE(cases[i].name,
		    authres_rename(header, ID) == cases[i].renamed);
		for (size_t k = 0; k < header_total(header); k++)
			buf_add_slice(
			    &all, header_raw(header, header_at(header, k)));
		unit_slice_is(cases[i].name, buf_slice(&all), cases[i].want);
		buf_done(&all);
		message_done(&message);
		test_store_done(&test);
	}
}

/* No room for the new name: the caller must not deliver a forged result. */
static void
test_rename_over_cap(void **state)
{
	struct memory_account account = { .cap = 100 };
	struct message_limits limits = test_limits(1000);
	struct test_store test;
	struct message message;

	(void)state;
	test_store_init(&test, 0);
	message_init(&message, &test.store, &limits, &account);
	assert_int_equal(feed_cut(&message,
			     SLICE_LIT("Authentication-Results: a\r\n"
				       "Authentication-Results: b\r\n\r\n"),
			     0, NULL),
	    0);
	assert_int_equal(message_end(&message), 0);
	assert_int_equal(authres_rename(&message.header, ID), -E2BIG);
	assert_true(account.over);
	message_done(&message);
	assert_int_equal(account.used, 0);
	test_store_done(&test);
}

static const struct {
	const char *name;
	enum authres_auth auth;
	const char *mechanism, *user, *more, *want;
} values[] = {
	{ "none", AUTHRES_NONE, "", "", "", "mx.example; auth=none" },
	{ "pass", AUTHRES_PASS, "PLAIN", "joe", "",
	    "mx.example; auth=pass (PLAIN) smtp.auth=joe" },
	{ "address", AUTHRES_PASS, "CRAM-MD5", "joe@b.example", "",
	    "mx.example; auth=pass (CRAM-MD5) smtp.auth=joe@b.example" },
	{ "fail", AUTHRES_FAIL, "LOGIN", "", "",
	    "mx.example; auth=fail (LOGIN) smtp.auth=\"\"" },
	{ "quoted", AUTHRES_PASS, "PLAIN", "a; b=\"c\\\r\n", "",
	    "mx.example; auth=pass (PLAIN) smtp.auth=\"a; b=\\\"c\\\\??\"" },
	{ "mechanism", AUTHRES_PASS, "a)\n;", "u", "",
	    "mx.example; auth=pass (a?"
	    "?"
	    "?) smtp.auth=u" },
	{ "more", AUTHRES_NONE, "", "",
	    "iprev=pass; spf=fail (x; y) smtp.mailfrom=\"a;b\";\r\n "
	    "dkim=none; ",
	    "mx.example; auth=none;\n\tiprev=pass;\n\t"
	    "spf=fail (x; y) smtp.mailfrom=\"a;b\";\n\tdkim=none;" },
};

static void
test_value(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(values); i++) {
		struct authres_facts facts = {
			.id = ID,
			.auth = values[i].auth,
			.mechanism = slice_of(values[i].mechanism),
			.user = slice_of(values[i].user),
			.more = slice_of(values[i].more),
		};
		struct header header;
		struct body body = { 0 };
		struct buf out = BUF_INIT;

		authres_value(&facts, &out);
		unit_slice_is(values[i].name, buf_slice(&out), values[i].want);
		header_init(&header, &body, NULL);
		UNIT_CASE(values[i].name,
		    header_add_top(&header, SLICE_LIT("Authentication-Results"),
			buf_slice(&out), NULL) == 0);
		header_done(&header);
		buf_done(&out);
	}
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rename),
		cmocka_unit_test(test_rename_over_cap),
		cmocka_unit_test(test_value),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
