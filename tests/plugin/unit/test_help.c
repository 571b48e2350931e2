/* SPDX-License-Identifier: MIT */
/* test_help.c - help: which file, and no other. */
#include "plugin_test.h"

static void
ask(const char *rest, const char *text)
{
	args.a = str_of(rest);
	assert_int_equal(plugin_run(HOOK_HELP), COLUMN_OK);
	plugin_says(text);
}

/* Answered by hl_reply. */
static void
refused(const char *rest, const char *reply)
{
	args.a = str_of(rest);
	buf_clear(&f->replies);
	assert_int_equal(plugin_run(HOOK_HELP), COLUMN_DONE);
	assert_true(slice_eq_text(buf_slice(&f->replies), reply));
}

static void
test_directory(void **state)
{
	(void)state;
	fixture_write(f, "help/mail", "MAIL FROM:<address>\nbegins\n\n");
	fixture_write(f, "help/empty", "");
	assert_int_equal(plugin_load(""), 0);
	ask("", "Try 'HELP COMMAND' for getting help on COMMAND");
	ask("mail", "MAIL FROM:<address>\nbegins");
	ask("MAIL", "MAIL FROM:<address>\nbegins");
	ask("empty", "No help available for SMTP command: empty");
	ask("None", "No help available for SMTP command: none");
}

static void
test_other_directory(void **state)
{
	char words[128];

	(void)state;
	fixture_write(f, "texts/noop", "nothing");
	(void)snprintf(
	    words, sizeof(words), "help_dir %s", fixture_path(f, "texts"));
	assert_int_equal(plugin_load(words), 0);
	ask("noop", "nothing");
}

static void
test_pairs(void **state)
{
	char words[256];

	(void)state;
	fixture_write(f, "one", "first");
	fixture_write(f, "help/data", "in the directory");
	(void)snprintf(
	    words, sizeof(words), "DATA one rset %s", fixture_path(f, "one"));
	assert_int_equal(plugin_load(words), 0);
	ask("data", "first");
	ask("RSET", "first");
}

static void
test_nobody_gets_out(void **state)
{
	static const char *const names[] = { "../secret", "/etc/passwd", ".",
		"..", "a b", "mail\t", "\xc3\xa9",
		"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa" };

	(void)state;
	fixture_write(f, "secret", "secret");
	assert_int_equal(plugin_load(""), 0);
	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		refused(names[i], "502 5.5.1 Invalid command name\n");
}

static void
test_not_implemented(void **state)
{
	(void)state;
	assert_int_equal(plugin_load("not_implemented 1"), 0);
	refused("", "502 5.5.1 Not implemented.\n");
	refused("mail", "502 5.5.1 Not implemented.\n");
}

static void
test_arguments(void **state)
{
	(void)state;
	plugin_load_fails("data", "command or file?");
	plugin_load_fails("data ../../secret", "command or file?");
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		PLUGIN_TEST(test_directory),
		PLUGIN_TEST(test_other_directory),
		PLUGIN_TEST(test_pairs),
		PLUGIN_TEST(test_nobody_gets_out),
		PLUGIN_TEST(test_not_implemented),
		PLUGIN_TEST(test_arguments),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
