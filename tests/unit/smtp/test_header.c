/* SPDX-License-Identifier: MIT */
/* test_header.c - header fields found in blocks cut anywhere. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "smtp/header.h"

#define S(text)                          \
	{                                \
		(text), sizeof(text) - 1 \
	}
#define LF SMTP_HEADER_BARE_LF

/* `want`: "name=value|" for each field, "~" behind the name if it was cut,
 * then "#" if an empty line ended the header, then the body. */
static const struct {
	const char *name;
	struct slice in;
	const char *want;
	unsigned flags;
	size_t max; /* 0: 1000 */
} cases[] = {
	{ "two fields", S("A: 1\r\nB: 2\r\n\r\nx\r\n"), "A=1|B=2|#x\r\n", 0,
	    0 },
	{ "no space", S("A:1\r\n\r\n"), "A=1|#", 0, 0 },
	{ "tabs", S("A:\t 1 \r\n\r\n"), "A=1 |#", 0, 0 },
	{ "empty value", S("A:\r\nB: \r\n\r\n"), "A=|B=|#", 0, 0 },
	/* RFC 5322 2.2.3 */
	{ "fold", S("A: 1\r\n 2\r\n\t3\r\nB: 4\r\n\r\n"),
	    "A=1\r\n 2\r\n\t3|B=4|#", 0, 0 },
	{ "value on the second line", S("A:\r\n 1\r\n\r\n"), "A=\r\n 1|#", 0,
	    0 },
	/* obs-FWS: a folded line of white space only (RFC 5322 4.2) */
	{ "blank folded line", S("A: 1\r\n \r\n 2\r\n\r\n"), "A=1\r\n \r\n 2|#",
	    0, 0 },
	/* obs-fields have white space before the colon (RFC 5322 4.5) */
	{ "space before colon", S("A : 1\r\nB\t:2\r\n\r\n"), "A=1|B=2|#", 0,
	    0 },
	{ "odd names", S("!#$%&'*+-./09;=?@[]: 1\r\n\r\n"),
	    "!#$%&'*+-./09;=?@[]=1|#", 0, 0 },
	{ "colons in value", S("A: b:c\r\n\r\n"), "A=b:c|#", 0, 0 },
	{ "8-bit value", S("A: \xc3\xa4\r\n\r\n"), "A=\xc3\xa4|#", 0, 0 },
	/* where the header ends */
	{ "empty message", S(""), "", 0, 0 },
	{ "no header", S("\r\nx"), "#x", 0, 0 },
	{ "body at once", S("hello\r\nA: 1\r\n"), "hello\r\nA: 1\r\n", 0, 0 },
	{ "no empty line", S("A: 1\r\nhello\r\n"), "A=1|hello\r\n", 0, 0 },
	{ "folded line first", S(" x\r\nA: 1\r\n"), " x\r\nA: 1\r\n", 0, 0 },
	{ "mbox line", S("From a@b Mon 1:2\r\nA: 1\r\n"),
	    "From a@b Mon 1:2\r\nA: 1\r\n", 0, 0 },
	{ "no name", S(": 1\r\n"), ": 1\r\n", 0, 0 },
	{ "8-bit name", S("A\xe4: 1\r\n"), "A\xe4: 1\r\n", 0, 0 },
	{ "NUL in name", S("A: 1\r\nB\0: 1\r\n"), "A=1|B", 0, 0 },
	{ "name without colon at the end", S("A: 1\r\nB"), "A=1|B", 0, 0 },
	{ "name and space at the end", S("A: 1\r\nB "), "A=1|B ", 0, 0 },
	{ "CR at the end", S("A: 1\r\n\r"), "A=1|\r", 0, 0 },
	{ "CR begins the body", S("A: 1\r\n\rx"), "A=1|\rx", 0, 0 },
	{ "fields only", S("A: 1\r\nB: 2\r\n"), "A=1|B=2|", 0, 0 },
	{ "no line end", S("A: 1"), "A=1|", 0, 0 },
	{ "no line end, CR", S("A: 1\r"), "A=1\r|", 0, 0 },
	/* LF alone ends a line only if the caller says so */
	{ "bare LF is text", S("A: 1\nB: 2\r\n\r\nx"), "A=1\nB: 2|#x", 0, 0 },
	{ "bare LF", S("A: 1\nB: 2\n 3\n\nx\n"), "A=1|B=2\n 3|#x\n", LF, 0 },
	{ "mixed", S("A: 1\r\nB: 2\n\r\nx\n"), "A=1|B=2|#x\n", LF, 0 },
	{ "bare LF first", S("\nx"), "#x", LF, 0 },
	{ "bare LF begins the body", S("\nx"), "\nx", 0, 0 },
	{ "bare CR is text", S("A: 1\rB: 2\r\n\r\n"), "A=1\rB: 2|#", LF, 0 },
	/* the limit: 12 octets */
	{ "just fits", S("A: 3456789\r\n\r\n"), "A=3456789|#", 0, 12 },
	{ "one over", S("A: 34567890\r\nB: 1\r\n\r\n"), "A~=34567890|B=1|#", 0,
	    12 },
	{ "far over", S("A: 34567890123\r\n 5678901234\r\nB: 1\r\n\r\n"),
	    "A~=345678901|B=1|#", 0, 12 },
	{ "over at the end", S("A: 34567890123\r\n"), "A~=345678901|", 0, 12 },
	{ "long name", S("ABCDEFGHIJK: 1\r\n\r\n"), "ABCDEFGHIJK~=|#", 0, 12 },
	{ "too long a name", S("ABCDEFGHIJKL: 1\r\n\r\n"),
	    "ABCDEFGHIJKL: 1\r\n\r\n", 0, 12 },
	{ "spaces up to the limit", S("A           : 1\r\n"),
	    "A           : 1\r\n", 0, 12 },
};

