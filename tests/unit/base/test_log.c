/* SPDX-License-Identifier: MIT */
/* test_log.c - one line, one event; what the peer says cannot forge one. */
#include "unit.h"

#include <errno.h>

#include "base/log.h"
#include "base/mem.h"

static char last_line[4096];
static enum log_level last_level;
static int lines;

static void
keep_line(void *arg, enum log_level level, struct slice text)
{
	assert_ptr_equal(arg, last_line);
	assert_true(text.n < sizeof(last_line));
	if (text.n > 0)
		memcpy(last_line, text.p, text.n);
	last_line[text.n] = '\0';
	last_level = level;
	lines++;
}

static int
setup(void **state)
{
	(void)state;
	lines = 0;
	log_set_sink(keep_line, last_line);
	log_set_level(LOG_LEVEL_INFO);
	return 0;
}

static void
test_levels(void **state)
{
	static const struct {
		const char *text;
		int level; /* negative: the error */
	} cases[] = {
		{ "LOGDEBUG", LOG_LEVEL_DEBUG },
		{ "LOGINFO", LOG_LEVEL_INFO },
		{ "loginfo", LOG_LEVEL_INFO },
		{ "info", LOG_LEVEL_INFO },
		{ "Notice", LOG_LEVEL_NOTICE },
		{ "warn", LOG_LEVEL_WARN },
		{ "error", LOG_LEVEL_ERROR },
		{ "crit", LOG_LEVEL_CRIT },
		{ "alert", LOG_LEVEL_ALERT },
		{ "LOGEMERG", LOG_LEVEL_EMERG },
		{ "LOGRADAR", LOG_LEVEL_EMERG },
		{ "0", LOG_LEVEL_EMERG },
		{ "7", LOG_LEVEL_DEBUG },
		{ "8", -EINVAL },
		{ "-1", -EINVAL },
		{ "", -EINVAL },
		{ "LOG", -EINVAL },
		{ "LOGLOGINFO", -EINVAL },
		{ "information", -EINVAL },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		enum log_level level;
		int res = log_level_parse(slice_of(cases[i].text), &level);

		UNIT_CASE(cases[i].text,
		    (res == 0 ? (int)level : res) == cases[i].level);
	}
	assert_string_equal(log_level_name(LOG_LEVEL_EMERG), "emerg");
	assert_string_equal(log_level_name(LOG_LEVEL_DEBUG), "debug");
}

static void
test_keys_have_names(void **state)
{
	(void)state;
	assert_string_equal(log_key_name(LOG_event), "event");
	assert_string_equal(log_key_name(LOG_queue_id), "queue_id");
	for (unsigned i = 0; i < LOG_KEY_COUNT; i++)
		assert_non_null(log_key_name((enum log_key)i));
}

static void
test_line_of_every_kind_of_value(void **state)
{
	struct log_line line;

	(void)state;
	log_begin(&line, LOG_LEVEL_WARN);
	log_add_text(&line, LOG_event, "mail");
	log_add(&line, LOG_from, SLICE_LIT("a@example.com"));
	log_add(&line, LOG_to, SLICE_NONE);
	log_add_int(&line, LOG_size, 0);
	log_add_int(&line, LOG_count, -42);
	log_add_int(&line, LOG_value, INT64_MIN);
	log_printf(&line, LOG_text, "%s %d", "no", 1);
	log_end(&line);
	assert_int_equal(lines, 1);
	assert_int_equal(last_level, LOG_LEVEL_WARN);
	assert_string_equal(last_line,
	    "event=mail from=a@example.com to=\"\" size=0 count=-42 "
	    "value=-9223372036854775808 text=\"no 1\"");
	assert_null(line.buf.p);
}

static void
test_levels_above_are_dropped(void **state)
{
	struct log_line line;

	(void)state;
	log_begin(&line, LOG_LEVEL_DEBUG);
	log_add_text(&line, LOG_event, "x");
	log_add_int(&line, LOG_size, 1);
	log_printf(&line, LOG_text, "%d", 1);
	assert_null(line.buf.p); /* nothing was built */
	log_end(&line);
	assert_int_equal(lines, 0);
	assert_false(log_is_on(LOG_LEVEL_DEBUG));
	assert_true(log_is_on(LOG_LEVEL_INFO));
	log_set_level(LOG_LEVEL_DEBUG);
	assert_true(log_is_on(LOG_LEVEL_DEBUG));
	log_begin(&line, LOG_LEVEL_DEBUG);
	log_end(&line);
	assert_int_equal(lines, 1);
	log_set_level(LOG_LEVEL_EMERG);
	assert_false(log_is_on(LOG_LEVEL_ALERT));
	assert_true(log_is_on(LOG_LEVEL_EMERG));
}

