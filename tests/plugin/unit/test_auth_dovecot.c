/* SPDX-License-Identifier: MIT */
/* test_auth_dovecot.c - auth/auth_dovecot against a scripted auth service. */
#include "auth_test.h"

/* \0tim\0 and the password */
#define RESPONSE "AHRpbQBwZW4iY2lsXCA3"
/* Ours; a script that says something before it has come may close too early
 * for us. */
#define OURS ">VERSION\t1\t1", ">CPID\t"
#define HELLO                                                   \
	OURS, "<VERSION\t1\t2", "<MECH\tPLAIN\tplaintext",      \
	    "<MECH\tLOGIN\tplaintext", "<SPID\t12", "<CUID\t1", \
	    "<COOKIE\tabc", "<DONE"
#define ASK(id) ">AUTH\t" id "\tPLAIN\tservice=smtp\tlip="
#define ASK_ANY ">AUTH\t"

static void
begin(void)
{
	char words[128];

	service_lf = true;
	service_open(f, true);
	(void)snprintf(
	    words, sizeof(words), "socket unix:%s timeout 5s", service.path);
	assert_int_equal(plugin_load(words), 0);
}

static void
test_right(void **state)
{
	static const char *const script[] = { HELLO, ASK("1"),
		"<OK\t1\tuser=tim@mail.example", ASK("2"), "<FAIL\t2\tuser=tim",
		ASK("3"), "<OK\t3\tuser=a\0011b", NULL };

	(void)state;
	begin();
	service_begin(script);
	assert_int_equal(auth_run(), COLUMN_OK);
	assert_string_equal(given_user, "tim@mail.example");
	/* The connection is kept, and a wrong password does it no harm. */
	assert_int_equal(auth_run(), COLUMN_DENY);
	assert_int_equal(auth_run(), COLUMN_OK);
	assert_string_equal(given_user, "");
	service_end();
	assert_non_null(strstr(service.heard, "\tnologin\tresp=" RESPONSE));
	assert_null(strstr(service.heard, "secured"));
	service_close();
}

static const struct {
	const char *label, *why;
	const char *script[16];
} failures[] = {
	{ "temporary", "Dovecot cannot: passdb down",
	    { HELLO, ASK_ANY, "<FAIL\t~\ttemp\treason=passdb down" } },
	{ "temporary, 2.3", "Dovecot cannot: no reason given",
	    { HELLO, ASK_ANY, "<FAIL\t~\tuser=tim\tcode=temp_fail" } },
	{ "continuation", "cannot understand the answer 'CONT'",
	    { HELLO, ASK_ANY, "<CONT\t~\tabc" } },
	{ "garbage", "Dovecot: Protocol error",
	    { HELLO, ASK_ANY, "<hello, world" } },
	{ "another's answer", "Dovecot: Protocol error",
	    { HELLO, ASK_ANY, "<OK\t~2\tuser=tim" } },
	{ "no PLAIN", "Dovecot: Protocol error",
	    { OURS, "<VERSION\t1\t1", "<MECH\tLOGIN\tplaintext", "<DONE" } },
	{ "another version", "Dovecot: Protocol error",
	    { OURS, "<VERSION\t2\t0", "<MECH\tPLAIN\tplaintext", "<DONE" } },
	{ "no version", "Dovecot: Protocol error",
	    { OURS, "<MECH\tPLAIN\tplaintext", "<DONE" } },
	{ "empty lines", "Dovecot: Protocol error",
	    { OURS, "<", "<MECH", "<VERSION", "<DONE" } },
	{ "closes at once", "Dovecot: ", { NULL } },
	{ "closes before the answer", "Dovecot: Broken pipe",
	    { HELLO, ASK_ANY } },
};

static void
test_failures(void **state)
{
	(void)state;
	begin();
	for (size_t i = 0; i < ARRAY_SIZE(failures); i++) {
		service_begin(failures[i].script);
		(void)auth_run();
		service_end();
		auth_was_unavailable(failures[i].label, failures[i].why);
	}
	service_close();
}

/* A kept connection that Dovecot has closed, before and after the question. */
static void
test_restarted(void **state)
{
	static const char *const script[] = { HELLO, ASK("1"), "<OK\t1", "#",
		HELLO, ASK("2"), "<OK\t2", ASK("3"), "#", HELLO, ASK("3"),
		"<OK\t3", NULL };

	(void)state;
	begin();
	service_begin(script);
	for (int i = 0; i < 3; i++)
		assert_int_equal(auth_run(), COLUMN_OK);
	service_end();
	service_close();
	/* Nobody is there any more. */
	(void)auth_run();
	auth_was_unavailable("gone", "Connection refused");
}

static void
test_hangs(void **state)
{
	static const char *const script[] = { HELLO, ASK("1"), "...", "#",
		HELLO, ASK("2"), "<OK\t2", NULL };

	(void)state;
	begin();
	service_begin(script);
	(void)auth_run_mute(5001);
	auth_was_unavailable("hangs", "Dovecot: Timer expired");
	assert_int_equal(auth_run(), COLUMN_OK);
	service_end();
	service_close();
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		AUTH_TEST(test_right),
		AUTH_TEST(test_failures),
		AUTH_TEST(test_restarted),
		AUTH_TEST(test_hangs),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
