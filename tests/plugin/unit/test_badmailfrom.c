/* SPDX-License-Identifier: MIT */
/* test_badmailfrom.c - badmailfrom: whom it refuses, and how. */
#include "plugin_test.h"

static const char list[] = "spammer@example.net\tWe had enough.\n@bad.example\n"
			   "^prize\\d+@ No prizes\n";

static void
test_matches(void **state)
{
	static const struct {
		const char *local, *host, *text;
	} cases[] = {
		{ "spammer", "example.net", "We had enough." },
		{ "Spammer", "EXAMPLE.net", "We had enough." },
		{ "xspammer", "example.net", NULL },
		{ "any", "Bad.Example",
		    "Your envelope sender is in my badmailfrom list" },
		{ "any", "sub.bad.example", NULL },
		{ "prize7", "x.example", "No prizes" },
		{ "prize", "x.example", NULL },
		{ "", "", NULL }, /* <> */
		{ "local", "", NULL },
	};

	(void)state;
	fixture_write(f, "badmailfrom", list);
	assert_int_equal(plugin_load(""), 0);
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		enum hook_column column =
		    plugin_run_addr(HOOK_MAIL, cases[i].local, cases[i].host);

		UNIT_CASE(cases[i].local,
		    column ==
			(cases[i].text != NULL ? COLUMN_DENY : COLUMN_NONE));
		plugin_says(cases[i].text != NULL ? cases[i].text : "");
	}
	assert_int_equal(note_int("karma"), -4);
}

static void
test_arguments(void **state)
{
	static const struct {
		const char *words;
		enum hook_column column;
	} cases[] = {
		{ "reject 0", COLUMN_NONE },
		{ "reject 1", COLUMN_DENY },
		{ "reject_type temp", COLUMN_DENYSOFT },
		{ "reject_type soft", COLUMN_DENYSOFT },
		{ "reject_type perm", COLUMN_DENY },
		{ "reject_type hard", COLUMN_DENY },
		{ "reject_type disconnect", COLUMN_DENY_DISCONNECT },
		{ "reject_type temp_disconnect reject 1",
		    COLUMN_DENYSOFT_DISCONNECT },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		fixture_write(f, "badmailfrom", list);
		assert_int_equal(plugin_load(cases[i].words), 0);
		UNIT_CASE(cases[i].words,
		    plugin_run_addr(HOOK_MAIL, "a", "bad.example") ==
			cases[i].column);
		(void)fixture_teardown(state);
		(void)plugin_setup(state);
	}
	plugin_load_fails("reject maybe", "0|1|naughty");
}

static void
test_naughty(void **state)
{
	struct hl_value *value;

	(void)state;
	fixture_write(f, "badmailfrom", list);
	assert_int_equal(plugin_load("reject naughty reject_type temp"), 0);
	for (int i = 0; i < 2; i++)
		assert_int_equal(
		    plugin_run_addr(HOOK_MAIL, "prize7", "x.example"),
		    COLUMN_NONE);
	value = notes_get(f->conv.notes, SLICE_LIT("naughty"));
	assert_string_equal(value_as_text(value).p, "No prizes\nNo prizes");
	value_unref(&value);
	value = notes_get(f->conv.notes, SLICE_LIT("naughty_reject_type"));
	assert_string_equal(value_as_text(value).p, "temp");
	value_unref(&value);
	assert_true(
	    plugin_logged_at("info ", "plugin=badmailfrom hook=mail "
				      "text=\"fail, NAUGHTY, No prizes\""));
}

static void
test_immune(void **state)
{
	(void)state;
	fixture_write(f, "badmailfrom", list);
	assert_int_equal(plugin_load(""), 0);
	f->conv.facts.relay_client = true;
	assert_int_equal(
	    plugin_run_addr(HOOK_MAIL, "a", "bad.example"), COLUMN_NONE);
	assert_true(plugin_logged("skip, relay client"));
	f->conv.facts.relay_client = false;
	set_note("whitelisthost", 1);
	assert_int_equal(
	    plugin_run_addr(HOOK_MAIL, "a", "bad.example"), COLUMN_NONE);
	assert_true(plugin_logged("skip, whitelisted host"));
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		PLUGIN_TEST(test_matches),
		PLUGIN_TEST(test_arguments),
		PLUGIN_TEST(test_naughty),
		PLUGIN_TEST(test_immune),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
