/* SPDX-License-Identifier: MIT */
/* test_relay.c - relay: lists, map, environment. */
#include "plugin_test.h"

#include <cdb.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

static bool
relays(const char *ip)
{
	peer_is(ip);
	f->conv.facts.relay_client = false;
	assert_int_equal(plugin_run(HOOK_CONNECT), COLUMN_NONE);
	return f->conv.facts.relay_client;
}

/* config/morerelayclients.cdb with these keys. */
static void
write_map(const char *const *keys)
{
	static struct cdb_make make; /* large */
	int fd = open(fixture_path(f, "morerelayclients.cdb"),
	    O_RDWR | O_CREAT | O_TRUNC, 0600);

	assert_true(fd != -1);
	assert_int_equal(cdb_make_start(&make, fd), 0);
	for (; *keys != NULL; keys++)
		assert_int_equal(
		    cdb_make_add(&make, *keys, (unsigned)strlen(*keys), "", 0),
		    0);
	assert_int_equal(cdb_make_finish(&make), 0);
	(void)close(fd);
}

static void
test_lists(void **state)
{
	static const struct {
		const char *ip;
		bool relays;
	} cases[] = {
		{ "192.0.2.1", true },
		{ "192.0.2.7", false }, /* norelayclients */
		{ "192.0.3.1", false },
		{ "198.51.100.200", true },
		{ "198.51.101.1", false },
		{ "203.0.113.5", true },
		{ "203.0.113.50", false },
		{ "2001:db8::1", true },
		{ "2001:db9::1", false },
		{ "::1", false },
		{ "127.0.0.1", false },
	};

	(void)state;
	fixture_write(f, "relayclients",
	    "192.0.2.0/24\n198.51.100.\n203.0.113.5\n2001:db8::/32\n");
	fixture_write(f, "norelayclients", "192.0.2.7\n");
	assert_int_equal(plugin_load(""), 0);
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		UNIT_CASE(cases[i].ip, relays(cases[i].ip) == cases[i].relays);
	assert_true(plugin_logged("text=\"pass, match in relayclients\""));
	assert_true(plugin_logged("text=\"fail, disabled by norelayclients\""));
	assert_true(plugin_logged("text=\"skip, no match\""));
}

static void
test_map(void **state)
{
	static const char *const keys[] = { "192.0.2.1", "198.51.100.", "10.",
		"2001:0db8:00", "2001:0db9:0000:0000:0000:0000:0000:0001",
		NULL };
	static const struct {
		const char *ip;
		bool relays;
	} cases[] = {
		{ "192.0.2.1", true },
		{ "192.0.2.10", false },
		{ "192.0.2.2", false },
		{ "198.51.100.7", true },
		{ "198.51.10.7", false },
		{ "10.200.3.4", true },
		{ "100.0.0.1", false },
		{ "2001:db8:ab::1", true },
		{ "2001:db8:ab00::1", false },
		{ "2001:db9::1", true },
		{ "2001:db9::2", false },
	};

	(void)state;
	write_map(keys);
	assert_int_equal(plugin_load(""), 0);
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		UNIT_CASE(cases[i].ip, relays(cases[i].ip) == cases[i].relays);
}

static void
test_environment(void **state)
{
	(void)state;
	assert_int_equal(setenv("RELAYCLIENT", "", 1), 0);
	assert_int_equal(plugin_load(""), 0);
	assert_false(plugin_logged("RELAYCLIENT"));
	assert_false(relays("192.0.2.1"));
	assert_int_equal(setenv("RELAYCLIENT", "1", 1), 0);
	assert_true(relays("192.0.2.1"));
	fixture_write(f, "norelayclients", "192.0.2.1\n");
	assert_false(relays("192.0.2.1"));
	assert_int_equal(unsetenv("RELAYCLIENT"), 0);
}

static void
test_environment_is_told(void **state)
{
	(void)state;
	assert_int_equal(setenv("RELAYCLIENT", "1", 1), 0);
	assert_int_equal(plugin_load(""), 0);
	assert_int_equal(unsetenv("RELAYCLIENT"), 0);
	assert_true(plugin_logged_at(
	    "warn ", "plugin=relay text=\"RELAYCLIENT is set"));
}

/* What another plugin allowed stays, except to norelayclients. */
static void
test_allowed_before(void **state)
{
	(void)state;
	assert_int_equal(plugin_load(""), 0);
	f->conv.facts.relay_client = true;
	assert_int_equal(plugin_run(HOOK_CONNECT), COLUMN_NONE);
	assert_true(f->conv.facts.relay_client);
	fixture_write(f, "norelayclients", "192.0.2.1\n");
	assert_int_equal(plugin_run(HOOK_CONNECT), COLUMN_NONE);
	assert_false(f->conv.facts.relay_client);
}

static void
test_only(void **state)
{
	(void)state;
	assert_int_equal(plugin_load("only 1"), 0);
	assert_int_equal(
	    plugin_run_addr(HOOK_RCPT, "a", "b.example"), COLUMN_DENY);
	f->conv.facts.relay_client = true;
	assert_int_equal(
	    plugin_run_addr(HOOK_RCPT, "a", "b.example"), COLUMN_OK);
}

static void
test_not_only(void **state)
{
	(void)state;
	assert_int_equal(plugin_load("only 0"), 0);
	assert_int_equal(
	    plugin_run_addr(HOOK_RCPT, "a", "b.example"), COLUMN_NONE);
}

static void
test_arguments(void **state)
{
	(void)state;
	plugin_load_fails("only perhaps", "only perhaps");
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		PLUGIN_TEST(test_lists),
		PLUGIN_TEST(test_map),
		PLUGIN_TEST(test_environment),
		PLUGIN_TEST(test_environment_is_told),
		PLUGIN_TEST(test_allowed_before),
		PLUGIN_TEST(test_only),
		PLUGIN_TEST(test_not_only),
		PLUGIN_TEST(test_arguments),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
