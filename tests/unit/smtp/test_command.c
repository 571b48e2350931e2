/* SPDX-License-Identifier: MIT */
/* test_command.c - verb, rest, FROM: and TO:. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "smtp/command.h"

static const struct {
	const char *line;
	enum smtp_verb verb;
	const char *word, *rest;
} lines[] = {
	/* RFC 5321 2.4: verbs "are not case sensitive" */
	{ "QUIT", SMTP_VERB_QUIT, "QUIT", "" },
	{ "quit", SMTP_VERB_QUIT, "quit", "" },
	{ "Mail FROM:<a@b>", SMTP_VERB_MAIL, "Mail", "FROM:<a@b>" },
	{ "RCPT   TO:<a@b>", SMTP_VERB_RCPT, "RCPT", "TO:<a@b>" },
	/* 4.1.1: "SHOULD tolerate trailing white space" */
	{ "NOOP  ", SMTP_VERB_NOOP, "NOOP", "" },
	{ "DATA \t", SMTP_VERB_DATA, "DATA", "" },
	{ "EHLO a b  c ", SMTP_VERB_EHLO, "EHLO", "a b  c" },
	{ "HELO", SMTP_VERB_HELO, "HELO", "" },
	{ "rset", SMTP_VERB_RSET, "rset", "" },
	{ "vrfy x", SMTP_VERB_VRFY, "vrfy", "x" },
	{ "help", SMTP_VERB_HELP, "help", "" },
	{ "AUTH PLAIN AAA=", SMTP_VERB_AUTH, "AUTH", "PLAIN AAA=" },
	{ "STARTTLS", SMTP_VERB_STARTTLS, "STARTTLS", "" },
	{ "BDAT 5 LAST", SMTP_VERB_BDAT, "BDAT", "5 LAST" },
	{ "expn x", SMTP_VERB_EXPN, "expn", "x" },
	{ "etrn x", SMTP_VERB_ETRN, "etrn", "x" },
	{ "LHLO x", SMTP_VERB_LHLO, "LHLO", "x" },
	{ "", SMTP_VERB_UNKNOWN, "", "" },
	{ " QUIT", SMTP_VERB_UNKNOWN, "", "QUIT" },
	{ "QUIT\tx", SMTP_VERB_UNKNOWN, "QUIT\tx", "" },
	{ "QUI", SMTP_VERB_UNKNOWN, "QUI", "" },
	{ "QUITT", SMTP_VERB_UNKNOWN, "QUITT", "" },
	{ "XYZZY a b", SMTP_VERB_UNKNOWN, "XYZZY", "a b" },
	{ "ABCDEFGHIJKLM", SMTP_VERB_UNKNOWN, "ABCDEFGHIJKLM", "" },
	{ "MAIL:x", SMTP_VERB_UNKNOWN, "MAIL:x", "" },
};

static void
test_split(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(lines); i++) {
		struct smtp_command c =
		    smtp_command_split(slice_of(lines[i].line));

		print_message("# case %zu\n", i);
		assert_int_equal(c.verb, lines[i].verb);
		assert_true(slice_eq_text(c.word, lines[i].word));
		assert_true(slice_eq_text(c.rest, lines[i].rest));
	}
}

static void
test_table(void **state)
{
	(void)state;
	assert_string_equal(smtp_verbs[SMTP_VERB_UNKNOWN].name, "");
	for (int v = 1; v < SMTP_VERB_COUNT; v++) {
		struct slice name = slice_of(smtp_verbs[v].name);

		assert_in_range(name.n, 1, SMTP_VERB_LEN_MAX);
		assert_int_equal(smtp_command_split(name).verb, v);
	}
}

static const struct {
	const char *rest, *prefix;
	const char *after; /* NULL: no such prefix */
} prefixes[] = {
	{ "FROM:<a@b> X", "FROM:", "<a@b> X" },
	{ "from:<a@b>", "FROM:", "<a@b>" },
	/* no space is legal here (RFC 5321 3.3); tolerated */
	{ "To: <a@b>", "TO:", "<a@b>" },
	{ "TO: \t <a@b>", "TO:", "<a@b>" },
	{ "TO:", "TO:", "" },
	{ "TO <a@b>", "TO:", NULL },
	{ "TO :<a@b>", "TO:", NULL },
	{ "FROM:<a@b>", "TO:", NULL },
	{ "FRO", "FROM:", NULL },
	{ "", "FROM:", NULL },
};

static void
test_prefix(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(prefixes); i++) {
		struct slice after = SLICE_NONE;
		bool has = smtp_command_prefix(
		    slice_of(prefixes[i].rest), prefixes[i].prefix, &after);

		print_message("# case %zu\n", i);
		assert_int_equal(has, prefixes[i].after != NULL);
		if (has)
			assert_true(slice_eq_text(after, prefixes[i].after));
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_split),
		cmocka_unit_test(test_table),
		cmocka_unit_test(test_prefix),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
