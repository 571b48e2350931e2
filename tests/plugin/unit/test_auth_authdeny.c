/* SPDX-License-Identifier: MIT */
/* test_auth_authdeny.c - auth/authdeny: nobody, and why. */
#include "plugin_test.h"

#include "hook/auth.h"

static void
test_nobody(void **state)
{
	static const struct hl_auth shown = { .mechanism = STR_LIT("plain"),
		.user = STR_LIT("tim@a.example"),
		.clear = STR_LIT("pencil"),
		.hash = STR_LIT(""),
		.ticket = STR_LIT(""),
		.authzid = STR_LIT("") };

	(void)state;
	assert_int_equal(plugin_load(""), 0);
	args.object = &shown;
	assert_int_equal(plugin_run(HOOK_AUTH), COLUMN_NONE);
	plugin_says("tim@a.example is not free to abuse my relay");
	assert_int_equal(f->outcome.code, 535);
	assert_true(plugin_logged_at("warn", "cannot authenticate"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		PLUGIN_TEST(test_nobody),
	};

	return cmocka_run_group_tests_name("authdeny", tests, NULL, NULL);
}