static const struct {
	const char *name;
	struct slice in;
	const char *want;
} escape_cases[] = {
	{ "empty", { "", 0 }, "\"\"" },
	{ "none", { NULL, 0 }, "\"\"" },
	{ "plain", { "<a-b_c.d@e:f/[1]>", 17 }, "<a-b_c.d@e:f/[1]>" },
	{ "space", { "a b", 3 }, "\"a b\"" },
	{ "equals", { "a=b", 3 }, "\"a=b\"" },
	{ "quote", { "a\"b", 3 }, "\"a\\\"b\"" },
	{ "backslash", { "a\\b", 3 }, "\"a\\\\b\"" },
	{ "newline", { "a\r\nb", 4 }, "\"a\\x0d\\x0ab\"" },
	{ "tab", { "\t", 1 }, "\"\\x09\"" },
	{ "nul", { "\0", 1 }, "\"\\x00\"" },
	{ "delete", { "\x7f", 1 }, "\"\\x7f\"" },
	{ "escape", { "\x1b[2J", 4 }, "\"\\x1b[2J\"" },
	{ "two bytes", { "gr\xc3\xbc\xc3\x9f", 6 }, "gr\xc3\xbc\xc3\x9f" },
	{ "three bytes", { "\xe2\x82\xac", 3 }, "\xe2\x82\xac" },
	{ "four bytes", { "\xf0\x9f\x93\xa7", 4 }, "\xf0\x9f\x93\xa7" },
	{ "two bytes quoted", { "\xc3\xbc b", 4 }, "\"\xc3\xbc b\"" },
	{ "last code point", { "\xf4\x8f\xbf\xbf", 4 }, "\xf4\x8f\xbf\xbf" },
	{ "latin 1", { "gr\xfc", 3 }, "\"gr\\xfc\"" },
	{ "lone continuation", { "\x80", 1 }, "\"\\x80\"" },
	{ "cut short", { "\xe2\x82", 2 }, "\"\\xe2\\x82\"" },
	{ "wrong second", { "\xc3(", 2 }, "\"\\xc3(\"" },
	{ "overlong two", { "\xc0\xaf", 2 }, "\"\\xc0\\xaf\"" },
	{ "overlong three", { "\xe0\x80\xaf", 3 }, "\"\\xe0\\x80\\xaf\"" },
	{ "overlong four", { "\xf0\x80\x80\xaf", 4 },
	    "\"\\xf0\\x80\\x80\\xaf\"" },
	{ "surrogate", { "\xed\xa0\x80", 3 }, "\"\\xed\\xa0\\x80\"" },
	{ "too high", { "\xf4\x90\x80\x80", 4 }, "\"\\xf4\\x90\\x80\\x80\"" },
	{ "never a start", { "\xff\xfe", 2 }, "\"\\xff\\xfe\"" },
	{ "C1 control", { "\xc2\x9b", 2 }, "\"\\xc2\\x9b\"" },
	{ "after C1", { "\xc2\xa0", 2 }, "\xc2\xa0" },
};

static void
test_escaping(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(escape_cases); i++) {
		struct buf buf = BUF_INIT;

		log_escape(&buf, escape_cases[i].in);
		if (strcmp(buf.p, escape_cases[i].want) != 0)
			fail_msg(
			    "case '%s': got %s", escape_cases[i].name, buf.p);
		buf_done(&buf);
	}
}

static void
test_escape_reads_only_the_slice(void **state)
{
	struct buf buf = BUF_INIT;
	char *alone = mem_dup(SLICE_LIT("\xe2\x82\xac"));

	(void)state;
	/* The rest of the character is behind the slice. */
	log_escape(&buf, (struct slice){ alone, 2 });
	assert_string_equal(buf.p, "\"\\xe2\\x82\"");
	buf_done(&buf);
	mem_free(alone);
}

