/* SPDX-License-Identifier: MIT */
/* test_reply.c - replies and enhanced codes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "smtp/reply.h"

#define X10 "xxxxxxxxxx"
#define X100 X10 X10 X10 X10 X10 X10 X10 X10 X10 X10
#define X500 X100 X100 X100 X100 X100

static const struct {
	const char *name;
	unsigned code;
	const char *enh, *text, *out;
	unsigned status;
} replies[] = {
	{ "plain", 250, NULL, "ok", "250 ok\r\n", 0 },
	{ "enhanced", 250, "2.1.0", "ok", "250 2.1.0 ok\r\n", 0 },
	{ "two lines", 550, "5.7.1", "one\ntwo",
	    "550-5.7.1 one\r\n550 5.7.1 two\r\n", 0 },
	{ "two lines without", 550, NULL, "one\ntwo", "550-one\r\n550 two\r\n",
	    0 },
	/* RFC 2034 4: none with 3xx */
	{ "354", 354, "2.0.0", "go ahead", "354 go ahead\r\n", 0 },
	{ "3xx with its own", 354, "2.0.0", "5.7.1 go", "354 5.7.1 go\r\n", 0 },
	/* the text brings its own */
	{ "own", 550, "5.7.1", "5.1.1 no", "550 5.1.1 no\r\n", 0 },
	{ "own, more lines", 550, "5.7.1", "5.1.1 no\nwhy",
	    "550-5.1.1 no\r\n550 5.1.1 why\r\n", 0 },
	{ "own on each line", 550, "5.7.1", "5.1.1 no\n5.1.1 why",
	    "550-5.1.1 no\r\n550 5.1.1 why\r\n", 0 },
	{ "own alone", 550, "5.7.1", "5.1.1", "550 5.1.1 \r\n", 0 },
	{ "own of another class", 450, "4.7.1", "5.1.1 no", "450 4.1.1 no\r\n",
	    SMTP_REPLY_CLASS },
	{ "given of another class", 450, "5.7.1", "no", "450 4.7.1 no\r\n",
	    SMTP_REPLY_CLASS },
	{ "not to be touched", 550, NULL, "4.1.1 no", "550 4.1.1 no\r\n", 0 },
	{ "not one: three digits", 550, "5.7.1", "5.1.1000 no",
	    "550 5.7.1 5.1.1000 no\r\n", 0 },
	{ "not one: class 3", 550, "5.7.1", "3.1.1 no",
	    "550 5.7.1 3.1.1 no\r\n", 0 },
	{ "not one: zeros", 550, "5.7.1", "5.01.1 no",
	    "550 5.7.1 5.01.1 no\r\n", 0 },
	{ "not one: no space", 550, "5.7.1", "5.1.1x", "550 5.7.1 5.1.1x\r\n",
	    0 },
	{ "not one: an address", 550, "5.7.1", "5.1.1.1 is bad",
	    "550 5.7.1 5.1.1.1 is bad\r\n", 0 },
	{ "second line only", 550, "5.7.1", "no\n5.1.1 why",
	    "550-5.7.1 no\r\n550 5.7.1 5.1.1 why\r\n", 0 },
	{ "enh is none", 550, "5.7", "no", "550 no\r\n", SMTP_REPLY_BAD_ENH },
	/* qpsmtpd's form */
	{ "old form", 550, "5.1.1", "no (#5.7.1)", "550 no (#5.7.1)\r\n", 0 },
	{ "old form, newline", 550, "5.1.1", "a\nno (#5.7.1)\n",
	    "550-a\r\n550 no (#5.7.1)\r\n", 0 },
	{ "old form, class", 450, "4.1.1", "no (#5.7.1)", "450 no (#4.7.1)\r\n",
	    SMTP_REPLY_CLASS },
	{ "not old form: inside", 550, "5.1.1", "no (#5.7.1) x",
	    "550 5.1.1 no (#5.7.1) x\r\n", 0 },
	{ "not old form: no hash", 550, "5.1.1", "no (5.7.1)",
	    "550 5.1.1 no (5.7.1)\r\n", 0 },
	{ "not old form: junk", 550, "5.1.1", "no (#5.7)",
	    "550 5.1.1 no (#5.7)\r\n", 0 },
	/* never `NNN-` as last line, no line without text */
	{ "empty line", 550, NULL, "a\n\nb", "550-a\r\n550- \r\n550 b\r\n", 0 },
	{ "empty line, enhanced", 550, "5.7.1", "a\n\nb",
	    "550-5.7.1 a\r\n550-5.7.1  \r\n550 5.7.1 b\r\n", 0 },
	{ "0 is a text", 550, NULL, "a\n0\nb", "550-a\r\n550-0\r\n550 b\r\n",
	    0 },
	{ "newline at the end", 550, NULL, "a\n\n", "550 a\r\n", 0 },
	{ "newline at the start", 550, NULL, "\na", "550- \r\n550 a\r\n", 0 },
	{ "CRLF in text", 550, NULL, "a\r\nb\r\n", "550-a\r\n550 b\r\n", 0 },
	{ "empty", 334, NULL, "", "334 \r\n", 0 },
	{ "empty, enhanced", 250, "2.0.0", "", "250 2.0.0 \r\n", 0 },
	{ "newline alone", 250, "2.0.0", "\n", "250 2.0.0 \r\n", 0 },
	/* textstring = 1*(%d09 / %d32-126) */
	{ "control characters", 550, NULL, "a\x01\rb\x7f\tc",
	    "550 a  b \tc\r\n", SMTP_REPLY_CLEANED },
	{ "UTF-8", 550, NULL, "\xc3\xa4", "550 \xc3\xa4\r\n", 0 },
	{ "UTF-8 for ASCII: one for a character", 550, NULL,
	    "x\xc3\xa4\xe4\xbe\x8by", "550 x??y\r\n", SMTP_REPLY_ASCII },
	/* RFC 5321 4.5.3.1.5: 512 octets with code and CRLF */
	{ "just fits", 550, NULL, X500 "123456", "550 " X500 "123456\r\n", 0 },
	{ "one too long", 550, NULL, X500 "1234567",
	    "550-" X500 "123456\r\n550 7\r\n", SMTP_REPLY_FOLDED },
	{ "folded at a space", 550, NULL, X100 X100 X100 X100 " " X100 "yyyyyy",
	    "550-" X100 X100 X100 X100 "\r\n550 " X100 "yyyyyy\r\n",
	    SMTP_REPLY_FOLDED },
	{ "space at the border", 550, NULL, X500 "123456 7",
	    "550-" X500 "123456\r\n550 7\r\n", SMTP_REPLY_FOLDED },
	{ "not through a character", 550, NULL, X500 "12345\xc3\xa4z",
	    "550-" X500 "12345\r\n550 \xc3\xa4z\r\n", SMTP_REPLY_FOLDED },
	{ "folded twice", 550, "5.7.1", X500 X500 "\nz",
	    "550-5.7.1 " X500 "\r\n550-5.7.1 " X500 "\r\n550 5.7.1 z\r\n",
	    SMTP_REPLY_FOLDED },
};