/* Raw bytes and offsets of a field agree with the message. */
static void
check_field(const struct smtp_field *f, bool is_cut, struct slice in,
    size_t max, uint64_t *end)
{
	struct slice raw = slice_head(slice_from(in, f->offset), f->size_bytes);

	assert_int_equal(f->offset, *end);
	*end += f->size_bytes;
	assert_int_equal(raw.n, f->size_bytes);
	assert_int_equal(is_cut, f->size_bytes > max);
	assert_true(slice_eq(f->raw, slice_head(raw, max)));
}

static void
run(struct slice in, size_t step, size_t max, unsigned flags, struct buf *got)
{
	struct smtp_header h;
	struct smtp_field f;
	enum smtp_header_status status = SMTP_HEADER_MORE;
	struct slice block = SLICE_NONE;
	size_t at = 0;
	uint64_t end = 0;
	bool is_finishing = false;

	smtp_header_init(&h, max, flags);
	buf_add_text(got, "");
	for (;;) {
		if (is_finishing)
			status = smtp_header_finish(&h, &f);
		else
			status = smtp_header_next(&h, &block, &f);
		if (status == SMTP_HEADER_END)
			break;
		if (status == SMTP_HEADER_MORE) {
			assert_int_equal(block.n, 0);
			is_finishing = at == in.n;
			block = slice_head(slice_from(in, at), step);
			at += block.n;
			continue;
		}
		check_field(&f, status == SMTP_HEADER_CUT, in, max, &end);
		buf_printf(got, "%.*s%s=", (int)f.name.n, f.name.p,
		    status == SMTP_HEADER_CUT ? "~" : "");
		buf_add_slice(got, f.value);
		buf_add_char(got, '|');
	}
	assert_in_range(
	    smtp_header_body_offset(&h) - end, 0, h.has_empty_line ? 2 : 0);
	end = smtp_header_body_offset(&h);
	if (h.has_empty_line)
		buf_add_char(got, '#');
	assert_true(
	    slice_eq(slice_head(slice_from(in, end), smtp_header_tail(&h).n),
		smtp_header_tail(&h)));
	buf_add_slice(got, smtp_header_tail(&h));
	buf_add_slice(got, block);
	buf_add_slice(got, slice_from(in, at));
	assert_int_equal(
	    end + smtp_header_tail(&h).n + block.n + slice_from(in, at).n,
	    in.n);
	smtp_header_done(&h);
}

static void
test_cases(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		size_t max = cases[i].max > 0 ? cases[i].max : 1000;

		print_message("# %s\n", cases[i].name);
		for (size_t step = 1; step <= cases[i].in.n + 1; step++) {
			struct buf got = BUF_INIT;

			run(cases[i].in, step, max, cases[i].flags, &got);
			assert_string_equal(got.p, cases[i].want);
			buf_done(&got);
		}
	}
}

/* A field within a block is not copied. */
static void
test_no_copy(void **state)
{
	static const char text[] = "A: 1\r\nB: 2\r\n\r\n";
	struct slice block = S(text);
	struct smtp_header h;
	struct smtp_field f;

	(void)state;
	smtp_header_init(&h, 1000, 0);
	assert_int_equal(smtp_header_next(&h, &block, &f), SMTP_HEADER_FIELD);
	assert_ptr_equal(f.raw.p, text);
	assert_int_equal(smtp_header_next(&h, &block, &f), SMTP_HEADER_FIELD);
	assert_ptr_equal(f.raw.p, text + 6);
	assert_int_equal(smtp_header_next(&h, &block, &f), SMTP_HEADER_END);
	assert_true(h.has_empty_line);
	assert_int_equal(smtp_header_tail(&h).n, 0);
	/* and again */
	assert_int_equal(smtp_header_next(&h, &block, &f), SMTP_HEADER_END);
	assert_int_equal(smtp_header_finish(&h, &f), SMTP_HEADER_END);
	smtp_header_done(&h);
}

/* What is kept of a field without end does not grow beyond the limit. */
static void
test_bounded(void **state)
{
	struct smtp_header h;
	struct smtp_field f;
	struct slice block;

	(void)state;
	smtp_header_init(&h, 100, 0);
	for (int i = 0; i < 1000; i++) {
		block = slice_of(i == 0 ? "Subject: x" : "xxxxxxxxxx");
		assert_int_equal(
		    smtp_header_next(&h, &block, &f), SMTP_HEADER_MORE);
	}
	assert_int_equal(h.part.n, 100);
	assert_int_equal(smtp_header_finish(&h, &f), SMTP_HEADER_CUT);
	assert_int_equal(f.size_bytes, 10000);
	assert_int_equal(f.raw.n, 100);
	smtp_header_done(&h);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_cases),
		cmocka_unit_test(test_no_copy),
		cmocka_unit_test(test_bounded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
