/* SPDX-License-Identifier: MIT */
/* test_line.c - command lines in a client's bytes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/buf.h"
#include "smtp/line.h"

#define S(text)                          \
	{                                \
		(text), sizeof(text) - 1 \
	}

/* `want` is the transcript of all lines: "text|" for a line, "LONG|", and
 * "BAD" which ends it. */
static const struct {
	const char *name;
	struct slice in;
	size_t max;
	const char *want;     /* reject */
	const char *want_fix; /* fix and allow; NULL: the same */
} cases[] = {
	{ "one", S("NOOP\r\n"), 512, "NOOP|", NULL },
	{ "pipelined", S("RSET\r\n\r\nQUIT\r\nX"), 512, "RSET||QUIT|", NULL },
	{ "no end", S("NOOP"), 512, "", NULL },
	{ "no LF", S("NOOP\r"), 512, "", NULL },
	/* RFC 5321 2.3.8: "MUST NOT recognize ... any other character or
	 * character sequence as a line terminator" */
	{ "bare LF", S("NOOP\nQUIT\r\n"), 512, "BAD", "NOOP|QUIT|" },
	{ "LF only", S("\n"), 512, "BAD", "|" },
	{ "bare CR", S("NO\rOP\r\n"), 512, "BAD", "BAD" },
	{ "CR first", S("\rNOOP\r\n"), 512, "BAD", "BAD" },
	{ "CR CRLF", S("NOOP\r\r\n"), 512, "BAD", "BAD" },
	{ "NUL", S("NO\0OP\r\n"), 512, "BAD", "BAD" },
	{ "NUL before the end came", S("RSET\r\nN\0"), 512, "RSET|BAD",
	    "RSET|BAD" },
	/* RFC 5321 4.5.3.1.4: "including the command word and the <CRLF>" */
	{ "exactly max", S("123456\r\nNOOP\r\n"), 8, "123456|NOOP|", NULL },
	{ "one over", S("1234567\r\nNOOP\r\n"), 8, "LONG|NOOP|", NULL },
	{ "far over", S("1234567890123456789012345\r\nA\r\n"), 8, "LONG|A|",
	    NULL },
	{ "over without end", S("1234567890123456789"), 8, "", NULL },
	{ "over with LF", S("1234567890123456789\nA\r\n"), 8, "BAD",
	    "LONG|A|" },
	{ "over with CR", S("1234567890123456789\rA\r\n"), 8, "BAD", "BAD" },
	{ "over with NUL", S("12345678901234567890\0\r\n"), 8, "BAD", "BAD" },
	{ "LF at max", S("1234567\nA\r\n"), 8, "BAD", "1234567|A|" },
	{ "CR at max", S("1234567\rA\r\n"), 8, "BAD", "BAD" },
	{ "two long ones", S("12345678901\r\n12345678901\r\nA\r\n"), 8,
	    "LONG|LONG|A|", NULL },
};

/* Gives the scanner the input in steps, as a session's buffer would. */
static void
run(struct slice in, size_t step, size_t max, enum smtp_bare_lf policy,
    struct buf *out)
{
	struct smtp_line line = { 0 };
	size_t start = 0, end = 0;

	buf_add_text(out, "");
	while (end < in.n) {
		enum smtp_line_status status;

		end = end + step < in.n ? end + step : in.n;
		do {
			struct slice got = SLICE_NONE;
			size_t used = 99999;

			status = smtp_line_next(&line,
			    slice_from(slice_head(in, end), start), max, policy,
			    &got, &used);
			assert_true(start + used <= end);
			start += used;
			if (status == SMTP_LINE_BAD) {
				buf_add_text(out, "BAD");
				return;
			}
			if (status == SMTP_LINE_TOO_LONG)
				buf_add_text(out, "LONG");
			buf_add_slice(out, got);
			if (status != SMTP_LINE_MORE)
				buf_add_char(out, '|');
		} while (status != SMTP_LINE_MORE);
		/* no more is kept than a line may have */
		assert_true(end - start < max);
	}
}

static void
test_cases(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		const char *fix = cases[i].want_fix != NULL ? cases[i].want_fix
							    : cases[i].want;

		print_message("# %s\n", cases[i].name);
		for (size_t step = 1; step <= cases[i].in.n; step++) {
			struct buf out[3] = { BUF_INIT, BUF_INIT, BUF_INIT };

			for (int policy = 0; policy < 3; policy++)
				run(cases[i].in, step, cases[i].max,
				    (enum smtp_bare_lf)policy, &out[policy]);
			assert_string_equal(
			    out[BARE_LF_REJECT].p, cases[i].want);
			assert_string_equal(out[BARE_LF_FIX].p, fix);
			assert_string_equal(out[BARE_LF_ALLOW].p, fix);
			for (int policy = 0; policy < 3; policy++)
				buf_done(&out[policy]);
		}
	}
}

/* Bytes that were looked at are not looked at again. */
static void
test_no_rescan(void **state)
{
	struct smtp_line line = { 0 };
	char text[] = "abcdef";
	struct slice ret;
	size_t used;

	(void)state;
	assert_int_equal(smtp_line_next(&line, (struct slice){ text, 3 }, 512,
			     BARE_LF_REJECT, &ret, &used),
	    SMTP_LINE_MORE);
	assert_int_equal(used, 0);
	assert_int_equal(line.scanned, 3);
	text[1] = '\0'; /* would be BAD */
	assert_int_equal(smtp_line_next(&line, (struct slice){ text, 6 }, 512,
			     BARE_LF_REJECT, &ret, &used),
	    SMTP_LINE_MORE);
	assert_int_equal(line.scanned, 6);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_cases),
		cmocka_unit_test(test_no_rescan),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
