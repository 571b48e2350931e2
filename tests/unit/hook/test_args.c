/* SPDX-License-Identifier: MIT */
/* test_args.c - the words of a plugin's line. */
#include "unit.h"

#include <errno.h>

#include "hook/args.h"

struct values {
	hl_str text, words, path;
	bool yes, flag;
	int64_t number, limited;
	uint64_t size, time;
	unsigned choice, mode;
	int level;
};

#define ARG(member, ...)                                                    \
	{                                                                   \
		.name = #member, .offset = offsetof(struct values, member), \
		__VA_ARGS__                                                 \
	}

static const struct hl_arg table[] = {
	ARG(text, .type = HL_ARG_STR, .def = "given"),
	ARG(yes, .type = HL_ARG_BOOL),
	ARG(flag, .type = HL_ARG_FLAG),
	ARG(number, .type = HL_ARG_INT, .def = "-7"),
	ARG(limited, .type = HL_ARG_INT, .min = 1, .max = 10),
	ARG(size, .type = HL_ARG_SIZE),
	ARG(time, .type = HL_ARG_SECONDS),
	ARG(choice, .type = HL_ARG_CHOICE, .choices = "lenient|rfc|strict"),
	ARG(mode, .type = HL_ARG_MODE, .def = "700"),
	ARG(level, .type = HL_ARG_LEVEL, .def = "info"),
	ARG(path, .type = HL_ARG_PATH, .positional = true),
	ARG(words, .type = HL_ARG_WORDS, .positional = true),
	{ .name = NULL },
};

static struct arena arena;
static struct values got;
static struct err err;

/* As the loader does: words between spaces. */
static int
parse_with(const struct hl_arg *args, const char *line)
{
	struct slice left = slice_of(line), word;
	hl_str words[32];
	size_t count = 0;

	while (slice_cut(&left, ' ', &word)) {
		if (word.n > 0)
			words[count++] = arena_str(&arena, word);
	}
	memset(&got, 0, sizeof(got));
	err.text[0] = '\0';
	return args_parse(args, words, count, &arena, &got, &err);
}

static int
parse(const char *line)
{
	return parse_with(table, line);
}

static void
test_defaults(void **state)
{
	(void)state;
	assert_int_equal(parse(""), 0);
	assert_string_equal(got.text.p, "given");
	assert_string_equal(got.path.p, "");
	assert_string_equal(got.words.p, "");
	assert_false(got.yes || got.flag);
	assert_int_equal(got.number, -7);
	assert_int_equal(got.mode, 0700);
	assert_int_equal(got.level, HL_LOG_INFO);
}

static void
test_values(void **state)
{
	(void)state;
	assert_int_equal(
	    parse("text x TEXT y yes on flag number 99 limited 10 size 5k "
		  "time 2m choice STRICT mode 1750 level LOG_ERR a b  c flag"),
	    0);
	assert_string_equal(got.text.p, "y"); /* the last one holds */
	assert_true(got.yes && got.flag);
	assert_int_equal(got.number, 99);
	assert_int_equal(got.limited, 10);
	assert_int_equal(got.size, 5 * 1024);
	assert_int_equal(got.time, 120000);
	assert_int_equal(got.choice, 2);
	assert_int_equal(got.mode, 01750);
	assert_int_equal(got.level, HL_LOG_ERROR);
	assert_string_equal(got.path.p, "a");
	assert_string_equal(got.words.p, "b c flag"); /* all that is left */
}