static void
check_cut(const char *pattern, size_t len, size_t want)
{
	char text[LOG_VALUE_MAX * 2], expected[LOG_VALUE_MAX * 2];
	size_t step = strlen(pattern);
	struct log_line line;

	for (size_t i = 0; i < len; i++)
		text[i] = pattern[i % step];
	log_begin(&line, LOG_LEVEL_INFO);
	log_add(&line, LOG_helo, (struct slice){ text, len });
	log_end(&line);
	if (want == len)
		(void)snprintf(
		    expected, sizeof(expected), "helo=%.*s", (int)len, text);
	else
		(void)snprintf(expected, sizeof(expected), "helo=%.*s...",
		    (int)want, text);
	assert_string_equal(last_line, expected);
}

static void
test_long_values_are_cut(void **state)
{
	(void)state;
	check_cut("x", LOG_VALUE_MAX, LOG_VALUE_MAX);
	check_cut("x", LOG_VALUE_MAX + 1, LOG_VALUE_MAX - 3);
	check_cut("x", LOG_VALUE_MAX + 400, LOG_VALUE_MAX - 3);
	/* 509 is odd, and one less than a multiple of 3: whole characters. */
	check_cut("\xc3\xbc", 600, 508);
	check_cut("\xe2\x82\xac", 600, 507);
	check_cut("\xf0\x9f\x93\xa7", 600, 508);
}

static void
test_long_printf_is_cut(void **state)
{
	struct log_line line;

	(void)state;
	log_begin(&line, LOG_LEVEL_INFO);
	log_printf(&line, LOG_text, "%01000d", 7);
	log_add_int(&line, LOG_size, 1);
	log_end(&line);
	assert_int_equal(strlen(last_line), 5 + LOG_VALUE_MAX + 7);
	assert_string_equal(last_line + 5 + LOG_VALUE_MAX - 4, "0... size=1");
}

/* Everything as \xNN is the longest there is. */
static void
test_worst_case_fits(void **state)
{
	char text[LOG_VALUE_MAX];
	struct log_line line;

	(void)state;
	memset(text, '\n', sizeof(text));
	log_begin(&line, LOG_LEVEL_INFO);
	log_add(&line, LOG_helo, (struct slice){ text, sizeof(text) });
	log_end(&line);
	assert_int_equal(strlen(last_line), 5 + 2 + 4 * LOG_VALUE_MAX);
}

static size_t
read_stderr_of(void (*fn)(void), char *text, size_t size)
{
	int fds[2], old;
	ssize_t n;

	assert_int_equal(pipe2(fds, O_CLOEXEC), 0);
	old = dup(STDERR_FILENO);
	assert_true(dup2(fds[1], STDERR_FILENO) >= 0);
	fn();
	assert_true(dup2(old, STDERR_FILENO) >= 0);
	(void)close(old);
	(void)close(fds[1]);
	n = read(fds[0], text, size - 1);
	assert_true(n >= 0);
	text[n] = '\0';
	(void)close(fds[0]);
	return (size_t)n;
}

static void
log_one(void)
{
	struct log_line line;

	log_begin(&line, LOG_LEVEL_ERROR);
	log_add_text(&line, LOG_event, "x");
	log_end(&line);
}

static void
test_default_sink_writes_to_stderr(void **state)
{
	char text[256];

	(void)state;
	log_set_sink(NULL, NULL);
	(void)read_stderr_of(log_one, text, sizeof(text));
	assert_string_equal(text, "error event=x\n");
	log_set_sink(keep_line, last_line);
	assert_int_equal(read_stderr_of(log_one, text, sizeof(text)), 0);
	assert_int_equal(lines, 1);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_levels, setup),
		cmocka_unit_test_setup(test_keys_have_names, setup),
		cmocka_unit_test_setup(test_line_of_every_kind_of_value, setup),
		cmocka_unit_test_setup(test_levels_above_are_dropped, setup),
		cmocka_unit_test_setup(test_escaping, setup),
		cmocka_unit_test_setup(test_escape_reads_only_the_slice, setup),
		cmocka_unit_test_setup(test_long_values_are_cut, setup),
		cmocka_unit_test_setup(test_long_printf_is_cut, setup),
		cmocka_unit_test_setup(test_worst_case_fits, setup),
		cmocka_unit_test_setup(
		    test_default_sink_writes_to_stderr, setup),
	};

	return cmocka_run_group_tests_name("base/log", tests, NULL, NULL);
}
