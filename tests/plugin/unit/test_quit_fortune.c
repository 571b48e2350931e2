/* SPDX-License-Identifier: MIT */
/* test_quit_fortune.c - quit_fortune: built with a program of the test's. */
#include "plugin_test.h"

#include <stdlib.h>
#include <sys/stat.h>

/* FORTUNE is in a directory that the build made for it. */
static void
write_program(const char *text)
{
	FILE *file = fopen(FORTUNE, "w");

	assert_non_null(file);
	assert_true(fputs(text, file) >= 0 && fclose(file) == 0);
	assert_int_equal(chmod(FORTUNE, 0755), 0);
}

static void
test_fortune(void **state)
{
	(void)state;
	write_program("#!/bin/sh\nprintf 'To be $1\\nor\\tnot $1\\n'\n");
	assert_int_equal(plugin_load(""), 0);
	assert_int_equal(plugin_run(HOOK_QUIT), COLUMN_OK);
	plugin_says("mx.example closing connection.\n  / To be $1\n"
		    "  / or not $1");
	(void)unlink(FORTUNE);
}

static void
test_argument(void **state)
{
	(void)state;
	write_program("#!/bin/sh\necho \"$*\"\n");
	assert_int_equal(plugin_load(""), 0);
	assert_int_equal(plugin_run(HOOK_QUIT), COLUMN_OK);
	plugin_says("mx.example closing connection.\n  / -s");
	(void)unlink(FORTUNE);
}

static void
test_not_for_esmtp(void **state)
{
	(void)state;
	write_program("#!/bin/sh\necho hello\n");
	f->conv.facts.esmtp = true;
	assert_int_equal(plugin_load(""), 0);
	assert_int_equal(plugin_run(HOOK_QUIT), COLUMN_NONE);
	(void)unlink(FORTUNE);
}

static void
test_no_program(void **state)
{
	(void)state;
	(void)unlink(FORTUNE);
	assert_int_equal(plugin_load(""), 0);
	assert_int_equal(plugin_run(HOOK_QUIT), COLUMN_NONE);
	plugin_says("");
}

static void
test_program_fails(void **state)
{
	(void)state;
	write_program("#!/bin/sh\necho no\nexit 1\n");
	assert_int_equal(plugin_load(""), 0);
	assert_int_equal(plugin_run(HOOK_QUIT), COLUMN_NONE);
	(void)unlink(FORTUNE);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		PLUGIN_TEST(test_fortune),
		PLUGIN_TEST(test_argument),
		PLUGIN_TEST(test_not_for_esmtp),
		PLUGIN_TEST(test_no_program),
		PLUGIN_TEST(test_program_fails),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
