/* SPDX-License-Identifier: MIT */
/* test_conf_literal.c - what an expression needs, and the sieve of many. */
#include "unit.h"

#include "base/mem.h"
#include "conf/conf_literal.h"
#include "conf/conf_pattern.h"
#include "conf/conf_sieve.h"

static void
test_literals(void **state)
{
	static const struct {
		const char *regex, *want;
	} cases[] = {
		{ "", "" },
		{ "spam", "spam" },
		{ "^SPAM\\d+@", "spam" },
		{ "^.*@bad\\.example$", "@bad.example" },
		{ "a+bc", "bc" },
		{ "abc+", "abc" },
		{ "abc?de", "ab" },
		{ "abc*", "ab" },
		{ "ab{2,3}c", "a" },
		{ "ab{2c", "" },
		{ "{?|a{0,1}bc", "" },
		{ "a??bc", "bc" },
		{ "ab|abc", "" },
		{ "(ab|cd)efg", "efg" },
		{ "x(?:ab)?efg", "efg" },
		{ "(?=ab)efg", "efg" },
		{ "(?<!abcd)ef", "ef" },
		{ "(a(b(c)d)e)fg(h)", "fg" },
		{ "(?i)abc", "" },
		{ "(?x) a b c", "" },
		{ "((?x) a )bc", "" },
		{ "(?<n>a)bc", "" },
		{ "(?|a|b)cd", "" },
		{ "(?#x)abc", "" },
		{ "(*ACCEPT)abc", "" },
		{ "ab(*ACCEPT)?cd", "" },
		{ "(a(*ACCEPT))?cd", "" },
		{ "(abc", "" },
		{ "[abc]def", "def" },
		{ "[]abc]def", "def" },
		{ "[^]abc]def", "def" },
		{ "[\\]abc]def", "def" },
		{ "[[:alpha:]]def", "" },
		{ "[a\\Q]\\E]def", "" },
		{ "[abc", "" },
		{ "([)]abc)de", "de" },
		{ "(\\)abc)de", "de" },
		{ "\\Qa.b\\E", "" },
		{ "a\\x41bc", "" },
		{ "(a)\\1bcd", "" },
		{ "\\bword\\b", "word" },
		{ "foo\\", "" },
		{ "\\@foo\\-bar", "@foo-bar" },
		{ "caf\xc3\xa9", "caf\xc3\xa9" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		char literal[CONF_LITERAL_MAX];
		size_t n = conf_literal(slice_of(cases[i].regex), literal);

		unit_slice_is(cases[i].regex, (struct slice){ literal, n },
		    cases[i].want);
	}
}

/* Of a long text a part is enough. */
static void
test_long(void **state)
{
	char literal[CONF_LITERAL_MAX], regex[200];

	(void)state;
	memset(regex, 'x', sizeof(regex));
	assert_int_equal(
	    conf_literal((struct slice){ regex, sizeof(regex) }, literal),
	    CONF_LITERAL_MAX);
	regex[CONF_LITERAL_MAX] = '?';
	assert_int_equal(
	    conf_literal(
		(struct slice){ regex, CONF_LITERAL_MAX + 1 }, literal),
	    CONF_LITERAL_MAX - 1);
}

/* ---- expressions by chance ---- */

enum { EXPRESSIONS = 100000, TEXTS = 40, TOKENS = 9 };

static const char *const tokens[] = { "a", "b", "ab", "ba", "aab", "B", "(",
	"(", "(?:", "(?=", "(?!", "(?<=", "(?|", "(?i)", "(?x)", "(?#",
	"(*ACCEPT)", ")", ")", ")", "|", "?", "*", "+", "{0,1}", "{2}", "{,1}",
	"{", "}", "[", "[^", "]", "[ab]", "[^a]", "^", "$", ".", "\\", "\\b",
	"\\Q", "\\E", "\\x61", "\\1", "\\K", "\\.", " ", "#", "-" };

static unsigned
chance(uint64_t *seed, unsigned below)
{
	*seed = *seed * 6364136223846793005u + 1442695040888963407u;
	return (unsigned)(*seed >> 33) % below;
}

static bool
has(struct slice text, struct slice need)
{
	for (size_t at = 0; at + need.n <= text.n; at++)
		if (slice_caseeq(
			slice_head(slice_from(text, at), need.n), need))
			return true;
	return false;
}

/* Each text that it fits has what it needs.  Returns how many it fits. */
static unsigned
try_texts(struct conf_matcher *matcher, const char *regex, uint64_t *seed)
{
	char literal[CONF_LITERAL_MAX], text[9];
	struct slice need = { literal, conf_literal(slice_of(regex), literal) };
	struct conf_pattern *pattern;
	unsigned fits = 0;

	if (conf_pattern_new(slice_of(regex), true, &pattern, NULL) != 0)
		return 0;
	for (int i = 0; i < TEXTS; i++) {
		struct slice tried = { text, chance(seed, sizeof(text)) };

		for (size_t j = 0; j < tried.n; j++)
			text[j] = "aaabbbAB. #-"[chance(seed, 12)];
		if (conf_pattern_match(pattern, matcher, tried, NULL) != 1)
			continue;
		fits++;
		if (!has(tried, need))
			fail_msg("'%s' fits '%.*s' without '%.*s'", regex,
			    (int)tried.n, text, (int)need.n, literal);
	}
	conf_pattern_free(&pattern);
	return fits;
}

static void
test_by_chance(void **state)
{
	struct conf_matcher *matcher = conf_matcher_new();
	uint64_t seed = 1;
	unsigned fits = 0;

	(void)state;
	for (int i = 0; i < EXPRESSIONS; i++) {
		char regex[16 * TOKENS] = "";
		size_t n = 0;

		for (unsigned j = chance(&seed, TOKENS) + 1; j > 0; j--)
			n += (size_t)snprintf(regex + n, sizeof(regex) - n,
			    "%s", tokens[chance(&seed, ARRAY_SIZE(tokens))]);
		fits += try_texts(matcher, regex, &seed);
	}
	assert_true(fits > EXPRESSIONS);
	conf_matcher_free(&matcher);
}

/* ---- the sieve ---- */

static void
on_id(void *arg, size_t id)
{
	*(unsigned *)arg |= 1u << id;
}

static void
test_sieve(void **state)
{
	static const struct {
		const char *text;
		unsigned want; /* a bit for each number */
	} cases[] = {
		{ "", 0 },
		{ "x", 0 },
		{ "SPAMMER@x", 1 | 8 },
		{ "spam", 8 },
		{ "my spam here", 8 },
		{ "ham and eggs", 0 },
		{ "xyz", 4 },
	};
	struct conf_sieve *sieve = conf_sieve_new();

	(void)state;
	assert_true(conf_sieve_add(sieve, SLICE_LIT("spammer@")));
	assert_false(conf_sieve_add(sieve, SLICE_LIT("x")));
	assert_true(conf_sieve_add(sieve, SLICE_LIT("yz")));
	assert_true(conf_sieve_add(sieve, SLICE_LIT("spam")));
	assert_false(conf_sieve_add(sieve, SLICE_LIT("")));
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		unsigned found = 0;

		conf_sieve_find(sieve, slice_of(cases[i].text), on_id, &found);
		UNIT_CASE(cases[i].text, found == cases[i].want);
	}
	conf_sieve_free(&sieve);
	conf_sieve_free(&sieve);
}

static void
count_id(void *arg, size_t id)
{
	(void)id;
	++*(unsigned *)arg;
}

/* They share most of their bytes, but are filed under those that differ. */
static void
test_sieve_spreads(void **state)
{
	struct conf_sieve *sieve = conf_sieve_new();
	char text[40];

	(void)state;
	for (int i = 0; i < 10000; i++) {
		int n = snprintf(text, sizeof(text), "@mail-%05d.example", i);

		assert_true(
		    conf_sieve_add(sieve, (struct slice){ text, (size_t)n }));
	}
	for (int i = 0; i < 10000; i += 97) {
		int n = snprintf(text, sizeof(text), "x@mail-%05d.example", i);
		unsigned count = 0;

		conf_sieve_find(
		    sieve, (struct slice){ text, (size_t)n }, count_id, &count);
		assert_in_range(count, 1, 20);
	}
	conf_sieve_free(&sieve);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_literals),
		cmocka_unit_test(test_long),
		cmocka_unit_test(test_by_chance),
		cmocka_unit_test(test_sieve),
		cmocka_unit_test(test_sieve_spreads),
	};

	return cmocka_run_group_tests_name("conf-literal", tests, NULL, NULL);
}
