/* SPDX-License-Identifier: MIT */
/* test_plugin_files.c - how a descriptor names control files. */
#include "engine_fixture.h"

#include <errno.h>

#include "hook/plugin_files.h"

static const struct {
	const char *entry;
	int status;
} cases[] = {
	{ "rcpthosts", 0 },
	{ "relayclients networks", 0 },
	{ "badmailfrom  patterns", 0 },
	{ "badhelo name-patterns", 0 },
	{ "rcpt_regexp slashed-patterns", 0 },
	{ "hbedv_deny whole-patterns", 0 },
	{ "morercpthosts map", 0 },
	{ "flat_auth_pw secret", 0 },
	{ "", -EINVAL },
	{ " networks", -EINVAL },
	{ "relayclients network", -EINVAL },
	{ "relayclients networks patterns", -EINVAL },
};

static void
test_entries(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		const char *const files[] = { "first", cases[i].entry, NULL };
		const struct hl_plugin desc = { .name = "x", .files = files };
		struct err err;

		if (plugin_files_check(&desc, &err) != cases[i].status)
			fail_msg("case '%s'", cases[i].entry);
	}
}

static void
test_long_name(void **state)
{
	char name[1000] = "";
	const char *const files[] = { name, NULL };
	const struct hl_plugin desc = { .name = "x", .files = files };
	struct err err;

	(void)state;
	memset(name, 'x', sizeof(name) - 1);
	assert_int_equal(plugin_files_check(&desc, &err), -EINVAL);
	assert_non_null(strstr(err.text, ".files: "));
}

static void
test_none(void **state)
{
	const struct hl_plugin desc = { .name = "x" };
	struct err err;

	(void)state;
	assert_int_equal(plugin_files_check(&desc, &err), 0);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_entries),
		cmocka_unit_test(test_long_name),
		cmocka_unit_test(test_none),
	};

	return cmocka_run_group_tests_name(
	    "hook/plugin_files", tests, NULL, NULL);
}
