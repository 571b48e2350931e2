/* SPDX-License-Identifier: MIT */
/* test_api_message.c - header, readers and the body's file. */
#include "engine_fixture.h"

#include <errno.h>
#include <sys/stat.h>

static const char message[] = "Received: from a\r\n\tby b\r\n"
			      "Subject: hello\r\n"
			      "received: second\r\n"
			      "\r\n"
			      "line 1\r\n"
			      "\r\n"
			      "line 3\r\n";

static enum hl_verdict
read_header(struct hl_ctx *ctx)
{
	hl_str name, value;

	EXPECT_INT(hl_data_size(ctx), sizeof(message) - 1 - 8);
	EXPECT_INT(hl_message_size(ctx, HL_CRLF), sizeof(message) - 1);
	EXPECT_INT(hl_message_size(ctx, HL_LF), sizeof(message) - 1 - 8);
	EXPECT_TEXT(hl_header_get(ctx, HL_STR("subject"), 0), "hello");
	EXPECT_TEXT(
	    hl_header_get(ctx, HL_STR("Received"), 0), "from a\n\tby b");
	EXPECT_TEXT(hl_header_get(ctx, HL_STR("Received"), 1), "second");
	EXPECT_TEXT(hl_header_get(ctx, HL_STR("Received"), 2), "");
	EXPECT_TEXT(hl_header_get(ctx, HL_STR("To"), 0), "");
	EXPECT_INT(hl_header_count(ctx, HL_STR("RECEIVED")), 2);
	EXPECT_INT(hl_header_count(ctx, HL_STR("To")), 0);
	EXPECT(hl_header_at(ctx, 2, &name, &value));
	EXPECT_TEXT(name, "received");
	EXPECT_TEXT(value, "second");
	EXPECT(!hl_header_at(ctx, 3, &name, &value));
	return HL_DECLINED;
}

static enum hl_verdict
edit_header(struct hl_ctx *ctx)
{
	EXPECT_INT(
	    hl_header_add_top(ctx, HL_STR("X-Top"), HL_STR("a\n\tb")), 0);
	EXPECT_INT(hl_header_add(ctx, HL_STR("X-End"), HL_STR("z")), 0);
	EXPECT_INT(
	    hl_header_replace(ctx, HL_STR("Subject"), 0, HL_STR("bye")), 0);
	EXPECT_INT(hl_header_delete(ctx, HL_STR("Received"), 1), 0);
	EXPECT_INT(hl_header_delete(ctx, HL_STR("Nothing"), 0), 0);
	EXPECT_INT(
	    hl_header_add(ctx, HL_STR("X-Bad"), HL_STR("a\nb: c")), -EINVAL);
	EXPECT_INT(hl_header_add(ctx, HL_STR("a b"), HL_STR("x")), -EINVAL);
	return HL_DECLINED;
}

static void
expect_all(
    struct hl_reader *reader, const char *want, size_t step, const char *what)
{
	char got[512];
	size_t n = 0;
	long one;

	while ((one = hl_read(reader, got + n, step)) > 0)
		n += (size_t)one;
	got[n] = '\0';
	fixture_expect_int(one, 0, what, __FILE__, __LINE__);
	fixture_expect_text((hl_str){ got, n }, want, what, __FILE__, __LINE__);
}

static enum hl_verdict
read_edited(struct hl_ctx *ctx)
{
	static const char crlf[] = "X-Top: a\r\n\tb\r\n"
				   "Received: from a\r\n\tby b\r\n"
				   "Subject: bye\r\n"
				   "X-End: z\r\n"
				   "\r\n"
				   "line 1\r\n\r\nline 3\r\n";
	static const char lf[] = "X-Top: a\n\tb\n"
				 "Received: from a\n\tby b\n"
				 "Subject: bye\n"
				 "X-End: z\n"
				 "\n"
				 "line 1\n\nline 3\n";

	for (size_t step = 1; step < 40; step += 7) {
		expect_all(hl_message_read(ctx, HL_CRLF), crlf, step, "crlf");
		expect_all(hl_message_read(ctx, HL_LF), lf, step, "lf");
		expect_all(hl_body_read(ctx, HL_LF), "line 1\n\nline 3\n", step,
		    "body");
	}
	EXPECT_INT(hl_read(hl_body_read(ctx, HL_LF), NULL, 0), 0);
	return HL_DECLINED;
}

static void
test_header(void **state)
{
	struct fixture *f = *state;

	fixture_message(f, message);
	fixture_hook(f, HOOK_DATA_POST, read_header);
	fixture_hook(f, HOOK_DATA_POST, edit_header);
	fixture_hook(f, HOOK_QUEUE, read_edited);
}

