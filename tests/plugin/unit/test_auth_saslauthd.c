/* SPDX-License-Identifier: MIT */
/* test_auth_saslauthd.c - auth/auth_saslauthd against one of the test's. */
#include "auth_test.h"

static char question[512];
static ssize_t question_n;
static const char *says;
static size_t says_n;

static void
play(int fd)
{
	question_n = read(fd, question, sizeof(question));
	if (says == NULL)
		service_wait_for_end(fd);
	else
		(void)send(fd, says, says_n, MSG_NOSIGNAL);
}

static void
begin(const char *more)
{
	char words[160];

	service_open(f, true);
	service.talk = play;
	(void)snprintf(
	    words, sizeof(words), "socket %s timeout 5s%s", service.path, more);
	assert_int_equal(plugin_load(words), 0);
}

static enum hook_column
ask(const char *bytes, size_t n)
{
	enum hook_column column;

	says = bytes;
	says_n = n;
	service_begin(NULL);
	column = auth_run();
	service_end();
	return column;
}

#define ASK(literal) ask(literal, sizeof(literal) - 1)

static void
test_answers(void **state)
{
	static const char want[] =
	    "\0\3tim\0\12" PASSWORD "\0\4smtp\0\14mail.example";

	(void)state;
	begin(" realm mail.example");
	assert_int_equal(ASK("\0\2OK"), COLUMN_OK);
	assert_int_equal(question_n, sizeof(want) - 1);
	assert_memory_equal(question, want, sizeof(want) - 1);
	assert_int_equal(ASK("\0\23OK no more is known"), COLUMN_OK);
	assert_int_equal(ASK("\0\2NO"), COLUMN_DENY);
	assert_int_equal(ASK("\0\21NO PAM auth error"), COLUMN_DENY);
	service_close();
}

static const struct {
	const char *label, *bytes, *why;
	size_t n;
} failures[] = {
#define CASE(label, bytes, why)                      \
	{                                            \
		label, bytes, why, sizeof(bytes) - 1 \
	}
	CASE("alert", "\0\40NO [ALERT] Couldn't contact remo",
	    "saslauthd says NO [ALERT] Couldn't contact remo"),
	CASE("internal", "\0\33NO saslauthd internal error", "internal error"),
	CASE("look-up", "\0\32NO Username lookup failure", "lookup failure"),
	CASE("closes", "", "no answer: Broken pipe"),
	CASE("cut in the length", "\0", "no answer: Broken pipe"),
	CASE("cut", "\0\12OK", "no answer: Broken pipe"),
	CASE("too long", "\xff\xffOK", "no answer: Protocol error"),
	CASE("too short", "\0\1O", "no answer: Protocol error"),
	CASE("garbage", "\0\3BAD", "no answer: Protocol error"),
};

static void
test_failures(void **state)
{
	(void)state;
	begin("");
	for (size_t i = 0; i < ARRAY_SIZE(failures); i++) {
		(void)ask(failures[i].bytes, failures[i].n);
		auth_was_unavailable(failures[i].label, failures[i].why);
	}
	says = NULL;
	service_begin(NULL);
	(void)auth_run_mute(5001);
	service_end();
	auth_was_unavailable("hangs", "no answer: Timer expired");
	/* Afterwards all is well again. */
	assert_int_equal(ASK("\0\2OK"), COLUMN_OK);
	service_close();
	(void)auth_run();
	auth_was_unavailable("gone", "Connection refused");
}

static void
test_too_long(void **state)
{
	char longest[300];

	(void)state;
	begin("");
	memset(longest, 'x', sizeof(longest));
	longest[256] = '\0';
	attempt.user = str_of(longest);
	assert_int_equal(ASK("\0\2NO"), COLUMN_DENY);
	assert_int_equal(question[0], 1);
	assert_int_equal(question[1], 0);
	/* saslauthd would hang up on it; it is not asked. */
	longest[256] = 'x';
	longest[257] = '\0';
	attempt.user = str_of(longest);
	assert_int_equal(auth_run(), COLUMN_DENY);
	attempt.user = STR_LIT("tim");
	attempt.clear = str_of(longest);
	assert_int_equal(auth_run(), COLUMN_DENY);
	service_close();
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		AUTH_TEST(test_answers),
		AUTH_TEST(test_failures),
		AUTH_TEST(test_too_long),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
