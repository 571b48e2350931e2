/* SPDX-License-Identifier: MIT */
/* test_badrcptto.c - badrcptto: whom it refuses. */
#include "plugin_test.h"

static void
test_matches(void **state)
{
	static const struct {
		const char *local, *host, *text;
	} cases[] = {
		{ "former", "example.com", "has left us" },
		{ "Former", "Example.COM", "has left us" },
		{ "gone", "example.com",
		    "mail to gone@example.com not accepted here" },
		{ "any", "bad.example",
		    "mail to any@bad.example not accepted here" },
		{ "noreply-7", "example.com",
		    "mail to noreply-7@example.com not accepted here" },
		{ "a b", "example.com",
		    "mail to \"a b\"@example.com not accepted here" },
		{ "other", "example.com", NULL },
		{ "postmaster", "", NULL },
	};
	unsigned refused = 0;

	(void)state;
	fixture_write(f, "badrcptto",
	    "former@example.com has left us\ngone@example.com\n@bad.example\n"
	    "^noreply-\n^a\\sb@\n");
	assert_int_equal(plugin_load(""), 0);
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		bool refuses = cases[i].text != NULL;

		UNIT_CASE(cases[i].local,
		    plugin_run_addr(HOOK_RCPT, cases[i].local, cases[i].host) ==
			(refuses ? COLUMN_DENY : COLUMN_NONE));
		plugin_says(refuses ? cases[i].text : "");
		refused += refuses;
	}
	assert_int_equal(note_int("karma"), -2 * (int)refused);
}

static void
test_passes(void **state)
{
	(void)state;
	assert_int_equal(plugin_load(""), 0);
	assert_int_equal(
	    plugin_run_addr(HOOK_RCPT, "a", "b.example"), COLUMN_NONE);
	assert_true(plugin_logged("skip, nothing to compare"));
	fixture_write(f, "badrcptto", "@b.example\n");
	f->conv.facts.relay_client = true;
	assert_int_equal(
	    plugin_run_addr(HOOK_RCPT, "a", "b.example"), COLUMN_NONE);
	f->conv.facts.relay_client = false;
	assert_int_equal(
	    plugin_run_addr(HOOK_RCPT, "a", "b.example"), COLUMN_DENY);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		PLUGIN_TEST(test_matches),
		PLUGIN_TEST(test_passes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
