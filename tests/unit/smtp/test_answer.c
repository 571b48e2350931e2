/* SPDX-License-Identifier: MIT */
/* test_answer.c - replies of another server. */
#include "../unit.h"

#include <errno.h>

#include "smtp/answer.h"

static const struct {
	const char *name;
	const char *lines[4];
	int status; /* of the last line; those before are 0 */
	unsigned code;
	const char *enhanced, *text;
} cases[] = {
	{ "a line", { "250 ok" }, 1, 250, "", "ok" },
	{ "the code alone", { "250" }, 1, 250, "", "" },
	{ "an enhanced code", { "550 5.1.1 No such user" }, 1, 550, "5.1.1",
	    "No such user" },
	{ "an enhanced code alone", { "250 2.1.0" }, 1, 250, "2.1.0", "" },
	{ "of another class", { "550 4.1.1 x" }, 1, 550, "", "4.1.1 x" },
	{ "several lines", { "250-a.example", "250-SIZE 100", "250 DSN" }, 1,
	    250, "", "a.example\nSIZE 100\nDSN" },
	{ "empty lines", { "250-", "250-", "250 " }, 1, 250, "", "\n\n" },
	{ "an enhanced code on each", { "550-5.7.1 a", "550 5.7.1 b" }, 1, 550,
	    "5.7.1", "a\nb" },
	{ "another one on the last", { "550-5.7.1 a", "550 5.7.2 b" }, 1, 550,
	    "5.7.1", "a\n5.7.2 b" },
	{ "one on the last alone", { "550-a", "550 5.7.1 b" }, 1, 550, "",
	    "a\n5.7.1 b" },
	{ "control characters",
	    { "250 a\tb\x7f"
	      "c\x1b" },
	    1, 250, "", "a b c " },
	{ "above 127", { "250 \xc3\xa9" }, 1, 250, "", "\xc3\xa9" },
	{ "a code of its own", { "299 x" }, 1, 299, "", "x" },
	{ "another code", { "250-a", "251 b" }, -EPROTO, 250, "", "a" },
	{ "not whole", { "250-a" }, 0, 250, "", "a" },
	{ "nothing", { "" }, -EPROTO, 0, "", "" },
	{ "too short", { "25" }, -EPROTO, 0, "", "" },
	{ "no digits", { "2x0 ok" }, -EPROTO, 0, "", "" },
	{ "1xx", { "150 ok" }, -EPROTO, 0, "", "" },
	{ "6xx", { "650 ok" }, -EPROTO, 0, "", "" },
	{ "no blank", { "250ok" }, -EPROTO, 0, "", "" },
	{ "a blank in front", { " 250 ok" }, -EPROTO, 0, "", "" },
	{ "words", { "Connection from 192.0.2.1" }, -EPROTO, 0, "", "" },
};

/* Too large for a stack. */
static struct smtp_answer *
fresh(void)
{
	static struct smtp_answer answer;

	memset(&answer, 0, sizeof(answer));
	return &answer;
}

static void
test_cases(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct smtp_answer *answer = fresh();
		char enhanced[SMTP_ENHANCED_TEXT_MAX];
		const char *const *line = cases[i].lines;

		for (; line[1] != NULL; line++)
			UNIT_CASE(cases[i].name,
			    smtp_answer_add(answer, slice_of(*line)) == 0);
		UNIT_CASE(
		    cases[i].name, smtp_answer_add(answer, slice_of(*line)) ==
				       cases[i].status);
		UNIT_CASE(cases[i].name, answer->code == cases[i].code);
		UNIT_CASE(
		    cases[i].name, strcmp(answer->text, cases[i].text) == 0 &&
				       strlen(answer->text) == answer->n);
		smtp_answer_enhanced(answer, enhanced);
		UNIT_CASE(
		    cases[i].name, strcmp(enhanced, cases[i].enhanced) == 0);
		UNIT_CASE(
		    cases[i].name, answer->is_whole == (cases[i].status == 1));
	}
}

static void
test_next_begins_anew(void **state)
{
	struct smtp_answer *answer = fresh();

	(void)state;
	assert_int_equal(smtp_answer_add(answer, SLICE_LIT("550 5.1.1 no")), 1);
	assert_int_equal(smtp_answer_add(answer, SLICE_LIT("250-a")), 0);
	assert_int_equal(smtp_answer_add(answer, SLICE_LIT("250 b")), 1);
	assert_int_equal(answer->code, 250);
	assert_int_equal(answer->enhanced.class, 0);
	assert_string_equal(answer->text, "a\nb");
}

static void
test_limits(void **state)
{
	struct smtp_answer *answer = fresh();
	static char line[SMTP_ANSWER_LINE_MAX + 2];

	(void)state;
	memset(line, 'x', sizeof(line));
	memcpy(line, "250-", 4);
	assert_int_equal(smtp_answer_add(answer,
			     (struct slice){ line, SMTP_ANSWER_LINE_MAX + 1 }),
	    -E2BIG);
	for (unsigned i = 0; i < SMTP_ANSWER_LINES_MAX; i++)
		assert_int_equal(
		    smtp_answer_add(
			answer, (struct slice){ line, SMTP_ANSWER_LINE_MAX }),
		    0);
	/* The text was cut. */
	assert_int_equal(answer->n, SMTP_ANSWER_TEXT_MAX - 1);
	assert_int_equal(strlen(answer->text), SMTP_ANSWER_TEXT_MAX - 1);
	assert_int_equal(smtp_answer_add(answer, SLICE_LIT("250 end")), -E2BIG);
}

static void
test_nul(void **state)
{
	struct smtp_answer *answer = fresh();

	(void)state;
	assert_int_equal(smtp_answer_add(answer, SLICE_LIT("250 a\0b")), 1);
	assert_string_equal(answer->text, "a b");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_cases),
		cmocka_unit_test(test_next_begins_anew),
		cmocka_unit_test(test_limits),
		cmocka_unit_test(test_nul),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
