/* SPDX-License-Identifier: MIT */
/* test_connection_time.c - connection_time. */
#include "plugin_test.h"

static void
check(const char *words, const char *level)
{
	assert_int_equal(plugin_load(words), 0);
	fixture_pass_ms(f, 10);
	assert_int_equal(plugin_run(HOOK_PRE_CONNECTION), COLUMN_NONE);
	fixture_pass_ms(f, 61005);
	assert_int_equal(plugin_run(HOOK_POST_CONNECTION), COLUMN_NONE);
	assert_true(plugin_logged_at(level,
	    "plugin=connection_time hook=post-connection text=\"61.005 s.\""));
}

static void
test_time(void **state)
{
	(void)state;
	check("", "info ");
}

static void
test_level(void **state)
{
	(void)state;
	check("LOGNOTICE", "notice ");
}

static void
test_loglevel(void **state)
{
	(void)state;
	check("loglevel -2", "warn ");
}

/* The session never came to its pre-connection. */
static void
test_no_start(void **state)
{
	(void)state;
	assert_int_equal(plugin_load(""), 0);
	assert_int_equal(plugin_run(HOOK_POST_CONNECTION), COLUMN_NONE);
	assert_false(plugin_logged(" s."));
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		PLUGIN_TEST(test_time),
		PLUGIN_TEST(test_level),
		PLUGIN_TEST(test_loglevel),
		PLUGIN_TEST(test_no_start),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
