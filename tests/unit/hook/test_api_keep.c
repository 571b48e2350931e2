/* SPDX-License-Identifier: MIT */
/* test_api_keep.c - hl_message_keep, addresses as paths, lines, the time. */
#include "engine_fixture.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

static struct fixture *f;

static int
declare(struct hl_ctx *ctx)
{
	return hl_need_write(ctx, hl_printf(ctx, "%s/", f->dir));
}

static int
set_up(void **state)
{
	if (fixture_setup(state) < 0)
		return -1;
	f = *state;
	fixture_probe_load = declare;
	return 0;
}

/* ---- hl_message_keep ---- */

static struct hl_copy
copy_to(struct hl_ctx *ctx, const char *name)
{
	return (struct hl_copy){
		.tmp = hl_printf(ctx, "%s/%s.tmp", f->dir, name),
		.path = hl_printf(ctx, "%s/%s", f->dir, name),
	};
}

static enum hl_verdict
keep(struct hl_ctx *ctx)
{
	struct hl_copy copies[] = { copy_to(ctx, "a"), copy_to(ctx, "b") };
	hl_str fault = HL_STR("untouched");

	copies[1].top = hl_lines_new(ctx);
	hl_lines_add(copies[1].top, HL_STR("X-One: 1"));
	hl_lines_printf(copies[1].top, "X-Two: %d", 2);
	EXPECT_INT(hl_message_keep(ctx, copies, 2, 0640, HL_LF, &fault), 0);
	EXPECT_TEXT(fault, "untouched");
	copies[0] = copy_to(ctx, "c");
	copies[0].top = copies[1].top;
	EXPECT_INT(hl_message_keep(ctx, copies, 1, 0600, HL_CRLF, NULL), 0);
	return HL_DECLINED;
}

static void
test_keep(void **state)
{
	struct stat st;

	(void)state;
	fixture_message(f, "A: 1\r\n\r\nbody\r\n");
	fixture_hook(f, HOOK_QUEUE, keep);
	fixture_file_is(fixture_path(f, "a"), "A: 1\n\nbody\n");
	fixture_file_is(
	    fixture_path(f, "b"), "X-One: 1\nX-Two: 2\nA: 1\n\nbody\n");
	fixture_file_is(fixture_path(f, "c"),
	    "X-One: 1\r\nX-Two: 2\r\nA: 1\r\n\r\nbody\r\n");
	assert_int_equal(stat(fixture_path(f, "a"), &st), 0);
	assert_int_equal(st.st_mode & 07777, 0640);
}

static enum hl_verdict
keep_fails(struct hl_ctx *ctx)
{
	struct hl_copy copies[] = { copy_to(ctx, "a"), copy_to(ctx, "no/b") };
	hl_str fault;

	EXPECT_INT(
	    hl_message_keep(ctx, copies, 2, 0600, HL_LF, &fault), -ENOENT);
	EXPECT_TEXT(fault,
	    hl_printf(ctx,
		"cannot keep %s/no/b: No such file or directory; make the "
		"directory, or mount its file system",
		f->dir)
		.p);
	EXPECT_INT(
	    hl_message_keep(ctx, copies, 0, 0600, HL_LF, &fault), -EINVAL);
	EXPECT_TEXT(fault, "there is no message, or no file for it");
	copies[1] = (struct hl_copy){ .tmp = copies[0].tmp,
		.path = HL_STR("/etc/hookline-foreign") };
	EXPECT_INT(
	    hl_message_keep(ctx, copies, 2, 0600, HL_LF, &fault), -EACCES);
	EXPECT(
	    strncmp(fault.p, "cannot keep /etc/hookline-foreign: ", 35) == 0);
	return HL_DECLINED;
}

static void
test_keep_fails(void **state)
{
	(void)state;
	fixture_message(f, "A: 1\r\n\r\nbody\r\n");
	fixture_hook(f, HOOK_QUEUE, keep_fails);
	assert_int_equal(access(fixture_path(f, "a"), F_OK), -1);
	assert_int_equal(access(fixture_path(f, "a.tmp"), F_OK), -1);
}

static enum hl_verdict
keep_nothing(struct hl_ctx *ctx)
{
	struct hl_copy copy = copy_to(ctx, "a");

	EXPECT_INT(hl_message_keep(ctx, &copy, 1, 0600, HL_LF, NULL), -EINVAL);
	return HL_DECLINED;
}

static void
test_no_message(void **state)
{
	(void)state;
	fixture_hook(f, HOOK_CONNECT, keep_nothing);
	fixture_txn(f);
	fixture_hook(f, HOOK_DATA, keep_nothing);
}