static void
test_errors(void **state)
{
	static const struct {
		const char *line, *text;
	} cases[] = {
		{ "text", "text needs a value" },
		{ "yes maybe", "must be 0|1" },
		{ "number x", "must be number" },
		{ "limited 0", "from 1 to 10" },
		{ "limited 11", "from 1 to 10" },
		{ "size big", "must be bytes" },
		{ "size -1", "must be bytes" },
		{ "time soon", "must be time" },
		{ "choice other", "must be one of lenient|rfc|strict" },
		{ "mode 77", "must be octal" },
		{ "mode 778", "must be octal" },
		{ "mode 77777", "must be octal" },
		{ "level loud", "must be log level" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		UNIT_CASE(cases[i].line, parse(cases[i].line) == -EINVAL);
		UNIT_CASE(
		    cases[i].line, strstr(err.text, cases[i].text) != NULL);
	}
}

static void
test_unknown_and_missing(void **state)
{
	static const struct hl_arg small[] = {
		ARG(yes, .type = HL_ARG_BOOL),
		ARG(text, .type = HL_ARG_STR, .required = true),
		{ .name = NULL },
	};

	(void)state;
	assert_int_equal(parse_with(small, "yes 1"), -EINVAL);
	assert_string_equal(err.text, "argument text is missing");
	assert_int_equal(parse_with(small, "tex x"), -EINVAL);
	assert_string_equal(
	    err.text, "unknown argument tex; did you mean text?");
	assert_int_equal(parse_with(NULL, "x"), -EINVAL);
	assert_string_equal(err.text, "unknown argument x; it takes none");
	assert_int_equal(parse_with(NULL, ""), 0);
	assert_int_equal(parse_with(NULL, "x # y"), -EINVAL);
	assert_string_equal(err.text,
	    "a comment must have its own line: unknown argument x; it takes "
	    "none");
}

/* A choice that may stand alone, as reject_type was written once. */
static void
test_choice_alone(void **state)
{
	static const struct hl_arg alone[] = {
		ARG(number, .type = HL_ARG_INT),
		ARG(choice, .type = HL_ARG_CHOICE, .choices = "hard|soft",
		    .positional = true),
		{ .name = NULL },
	};

	(void)state;
	assert_int_equal(parse_with(alone, "soft"), 0);
	assert_int_equal(got.choice, 1);
	assert_int_equal(parse_with(alone, "numbr 1"), -EINVAL);
	assert_string_equal(
	    err.text, "unknown argument numbr; did you mean number?");
	assert_int_equal(parse_with(alone, "never"), -EINVAL);
	assert_string_equal(err.text,
	    "unknown argument never; a word alone must be one of hard|soft");
	assert_int_equal(parse_with(alone, "number 1 # soft"), -EINVAL);
	assert_string_equal(err.text,
	    "a comment must have its own line: unknown argument #; a word "
	    "alone must be one of hard|soft");
}

static void
test_bad_tables(void **state)
{
	static const struct hl_arg tables[][3] = {
		{ { .name = "a", .type = (enum hl_arg_type)99 } },
		{ ARG(level, .type = HL_ARG_CHOICE) },
		{ { .name = "a", .offset = sizeof(struct values) - 1 } },
		{ ARG(words, .type = HL_ARG_WORDS),
		    ARG(text, .type = HL_ARG_STR) },
	};

	(void)state;
	assert_int_equal(args_table_check(table, sizeof(got), &err), 0);
	assert_int_equal(args_table_check(NULL, 0, &err), 0);
	for (size_t i = 0; i < ARRAY_SIZE(tables); i++)
		assert_int_equal(
		    args_table_check(tables[i], sizeof(got), &err), -EINVAL);
}

static void
test_bad_default(void **state)
{
	static const struct hl_arg bad[] = {
		ARG(number, .type = HL_ARG_INT, .def = "x"),
		{ .name = NULL },
	};

	(void)state;
	assert_int_equal(parse_with(bad, ""), -EINVAL);
	assert_non_null(strstr(err.text, "default"));
}

static void
test_twice(void **state)
{
	static const struct hl_arg both[] = {
		ARG(number, .type = HL_ARG_INT),
		{ .name = "number",
		    .type = HL_ARG_INT,
		    .offset = offsetof(struct values, limited) },
		{ .name = NULL },
	};

	(void)state;
	assert_int_equal(parse_with(both, "number 1"), 0);
	assert_int_equal(got.number, 1);
	assert_int_equal(got.limited, 0);
	assert_int_equal(parse_with(both, "number 1 number 2"), 0);
	assert_int_equal(got.number, 1);
	assert_int_equal(got.limited, 2);
	assert_int_equal(parse_with(both, "number 1 number 2 number 3"), 0);
	assert_int_equal(got.number, 1);
	assert_int_equal(got.limited, 3);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_defaults),
		cmocka_unit_test(test_values),
		cmocka_unit_test(test_errors),
		cmocka_unit_test(test_unknown_and_missing),
		cmocka_unit_test(test_choice_alone),
		cmocka_unit_test(test_bad_tables),
		cmocka_unit_test(test_bad_default),
		cmocka_unit_test(test_twice),
	};
	int failed;

	arena_init(&arena, 1024, 0);
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	arena_done(&arena);
	return failed;
}