static enum hl_verdict
read_only(struct hl_ctx *ctx)
{
	EXPECT_TEXT(hl_header_get(ctx, HL_STR("Subject"), 0), "hello");
	EXPECT_INT(hl_header_add_top(ctx, HL_STR("X"), HL_STR("x")), -EROFS);
	EXPECT_INT(hl_header_add(ctx, HL_STR("X"), HL_STR("x")), -EROFS);
	EXPECT_INT(hl_header_replace(ctx, HL_STR("X"), 0, HL_STR("x")), -EROFS);
	EXPECT_INT(hl_header_delete(ctx, HL_STR("Subject"), 0), -EROFS);
	EXPECT(hl_body_read(ctx, HL_LF) != NULL);
	EXPECT_INT(hl_rcpt_add(ctx, HL_STR("a@b.example")), -EROFS);
	return HL_DECLINED;
}

static void
test_read_only(void **state)
{
	struct fixture *f = *state;

	fixture_message(f, message);
	f->conv.txn->read_only = true;
	fixture_hook(f, HOOK_QUEUE_POST, read_only);
}

static enum hl_verdict
nothing_yet(struct hl_ctx *ctx)
{
	hl_str text = HL_STR("as it was"), other;
	char byte[8];

	EXPECT_INT(hl_data_size(ctx), 0);
	EXPECT_INT(hl_message_size(ctx, HL_CRLF), 0);
	EXPECT_TEXT(hl_header_get(ctx, HL_STR("Subject"), 0), "");
	EXPECT_INT(hl_header_count(ctx, HL_STR("Subject")), 0);
	EXPECT(!hl_header_at(ctx, 0, &text, &other));
	EXPECT_INT(hl_header_add(ctx, HL_STR("X"), HL_STR("x")), -EINVAL);
	EXPECT_INT(hl_header_delete(ctx, HL_STR("X"), 0), -EINVAL);
	EXPECT(hl_message_read(ctx, HL_LF) == NULL);
	EXPECT(hl_body_read(ctx, HL_LF) == NULL);
	EXPECT_INT(hl_read(NULL, byte, 1), -EINVAL);
	EXPECT_INT(hl_read_line(NULL, byte, 8), -EINVAL);
	EXPECT_INT(hl_body_filename(ctx, &text), -EINVAL);
	EXPECT_TEXT(text, "as it was");
	return HL_DECLINED;
}

static void
test_no_message(void **state)
{
	struct fixture *f = *state;

	fixture_hook(f, HOOK_CONNECT, nothing_yet);
	fixture_txn(f);
	fixture_hook(f, HOOK_DATA, nothing_yet);
	f->without_session = true;
	fixture_hook(f, HOOK_INIT_WORKER, nothing_yet);
}

/* The lines of `body` as hl_read_line gives them with room for `size`, each
 * with a '|' behind it. */
static const struct line_case {
	const char *name;
	const char *body;
	size_t size;
	enum hl_eol eol;
	const char *want;
} line_cases[] = {
	{ "whole lines", "ab\r\n\r\nc\r\n", 16, HL_LF, "ab||c|" },
	{ "crlf", "ab\r\n\r\nc\r\n", 16, HL_CRLF, "ab||c|" },
	{ "last without end", "ab\r\nc", 16, HL_CRLF, "ab|c|" },
	{ "pieces", "abcdefgh\r\nx\r\n", 4, HL_LF, "abc|def|gh|x|" },
	{ "pieces, crlf", "abcdefgh\r\nx\r\n", 4, HL_CRLF, "abc|def|gh|x|" },
	{ "as long as the room", "abc\r\nx\r\n", 4, HL_LF, "abc|x|" },
	{ "... crlf", "abc\r\nx\r\n", 4, HL_CRLF, "abc|x|" },
	{ "... and an empty line", "abc\r\n\r\nx\r\n", 4, HL_CRLF, "abc||x|" },
	{ "CR at the border", "ab\r\nx\r\n", 4, HL_CRLF, "ab|x|" },
	{ "CR that ends nothing", "ab\rcd\r\n", 4, HL_CRLF, "ab|\rcd|" },
	{ "CR at the very end", "ab\r", 4, HL_CRLF, "ab|\r|" },
	{ "CR at the end", "abc\r", 16, HL_CRLF, "abc\r|" },
	{ "two CRs", "a\r\r\nb\r\n", 16, HL_CRLF, "a\r|b|" },
	{ "bare LF", "a\nb\r\n", 16, HL_CRLF, "a|b|" },
	{ "nothing", "", 16, HL_LF, "" },
};

static const struct line_case *line_case;
static char lines[256];

static enum hl_verdict
read_lines(struct hl_ctx *ctx)
{
	struct hl_reader *reader = hl_body_read(ctx, line_case->eol);
	char line[64];
	size_t n = 0;
	int status;

	EXPECT_INT(hl_read_line(reader, line, 3), -EINVAL);
	while ((status = hl_read_line(reader, line, line_case->size)) > 0)
		n +=
		    (size_t)snprintf(lines + n, sizeof(lines) - n, "%s|", line);
	EXPECT_INT(status, 0);
	EXPECT_INT(hl_read_line(reader, line, 64), 0);
	return HL_DECLINED;
}

