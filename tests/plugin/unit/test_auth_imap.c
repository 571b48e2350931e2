/* SPDX-License-Identifier: MIT */
/* test_auth_imap.c - auth/auth_imap against a scripted server. */
#include "auth_test.h"

#include "../../unit/net/tls_peer.h"

#define RESPONSE "AHRpbQBwZW4iY2lsXCA3"
#define HELLO "<* OK [CAPABILITY IMAP4rev1] hello"
#define GIVE ">b AUTHENTICATE PLAIN", "<+ ", ">" RESPONSE

static void
begin(const char *more)
{
	char words[400];

	service_open(f, false);
	(void)snprintf(words, sizeof(words), "127.0.0.1 %u timeout 5s%s",
	    service.port, more);
	assert_int_equal(plugin_load(words), 0);
}

static const struct {
	const char *label;
	enum hook_column column;
	const char *why; /* with COLUMN_DONE */
	const char *script[16];
} cases[] = {
	{ "right", COLUMN_OK, NULL,
	    { HELLO, GIVE, "<* CAPABILITY IMAP4rev1 IDLE", "<b OK welcome",
		">c LOGOUT", "<* BYE", "<c OK" } },
	{ "wrong", COLUMN_DENY, NULL,
	    { HELLO, GIVE, "<b NO [AUTHENTICATIONFAILED] no" } },
	{ "wrong, no code", COLUMN_DENY, NULL, { HELLO, GIVE, "<b NO no" } },
	{ "without AUTHENTICATE", COLUMN_OK, NULL,
	    { HELLO, ">b AUTHENTICATE PLAIN", "<b BAD what?", ">b LOGIN {3}",
		"<+ go on", ">tim {10}", "<+ go on", ">" PASSWORD,
		"<b OK LOGIN" } },
	{ "neither", COLUMN_DENY, NULL,
	    { HELLO, ">b AUTHENTICATE PLAIN", "<b NO", ">b LOGIN {3}",
		"<b NO not here" } },
	{ "without AUTHENTICATE, wrong", COLUMN_DENY, NULL,
	    { HELLO, ">b AUTHENTICATE PLAIN", "<b NO", ">b LOGIN {3}", "<+",
		">tim {10}", "<+", ">" PASSWORD, "<b NO no" } },
	{ "unavailable", COLUMN_DONE, "[UNAVAILABLE] backend down",
	    { HELLO, GIVE, "<b NO [UNAVAILABLE] backend down" } },
	{ "bad", COLUMN_DONE, "it refuses to log in",
	    { HELLO, GIVE, "<b BAD what is " PASSWORD "?" } },
	{ "bye", COLUMN_DONE, "* BYE too busy", { "<* BYE too busy" } },
	{ "bye later", COLUMN_DONE, "* BYE shutdown",
	    { HELLO, GIVE, "<* BYE shutdown" } },
	{ "no IMAP", COLUMN_DONE, "+OK POP3 ready", { "<+OK POP3 ready" } },
	{ "somebody is logged in", COLUMN_DONE, "* PREAUTH",
	    { "<* PREAUTH hello" } },
	{ "closes", COLUMN_DONE, "Broken pipe", { HELLO, GIVE } },
	{ "hangs at once", COLUMN_DONE, "Timer expired", { "..." } },
	{ "hangs later", COLUMN_DONE, "Timer expired", { HELLO, GIVE, "..." } },
};

static void
test_clear(void **state)
{
	(void)state;
	begin("");
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		const char *last = NULL;

		for (size_t j = 0; cases[i].script[j] != NULL; j++)
			last = cases[i].script[j];
		service_begin(cases[i].script);
		if (strcmp(last, "...") == 0)
			(void)auth_run_mute(5001);
		else
			(void)auth_run();
		service_end();
		if (cases[i].why != NULL)
			auth_was_unavailable(cases[i].label, cases[i].why);
		UNIT_CASE(cases[i].label, f->outcome.column == cases[i].column);
	}
	service_close();
	(void)auth_run();
	auth_was_unavailable("gone", "Connection refused");
}

