/* SPDX-License-Identifier: MIT */
/* test_count_unrecognized_commands.c - count_unrecognized_commands. */
#include "plugin_test.h"

static void
check(const char *words, unsigned max)
{
	assert_int_equal(plugin_load(words), 0);
	args.a = STR_LIT("foo");
	args.b = STR_LIT("bar");
	for (unsigned i = 1; i < max; i++) {
		assert_int_equal(
		    plugin_run(HOOK_UNRECOGNIZED_COMMAND), COLUMN_NONE);
		assert_int_equal(note_int("unrec_cmd_count"), i);
	}
	assert_int_equal(
	    plugin_run(HOOK_UNRECOGNIZED_COMMAND), COLUMN_DENY_DISCONNECT);
}

static void
test_default(void **state)
{
	(void)state;
	check("", 4);
	plugin_says("Closing connection, 4 unrecognized commands. "
		    "Perhaps you should read RFC 5321?");
	assert_true(plugin_logged("text=\"'foo', (3)\""));
}

static void
test_other(void **state)
{
	(void)state;
	check("1", 1);
}

static void
test_arguments(void **state)
{
	(void)state;
	plugin_load_fails("0", "from 1");
	plugin_load_fails("many", "from 1");
	plugin_load_fails("4 4", "unknown argument");
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		PLUGIN_TEST(test_default),
		PLUGIN_TEST(test_other),
		PLUGIN_TEST(test_arguments),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