static void
test_lines(void **state)
{
	struct fixture *f = *state;

	for (size_t i = 0; i < ARRAY_SIZE(line_cases); i++) {
		char text[256];

		line_case = &line_cases[i];
		lines[0] = '\0';
		(void)snprintf(
		    text, sizeof(text), "A: b\r\n\r\n%s", line_case->body);
		fixture_message(f, text);
		fixture_hook(f, HOOK_DATA_POST, read_lines);
		if (strcmp(lines, line_case->want) != 0)
			fail_msg("case '%s': got '%s', want '%s'",
			    line_case->name, lines, line_case->want);
		txn_unref(&f->conv.txn);
	}
}

static enum hl_verdict
mix_reads(struct hl_ctx *ctx)
{
	struct hl_reader *reader = hl_body_read(ctx, HL_CRLF);
	char line[64] = "";

	/* "abc" and the held CR of "abc\r\n", then byte by byte. */
	EXPECT_INT(hl_read_line(reader, line, 5), 1);
	EXPECT_TEXT(hl_text(line), "abc");
	EXPECT_INT(hl_read(reader, line, 1), 1);
	EXPECT_INT(line[0], '\r');
	EXPECT_INT(hl_read(reader, line, 1), 1);
	EXPECT_INT(line[0], '\n');
	EXPECT_INT(hl_read_line(reader, line, 64), 1);
	EXPECT_TEXT(hl_text(line), "");
	EXPECT_INT(hl_read_line(reader, line, 64), 1);
	EXPECT_TEXT(hl_text(line), "d");
	return HL_DECLINED;
}

static enum hl_verdict
read_nul(struct hl_ctx *ctx)
{
	struct hl_reader *reader = hl_body_read(ctx, HL_LF);
	char line[64];

	EXPECT_INT(hl_read_line(reader, line, 64), 1);
	EXPECT_TEXT(hl_text(line), "a b c");
	return HL_DECLINED;
}

static enum hl_verdict
cancelled(struct hl_ctx *ctx)
{
	struct hl_reader *reader = hl_body_read(ctx, HL_CRLF);
	char line[64];

	EXPECT_INT(hl_sleep(ctx, 1000), -ECANCELED);
	EXPECT_INT(hl_read(reader, line, 64), -ECANCELED);
	EXPECT_INT(hl_read_line(reader, line, 64), -ECANCELED);
	return HL_DECLINED;
}

static void
test_reading(void **state)
{
	struct fixture *f = *state;

	fixture_message(f, "A: b\r\n\r\nabc\r\n\r\nd\r\n");
	fixture_hook(f, HOOK_DATA_POST, mix_reads);
	fixture_begin(f, HOOK_DATA_POST, cancelled);
	fixture_cancel(f);
	fixture_end(f);
	txn_unref(&f->conv.txn);
	/* What stands behind a NUL is not hidden. */
	fixture_message_bytes(f, "A: b\r\n\r\na\0b\0c\r\n", 15);
	fixture_hook(f, HOOK_DATA_POST, read_nul);
}

static char path[256];

static enum hl_verdict
get_filename(struct hl_ctx *ctx)
{
	hl_str name, again;

	EXPECT_INT(hl_body_filename(ctx, &name), 0);
	EXPECT_INT(hl_body_filename(ctx, &again), 0);
	EXPECT_TEXT(again, name.p);
	(void)snprintf(path, sizeof(path), "%s", name.p);
	return HL_DECLINED;
}

static void
test_body_filename(void **state)
{
	struct fixture *f = *state;
	char bytes[256] = "";
	struct stat st;
	FILE *file;

	fixture_message(f, "A: b\r\n\r\nabc\r\n");
	fixture_hook(f, HOOK_DATA_POST, get_filename);
	file = fopen(path, "r");
	assert_non_null(file);
	assert_true(fread(bytes, 1, sizeof(bytes) - 1, file) > 0);
	(void)fclose(file);
	assert_string_equal(bytes, "A: b\n\nabc\n");
	txn_unref(&f->conv.txn);
	assert_int_equal(stat(path, &st), -1);
}

static enum hl_verdict
fail_filename(struct hl_ctx *ctx)
{
	hl_str name = HL_STR("as it was");

	EXPECT(hl_body_filename(ctx, &name) < 0);
	EXPECT_TEXT(name, "as it was");
	return HL_DECLINED;
}

static void
test_body_filename_fails(void **state)
{
	struct fixture *f = *state;

	body_store_done(&f->bodies);
	body_store_init(&f->bodies, "/nonexistent/spool", 0);
	fixture_message(f, "A: b\r\n\r\nabc\r\n");
	fixture_hook(f, HOOK_DATA_POST, fail_filename);
	/* Said once, with the place. */
	assert_non_null(strstr(f->log.p, "event=body_file"));
	assert_non_null(strstr(f->log.p, "/nonexistent/spool"));
}

#define TEST(fn) \
	cmocka_unit_test_setup_teardown(fn, fixture_setup, fixture_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_header),
		TEST(test_read_only),
		TEST(test_no_message),
		TEST(test_lines),
		TEST(test_reading),
		TEST(test_body_filename),
		TEST(test_body_filename_fails),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
