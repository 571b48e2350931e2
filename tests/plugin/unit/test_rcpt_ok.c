/* SPDX-License-Identifier: MIT */
/* test_rcpt_ok.c - rcpt_ok: whose mail is ours. */
#include "plugin_test.h"

#include <cdb.h>
#include <fcntl.h>
#include <unistd.h>

static void
write_map(void)
{
	static struct cdb_make make; /* large */
	int fd = open(fixture_path(f, "morercpthosts.cdb"),
	    O_RDWR | O_CREAT | O_TRUNC, 0600);

	assert_true(fd != -1);
	assert_int_equal(cdb_make_start(&make, fd), 0);
	assert_int_equal(cdb_make_add(&make, "many.example", 12, "", 0), 0);
	assert_int_equal(cdb_make_finish(&make), 0);
	(void)close(fd);
}

static void
test_hosts(void **state)
{
	static const struct {
		const char *local, *host;
		bool ours;
	} cases[] = {
		{ "a", "example.com", true },
		{ "a", "EXAMPLE.com", true },
		{ "a", "sub.example.com", false },
		{ "a", "sub.example.net", true },
		{ "a", "a.b.Example.NET", true },
		{ "a", "example.net", false },
		{ "a", "notexample.net", false },
		{ "a", "MX.example", true }, /* config/me */
		{ "a", "many.example", true },
		{ "a", "x.many.example", false },
		{ "postmaster", "", true },
		{ "a", "[192.0.2.9]", false },
		{ "a", "elsewhere.example", false },
	};

	(void)state;
	fixture_write(f, "rcpthosts", "example.com\n.example.net\n");
	write_map();
	assert_int_equal(plugin_load(""), 0);
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		UNIT_CASE(cases[i].host,
		    plugin_run_addr(HOOK_RCPT, cases[i].local, cases[i].host) ==
			(cases[i].ours ? COLUMN_OK : COLUMN_DENY));
		plugin_says(cases[i].ours ? "" : "Relaying denied");
	}
}

static void
test_immune(void **state)
{
	(void)state;
	assert_int_equal(plugin_load(""), 0);
	assert_int_equal(
	    plugin_run_addr(HOOK_RCPT, "a", "x.example"), COLUMN_DENY);
	f->conv.facts.relay_client = true;
	assert_int_equal(
	    plugin_run_addr(HOOK_RCPT, "a", "x.example"), COLUMN_OK);
	f->conv.facts.relay_client = false;
	set_note("whitelisthost", 1);
	assert_int_equal(
	    plugin_run_addr(HOOK_RCPT, "a", "x.example"), COLUMN_OK);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		PLUGIN_TEST(test_hosts),
		PLUGIN_TEST(test_immune),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
