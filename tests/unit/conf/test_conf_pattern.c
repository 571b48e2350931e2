/* SPDX-License-Identifier: MIT */
/* test_conf_pattern.c - regular expressions, and "did you mean". */
#include "unit.h"

#include <errno.h>

#include "conf/conf_nearest.h"
#include "conf/conf_pattern.h"

static void
test_match(void **state)
{
	static const struct {
		const char *regex;
		bool caseless;
		const char *text;
		int want;
	} cases[] = {
		{ "b+", false, "abba", 1 },
		{ "^b", false, "abba", 0 },
		{ "BB", false, "abba", 0 },
		{ "BB", true, "abba", 1 },
		{ "", false, "", 1 },
		{ "^$", false, "", 1 },
		{ "\\.ex(am)ple$", false, "a.example", 1 },
		{ "\xe9+", false, "caf\xe9", 1 },
		{ "(?i)A", false, "a", 1 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct conf_matcher *matcher = conf_matcher_new();
		struct conf_pattern *pattern;

		assert_int_equal(conf_pattern_new(slice_of(cases[i].regex),
				     cases[i].caseless, &pattern, NULL),
		    0);
		UNIT_CASE(cases[i].regex,
		    conf_pattern_match(pattern, matcher,
			slice_of(cases[i].text), NULL) == cases[i].want);
		conf_pattern_free(&pattern);
		conf_pattern_free(&pattern);
		conf_matcher_free(&matcher);
	}
}

static void
test_groups(void **state)
{
	struct slice groups[CONF_PATTERN_GROUPS];
	struct conf_matcher *matcher = conf_matcher_new();
	struct conf_pattern *pattern;

	(void)state;
	assert_int_equal(conf_pattern_new(SLICE_LIT("(a)(x)?(b*)(c)"), false,
			     &pattern, NULL),
	    0);
	assert_int_equal(
	    conf_pattern_match(pattern, matcher, SLICE_LIT("--ac--"), groups),
	    1);
	unit_slice_is("all", groups[0], "ac");
	unit_slice_is("first", groups[1], "a");
	assert_null(groups[2].p);
	assert_non_null(groups[3].p);
	assert_int_equal(groups[3].n, 0);
	unit_slice_is("last", groups[4], "c");
	assert_null(groups[5].p);
	conf_pattern_free(&pattern);
	/* More groups than places; an end before the start. */
	assert_int_equal(
	    conf_pattern_new(SLICE_LIT("(.)(.)(.)(.)(.)(.)(.)(.)(.)(.)(.)"),
		false, &pattern, NULL),
	    0);
	assert_int_equal(conf_pattern_match(pattern, matcher,
			     SLICE_LIT("abcdefghijkl"), groups),
	    1);
	unit_slice_is("ninth", groups[9], "i");
	conf_pattern_free(&pattern);
	conf_matcher_free(&matcher);
}

static void
test_refused(void **state)
{
	static const char *const bad[] = { "(", "[a", "a{2,1}", "*", "\\",
		"(?<n" };
	static char nested[401], large[CONF_PATTERN_MAX + 2];
	struct conf_pattern *pattern = NULL;
	struct err err = { 0 };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		UNIT_CASE(bad[i], conf_pattern_new(slice_of(bad[i]), true,
				      &pattern, &err) == -EINVAL);
		assert_non_null(strstr(err.text, "; "));
	}
	/* The compiler would use a kilobyte of stack for each. */
	memset(nested, '(', 200);
	memset(nested + 200, ')', 200);
	assert_int_equal(
	    conf_pattern_new(slice_of(nested), true, &pattern, &err), -EINVAL);
	memset(large, 'a', CONF_PATTERN_MAX + 1);
	assert_int_equal(
	    conf_pattern_new(slice_of(large), true, &pattern, &err), -EINVAL);
	assert_null(pattern);
}

static void
test_limit(void **state)
{
	struct conf_matcher *matcher = conf_matcher_new();
	struct conf_pattern *pattern;

	(void)state;
	assert_int_equal(
	    conf_pattern_new(SLICE_LIT("^(a|aa)+$"), true, &pattern, NULL), 0);
	assert_int_equal(
	    conf_pattern_match(pattern, matcher,
		SLICE_LIT("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa!"),
		NULL),
	    -E2BIG);
	/* The matcher is good for more. */
	assert_int_equal(
	    conf_pattern_match(pattern, matcher, SLICE_LIT("aaa"), NULL), 1);
	conf_pattern_free(&pattern);
	conf_matcher_free(&matcher);
}

static void
test_nearest(void **state)
{
	static const char *const names[] = { "rcpt_ok", "relay", "badmailfrom",
		"badrcptto", "queue/maildir", "tls" };
	static const struct {
		const char *word, *want;
	} cases[] = {
		{ "rcpt_ok", "rcpt_ok" },
		{ "rctp_ok", "rcpt_ok" },
		{ "rcptok", "rcpt_ok" },
		{ "RELAY", "relay" },
		{ "badmailform", "badmailfrom" },
		{ "badrcpto", "badrcptto" },
		{ "queue/mailder", "queue/maildir" },
		{ "queue/postfix", NULL },
		{ "tsl", "tls" },
		{ "xyz", NULL },
		{ "", NULL },
		{ "nothing_like_it", NULL },
	};
	char large[200] = "";

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		const char *got = conf_nearest(
		    slice_of(cases[i].word), names, ARRAY_SIZE(names));

		UNIT_CASE(cases[i].word,
		    got == NULL ? cases[i].want == NULL
				: cases[i].want != NULL &&
				      strcmp(got, cases[i].want) == 0);
	}
	memset(large, 'r', sizeof(large) - 1);
	assert_null(conf_nearest(slice_of(large), names, ARRAY_SIZE(names)));
	assert_null(conf_nearest(SLICE_LIT("tls"), names, 0));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_match),
		cmocka_unit_test(test_groups),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_limit),
		cmocka_unit_test(test_nearest),
	};

	return cmocka_run_group_tests_name("conf-pattern", tests, NULL, NULL);
}
