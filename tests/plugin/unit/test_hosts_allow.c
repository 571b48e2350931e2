/* SPDX-License-Identifier: MIT */
/* test_hosts_allow.c - hosts_allow: rules, and the limit for each client. */
#include "plugin_test.h"

#include "shm/peers.h"

static void
test_rules(void **state)
{
	static const struct {
		const char *ip;
		enum hook_column column;
		const char *text;
	} cases[] = {
		{ "192.0.2.4", COLUMN_NONE, "" },
		{ "192.0.2.5", COLUMN_DENY, "Sorry, spam" },
		{ "192.0.2.6", COLUMN_OK, "" },
		{ "198.51.100.1", COLUMN_DENYSOFT, "" },
		{ "2001:db8::1", COLUMN_DENY_DISCONNECT, "Go away" },
		{ "203.0.113.1", COLUMN_NONE, "" },
		{ "203.0.113.2", COLUMN_NONE, "" },
	};
	const struct conf_faults *faults;

	(void)state;
	fixture_write(f, "hosts_allow",
	    "192.0.2.4 DECLINED\n192.0.2.6 OK\n"
	    "192.0.2.0/24\tDENY\t Sorry, spam\n198.51.100. denysoft\n"
	    "2001:db8::/32 903 Go away\n203.0.113.2\n");
	assert_int_equal(plugin_load(""), 0);
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		peer_is(cases[i].ip);
		UNIT_CASE(cases[i].ip,
		    plugin_run(HOOK_PRE_CONNECTION) == cases[i].column);
		plugin_says(cases[i].text);
	}
	faults = conf_faults(f->engine->conf);
	assert_int_equal(faults->count, 1);
	assert_int_equal(faults->at[0].line, 6);
	assert_non_null(strstr(faults->at[0].text.p, "no verdict behind"));
}

static enum hook_column
connect_with(unsigned open, int64_t karma)
{
	struct shm_key key = shm_key_of(&f->conv.facts.peer, 64);
	shm_peer_ref refs[64];
	enum hook_column column;

	for (unsigned i = 0; i < open; i++)
		refs[i] = shm_peer_add(f->shm, &key);
	if (karma != 99)
		set_note("karma_history", karma);
	column = plugin_run(HOOK_PRE_CONNECTION);
	for (unsigned i = 0; i < open; i++)
		shm_peer_remove(f->shm, refs[i]);
	return column;
}

static void
test_limit(void **state)
{
	(void)state;
	fixture_write(f, "max_per_client", "5\n");
	assert_int_equal(plugin_load(""), 0);
	assert_int_equal(connect_with(5, 99), COLUMN_NONE);
	assert_int_equal(connect_with(6, 99), COLUMN_DENYSOFT);
	plugin_says("too many connections from 192.0.2.1, try again later");
	/* Good karma: three more; bad karma: one in all. */
	assert_int_equal(connect_with(8, 6), COLUMN_NONE);
	assert_int_equal(connect_with(9, 6), COLUMN_DENYSOFT);
	assert_int_equal(connect_with(5, 3), COLUMN_NONE);
	assert_int_equal(connect_with(6, 3), COLUMN_DENYSOFT);
	assert_int_equal(connect_with(1, 0), COLUMN_NONE);
	assert_int_equal(connect_with(2, 0), COLUMN_DENYSOFT);
	assert_int_equal(connect_with(2, -4), COLUMN_DENYSOFT);
}

static void
test_no_limit(void **state)
{
	(void)state;
	fixture_write(f, "max_per_client", "0\n");
	assert_int_equal(plugin_load(""), 0);
	assert_int_equal(connect_with(50, -4), COLUMN_NONE);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		PLUGIN_TEST(test_rules),
		PLUGIN_TEST(test_limit),
		PLUGIN_TEST(test_no_limit),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