static void
test_remedies(void **state)
{
	(void)state;
	assert_string_equal(hl_file_remedy(-ENOSPC), "make room on its disk");
	assert_string_equal(
	    hl_file_remedy(-EROFS), "its file system is mounted read-only");
	assert_string_equal(hl_file_remedy(-ELOOP), "see errno(3)");
}

/* ---- hl_addr_path ---- */

static enum hl_verdict
expand(struct hl_ctx *ctx)
{
	static const struct {
		const char *addr, *pattern, *want;
	} cases[] = {
		{ "User@Example.COM", "%d/%l", "example.com/User" },
		{ "u@d.example", "x%uy%%l%", "xu@d.exampley%u%" },
		{ "u@d.example", "%", "%" },
		{ "u@d.example", "%x", "%x" },
		{ "u@d.example", "", "" },
		{ "\"..\"@d.example", "%l", "__" },
		{ "\"...\"@d.example", "%l/%u", "___/___@d.example" },
		{ "\".a\"@d.example", "%l", ".a" },
		{ "\"\"@d.example", "%l", "_" },
		{ "\"a/../b\"@d.example", "%l", "a_.._b" },
		{ "\"a b;$(id)\"@d.example", "%l", "a_b___id_" },
		{ "a+b=c-d_e,f@d.example", "%l", NULL },
		{ "u@[192.0.2.1]", "%d", "_192.0.2.1_" },
		{ "\xc3\xbc@\xc3\x9c.de", "%d/%l", "xn--tda.de/\xc3\xbc" },
		{ "postmaster", "%d/%l", "mx.example/postmaster" },
	};
	const struct hl_addr *addr;

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		if (hl_addr_parse(ctx, str_of(cases[i].addr), &addr) < 0) {
			EXPECT(cases[i].want == NULL);
			continue;
		}
		EXPECT_TEXT(hl_addr_path(ctx, addr, str_of(cases[i].pattern)),
		    cases[i].want);
	}
	return HL_DECLINED;
}

static void
test_addr_path(void **state)
{
	(void)state;
	fixture_hook(f, HOOK_CONNECT, expand);
}

/* ---- lines, words, the time ---- */

static enum hl_verdict
take_words(struct hl_ctx *ctx)
{
	hl_str rest = HL_STR(" one\t two  three "), empty = HL_STR("");

	EXPECT_TEXT(hl_word(ctx, &rest), "one");
	EXPECT_TEXT(rest, "\t two  three ");
	EXPECT_TEXT(hl_word(ctx, &rest), "two");
	EXPECT_TEXT(hl_word(ctx, &rest), "three");
	EXPECT_TEXT(rest, " ");
	EXPECT_TEXT(hl_word(ctx, &rest), "");
	EXPECT_TEXT(rest, "");
	EXPECT_TEXT(hl_word(ctx, &rest), "");
	EXPECT_TEXT(hl_word(ctx, &empty), "");
	return HL_DECLINED;
}

static void
test_words(void **state)
{
	(void)state;
	fixture_hook(f, HOOK_CONNECT, take_words);
}

static enum hl_verdict
make_lines(struct hl_ctx *ctx)
{
	struct hl_lines *lines = hl_lines_new(ctx);

	EXPECT_TEXT(hl_lines_text(lines), "");
	hl_lines_add(lines, HL_STR("one"));
	EXPECT_TEXT(hl_lines_text(lines), "one");
	hl_lines_add(lines, HL_STR(""));
	hl_lines_printf(lines, "%s %d", "two", 2);
	EXPECT_TEXT(hl_lines_text(lines), "one\n\ntwo 2");
	return HL_DECLINED;
}

static void
test_lines(void **state)
{
	(void)state;
	fixture_hook(f, HOOK_CONNECT, make_lines);
}

static enum hl_verdict
tell_time(struct hl_ctx *ctx)
{
	/* The test's clock stands at 1970. */
	EXPECT_TEXT(hl_time_text(ctx, "%Y-%m-%d %T"), "1970-01-01 00:00:00");
	EXPECT_TEXT(hl_time_text(ctx, "%%l"), "%l");
	EXPECT_TEXT(hl_time_text(ctx, ""), "");
	return HL_DECLINED;
}

static void
test_time(void **state)
{
	(void)state;
	assert_int_equal(setenv("TZ", "UTC", 1), 0);
	tzset();
	fixture_hook(f, HOOK_CONNECT, tell_time);
}

#define TEST(name) \
	cmocka_unit_test_setup_teardown(name, set_up, fixture_teardown)

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		TEST(test_keep),
		TEST(test_keep_fails),
		TEST(test_no_message),
		TEST(test_remedies),
		TEST(test_addr_path),
		TEST(test_lines),
		TEST(test_words),
		TEST(test_time),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
