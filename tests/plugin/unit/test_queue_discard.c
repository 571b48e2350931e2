/* SPDX-License-Identifier: MIT */
/* test_queue_discard.c - queue/discard. */
#include "plugin_test.h"

static void
test_queued(void **state)
{
	(void)state;
	assert_int_equal(plugin_load(""), 0);
	assert_int_equal(plugin_run(HOOK_QUEUE), COLUMN_OK);
	plugin_says("Queued (and discarded)");
}

static void
test_no_arguments(void **state)
{
	(void)state;
	plugin_load_fails("mail", "queue/discard");
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		PLUGIN_TEST(test_queued),
		PLUGIN_TEST(test_no_arguments),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