/* Each line fits, all have the same code, only the last a space. */
static void
check_shape(const char *p, unsigned code)
{
	char want[5] = { (char)('0' + code / 100), (char)('0' + code / 10 % 10),
		(char)('0' + code % 10) };

	while (*p != '\0') {
		const char *end = strstr(p, "\r\n");

		assert_non_null(end);
		assert_true(end + 2 - p <= SMTP_REPLY_LINE_MAX);
		assert_memory_equal(p, want, 3);
		assert_int_equal(p[3], end[2] == '\0' ? ' ' : '-');
		p = end + 2;
	}
}

static void
test_format(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(replies); i++) {
		struct buf out = BUF_INIT;
		unsigned status;

		print_message("# %s\n", replies[i].name);
		buf_add_text(&out, "250 before\r\n");
		status = smtp_reply_format(&out, replies[i].code,
		    replies[i].enh, slice_of(replies[i].text),
		    (replies[i].status & SMTP_REPLY_ASCII) == 0);
		assert_string_equal(out.p + 12, replies[i].out);
		assert_int_equal(status, replies[i].status);
		check_shape(out.p + 12, replies[i].code);
		buf_done(&out);
	}
}

static void
test_no_utf8(void **state)
{
	struct buf out = BUF_INIT;

	(void)state;
	assert_int_equal(
	    smtp_reply_format(&out, 550, NULL, SLICE_LIT("x\xe4y\xc3"), true),
	    SMTP_REPLY_ASCII);
	assert_string_equal(out.p, "550 x?y?\r\n");
	buf_done(&out);
}

static void
test_nul(void **state)
{
	struct buf out = BUF_INIT;
	struct slice text = { "a\0b", 3 };

	(void)state;
	assert_int_equal(smtp_reply_format(&out, 250, NULL, text, false),
	    SMTP_REPLY_CLEANED);
	assert_string_equal(out.p, "250 a b\r\n");
	buf_done(&out);
}

static void
test_enhanced(void **state)
{
	struct smtp_enhanced enh;
	struct slice rest;

	(void)state;
	assert_true(smtp_enhanced_parse(slice_of("5.7.123  no"), &enh, &rest));
	assert_int_equal(enh.class, 5);
	assert_int_equal(enh.subject, 7);
	assert_int_equal(enh.detail, 123);
	assert_true(slice_eq_text(rest, "no"));
	assert_true(smtp_enhanced_parse(slice_of("2.0.0"), &enh, NULL));
	assert_false(smtp_enhanced_parse(slice_of(""), &enh, NULL));
	assert_false(smtp_enhanced_parse(slice_of("5"), &enh, NULL));
	assert_false(smtp_enhanced_parse(slice_of("5."), &enh, NULL));
	assert_false(smtp_enhanced_parse(slice_of("5.1"), &enh, NULL));
	assert_false(smtp_enhanced_parse(slice_of("5.1."), &enh, NULL));
	assert_false(smtp_enhanced_parse(slice_of("1.1.1"), &enh, NULL));

	enh = smtp_reply_enhanced(450, "4.7.1", slice_of("5.1.2 no"), &rest);
	assert_int_equal(enh.class, 4);
	assert_int_equal(enh.subject, 1);
	assert_int_equal(enh.detail, 2);
	assert_true(slice_eq_text(rest, "no"));
	enh = smtp_reply_enhanced(354, "4.7.1", slice_of("go"), &rest);
	assert_int_equal(enh.class, 0);
	assert_true(slice_eq_text(rest, "go"));
	enh = smtp_reply_enhanced(550, "5.7.1", slice_of("x (#5.1.1)"), NULL);
	assert_int_equal(enh.class, 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_format),
		cmocka_unit_test(test_no_utf8),
		cmocka_unit_test(test_nul),
		cmocka_unit_test(test_enhanced),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
