/* SPDX-License-Identifier: MIT */
/* test_plugin_alias.c - old names of plugins, and their arguments. */
#include "unit.h"

#include <string.h>

#include "base/buf.h"
#include "conf/conf_plugins.h"
#include "hook/plugin_alias.h"

#define WORDS_MAX 16

/* What `line` becomes, name and words. */
static struct buf
translated(struct arena *arena, const char *line)
{
	struct slice left = slice_of(line), word;
	struct conf_plugin plugin = { .name =
					  arena_str(arena, slice_word(&left)) };
	const struct plugin_alias *alias = plugin_alias(slice_str(plugin.name));
	hl_str words[WORDS_MAX];
	struct buf ret = BUF_INIT;

	assert_non_null(alias);
	assert_non_null(alias->now);
	plugin.args = words;
	while ((word = slice_word(&left)).n > 0) {
		assert_true(plugin.arg_count < WORDS_MAX);
		words[plugin.arg_count++] = arena_str(arena, word);
	}
	plugin_alias_args(alias, arena, &plugin);
	buf_add_text(&ret, alias->now);
	for (size_t i = 0; i < plugin.arg_count; i++)
		buf_printf(&ret, " %.*s", STR(plugin.args[i]));
	return ret;
}

static const struct {
	const char *was, *is;
} lines[] = {
	{ "check_relay", "relay" },
	{ "check_loop 7", "loop 7" },
	{ "check_earlytalker action log wait 2",
	    "earlytalker action log wait 2" },
	{ "check_norelay", "relay" },
	{ "relay_only", "relay only 1" },
	{ "clamav max_size=5 back_compat",
	    "virus/clamav max_size=5 back_compat" },
	{ "check_basicheaders", "headers require From,Date" },
	{ "check_basicheaders 5", "headers require From,Date past 5 future 5" },
	{ "check_basicheaders days 3 reject 0",
	    "headers require From,Date past 3 future 3 reject 0" },
	{ "check_basicheaders DAYS 3 past 9",
	    "headers require From,Date future 3 past 9" },
	{ "check_basicheaders future 1 reject_type temp",
	    "headers require From,Date future 1 reject_type temp" },
	{ "check_bogus_bounce", "bogus_bounce" },
	{ "check_bogus_bounce log", "bogus_bounce" },
	{ "check_bogus_bounce DENY", "bogus_bounce reject 1 reject_type perm" },
	{ "check_bogus_bounce denysoft",
	    "bogus_bounce reject 1 reject_type temp" },
	/* The plugin will say what it thinks of it. */
	{ "check_bogus_bounce denyhard", "bogus_bounce denyhard" },
	{ "check_bogus_bounce reject 1", "bogus_bounce reject 1" },
	{ "async/earlytalker", "earlytalker reject_type temp" },
	{ "async/earlytalker action deny wait 3",
	    "earlytalker reject_type perm action deny wait 3" },
	{ "async/check_earlytalker action denysoft",
	    "earlytalker reject_type temp action denysoft" },
	{ "async/earlytalker reject_type disconnect",
	    "earlytalker reject_type disconnect" },
	{ "async/queue/smtp-forward 127.0.0.1 2525",
	    "queue/smtp-forward 127.0.0.1 2525" },
};

static void
test_lines(void **state)
{
	struct arena arena;

	(void)state;
	arena_init(&arena, 1024, 0);
	for (size_t i = 0; i < ARRAY_SIZE(lines); i++) {
		struct buf got = translated(&arena, lines[i].was);

		assert_string_equal(got.p, lines[i].is);
		buf_done(&got);
	}
	arena_done(&arena);
}

/* A name of today is no alias, or there would be no end of it. */
static void
test_names(void **state)
{
	static const char *const gone[] = { "check_badmailfrom_patterns",
		"check_badrcptto_patterns", "check_for_hi_virus" };

	(void)state;
	assert_null(plugin_alias(slice_of("")));
	assert_null(plugin_alias(slice_of("check_")));
	for (size_t i = 0; i < ARRAY_SIZE(lines); i++) {
		struct slice was = slice_of(lines[i].was);
		const struct plugin_alias *alias =
		    plugin_alias(slice_word(&was));

		assert_non_null(alias);
		assert_null(plugin_alias(slice_of(alias->now)));
	}
	for (size_t i = 0; i < ARRAY_SIZE(gone); i++) {
		const struct plugin_alias *alias =
		    plugin_alias(slice_of(gone[i]));

		assert_non_null(alias);
		assert_null(alias->now);
		assert_non_null(alias->remedy);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_lines),
		cmocka_unit_test(test_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
