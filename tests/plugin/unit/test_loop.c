/* SPDX-License-Identifier: MIT */
/* test_loop.c - loop: counts hops. */
#include "plugin_test.h"

static enum hook_column
hops(const char *words, const char *text)
{
	assert_int_equal(plugin_load(words), 0);
	fixture_message(f, text);
	return plugin_run(HOOK_DATA_POST);
}

static void
test_below(void **state)
{
	(void)state;
	assert_int_equal(
	    hops("4", "Received: 1\r\nDelivered-To: 2\r\nreceived: 3\r\n"
		      "\r\nReceived: body\r\n"),
	    COLUMN_NONE);
}

static void
test_at(void **state)
{
	(void)state;
	assert_int_equal(
	    hops("3", "Received: 1\r\nDelivered-To: 2\r\nreceived: 3\r\n"
		      "\r\n"),
	    COLUMN_DENY);
	plugin_says("Too many hops");
	assert_true(slice_eq_text(buf_slice(&f->enhanced), "5.4.6"));
}

static void
test_default(void **state)
{
	static char text[100 * 13 + 1];

	(void)state;
	for (size_t i = 0; i < 99; i++)
		memcpy(text + i * 13, "Received: x\r\n", 13);
	assert_int_equal(hops("", text), COLUMN_NONE);
}

static void
test_arguments(void **state)
{
	(void)state;
	plugin_load_fails("0", "from 1");
	plugin_load_fails("ten", "from 1");
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		PLUGIN_TEST(test_below),
		PLUGIN_TEST(test_at),
		PLUGIN_TEST(test_default),
		PLUGIN_TEST(test_arguments),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