/* ---- TLS ---- */

static struct tls_peer peer;

static void
say(SSL *ssl, const char *text)
{
	CHECK(SSL_write(ssl, text, (int)strlen(text)) > 0);
}

static bool
hear(SSL *ssl, const char *want)
{
	char line[128] = "";
	int n = SSL_read(ssl, line, sizeof(line) - 1);

	return n > 0 && strncmp(line, want, strlen(want)) == 0;
}

static void
serve(struct tls_peer *tls, SSL *ssl)
{
	(void)tls;
	if (!hear(ssl, "b AUTHENTICATE PLAIN\r\n"))
		return;
	say(ssl, "+ \r\n");
	if (!hear(ssl, RESPONSE "\r\n"))
		return;
	say(ssl, "b OK\r\n");
	(void)hear(ssl, "c LOGOUT\r\n");
}

static void
serve_greeting(struct tls_peer *tls, SSL *ssl)
{
	say(ssl, "* OK\r\n");
	serve(tls, ssl);
}

static void
play_starttls(int fd)
{
	service_say(fd, "* OK hello");
	(void)service_hear(fd);
	service_say(fd, "a OK begin");
	tls_peer_start(&peer, dup(fd), serve);
	tls_peer_join(&peer);
}

static void
play_imaps(int fd)
{
	tls_peer_start(&peer, dup(fd), serve_greeting);
	tls_peer_join(&peer);
}

static enum hook_column
run_tls(const char *words, void (*play)(int fd))
{
	enum hook_column column;

	begin(words);
	service.talk = play;
	service_begin(NULL);
	column = auth_run();
	service_end();
	service_close();
	return column;
}

static enum hook_column
run_tls_ca(const char *words, const char *ca, void (*play)(int fd))
{
	char more[256];

	(void)snprintf(more, sizeof(more), " %s ca_file %s", words, ca);
	return run_tls(more, play);
}

static void
test_starttls(void **state)
{
	(void)state;
	assert_int_equal(
	    run_tls_ca("tls starttls", tls_peer_ca, play_starttls), COLUMN_OK);
	assert_string_equal(service.heard, "a STARTTLS");
}

static void
test_imaps(void **state)
{
	(void)state;
	assert_int_equal(
	    run_tls_ca("tls imaps", tls_peer_ca, play_imaps), COLUMN_OK);
}

static void
test_stranger(void **state)
{
	(void)state;
	(void)run_tls_ca("tls starttls", tls_peer_other, play_starttls);
	auth_was_unavailable("stranger", "certificate verify failed: ");
}

static void
test_stranger_unverified(void **state)
{
	(void)state;
	assert_int_equal(
	    run_tls(" tls starttls verify 0", play_starttls), COLUMN_OK);
}

static void
test_no_starttls(void **state)
{
	static const char *const script[] = { HELLO, ">a STARTTLS",
		"<a BAD unknown", NULL };

	(void)state;
	begin(" tls starttls");
	service_begin(script);
	(void)auth_run();
	service_end();
	/* And not a word more. */
	assert_string_equal(service.heard, "a STARTTLS");
	auth_was_unavailable("no STARTTLS", "a BAD unknown");
	service_close();
}

static int
group_setup(void **state)
{
	(void)state;
	tls_peer_setup();
	return 0;
}

static int
group_teardown(void **state)
{
	(void)state;
	tls_peer_teardown();
	return 0;
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		AUTH_TEST(test_clear),
		AUTH_TEST(test_starttls),
		AUTH_TEST(test_imaps),
		AUTH_TEST(test_stranger),
		AUTH_TEST(test_stranger_unverified),
		AUTH_TEST(test_no_starttls),
	};

	return cmocka_run_group_tests(tests, group_setup, group_teardown);
}
