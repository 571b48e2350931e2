/* SPDX-License-Identifier: MIT */
/* test_dont_require_anglebrackets.c - dont_require_anglebrackets. */
#include "plugin_test.h"

#include "hook/lines.h"

static const char *
pre(enum hook_id hook, const char *addr)
{
	static struct arena arena;
	struct hl_out out = { .arena = &arena };

	arena_done(&arena);
	arena_init(&arena, 512, 0);
	args.a = str_of(addr);
	args.ret = &out;
	(void)plugin_run(hook);
	args.ret = NULL;
	assert_int_equal(f->outcome.column == COLUMN_OK, out.is_set);
	return out.is_set ? out.address.p : "";
}

static void
test_brackets(void **state)
{
	(void)state;
	assert_int_equal(plugin_load(""), 0);
	assert_string_equal(pre(HOOK_MAIL_PRE, "a@b.example"), "<a@b.example>");
	assert_string_equal(pre(HOOK_RCPT_PRE, "a@b.example"), "<a@b.example>");
	assert_int_equal(note_int("karma"), -4);
	assert_string_equal(pre(HOOK_MAIL_PRE, "<a@b.example>"), "");
	assert_string_equal(pre(HOOK_RCPT_PRE, "<>"), "");
	assert_string_equal(pre(HOOK_MAIL_PRE, ""), "<>");
	assert_string_equal(pre(HOOK_MAIL_PRE, "<"), "<<>");
	assert_int_equal(note_int("karma"), -8);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		PLUGIN_TEST(test_brackets),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
