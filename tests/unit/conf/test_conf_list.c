/* SPDX-License-Identifier: MIT */
/* test_conf_list.c - look-ups in one list. */
#include "unit.h"

#include <errno.h>

#include "base/mem.h"
#include "conf/conf_list.h"

/* A list of the lines of `text`. */
static struct conf_list *
list_of(const char *text)
{
	struct slice rest = slice_of(text);
	struct conf_list *list;
	struct arena arena;
	struct slice line;
	hl_str lines[64];
	size_t count = 0;

	arena_init(&arena, 1024, 0);
	while (slice_cut(&rest, '\n', &line)) {
		CHECK(count < ARRAY_SIZE(lines));
		lines[count++] = arena_str(&arena, line);
	}
	list = conf_list_from(STR_LIT("test"), lines, count);
	arena_done(&arena);
	return list;
}

static struct buf told;

/* conf_list_fault_fn */
static void
on_fault(void *arg, hl_str file, unsigned line, const char *text)
{
	(void)arg;
	(void)text;
	buf_printf(&told, "%s:%u ", file.p, line);
}

static int
teardown(void **state)
{
	(void)state;
	buf_done(&told);
	return 0;
}

static void
test_reading(void **state)
{
	struct conf_list *list = list_of(" a  b c \n#\nd\n");

	(void)state;
	assert_true(conf_list_is_present(list));
	assert_int_equal(conf_list_count(list), 2);
	assert_string_equal(conf_list_at(list, 0).p, "a  b c");
	unit_slice_is("word", conf_list_word(list, 0), "a");
	assert_string_equal(conf_list_rest(list, 0).p, "b c");
	assert_string_equal(conf_list_rest(list, 1).p, "");
	assert_string_equal(conf_list_first(list).p, "a  b c");
	assert_string_equal(conf_list_file(list, 1).p, "test");
	assert_int_equal(conf_list_line(list, 1), 3);
	conf_list_unref(&list);
	assert_null(list);
	list = list_of("");
	assert_int_equal(conf_list_count(list), 0);
	assert_string_equal(conf_list_first(list).p, "");
	conf_list_unref(&list);
	conf_list_unref(&list);
}

static void
read_beyond(void)
{
	struct conf_list *list = list_of("a");

	(void)conf_list_at(list, 1);
}

static void
use_none(void)
{
	(void)conf_list_count(NULL);
}

/* Who holds a reference keeps the list. */
static void
test_references(void **state)
{
	struct conf_list *list = list_of("a");
	struct conf_list *same = conf_list_ref(list);

	(void)state;
	assert_ptr_equal(list, same);
	conf_list_unref(&list);
	assert_null(list);
	assert_true(conf_list_has(same, SLICE_LIT("a")));
	conf_list_unref(&same);
}

static void
test_misuse(void **state)
{
	(void)state;
	assert_true(unit_aborts(read_beyond, "index < list->lines.count"));
	assert_true(unit_aborts(use_none, "list"));
}

static void
test_words(void **state)
{
	struct conf_list *list =
	    list_of("Alpha one\nbeta two\nALPHA three\nx@y.example\n");
	size_t index = 99;

	(void)state;
	assert_true(conf_list_has(list, SLICE_LIT("alpha")));
	assert_false(conf_list_has(list, SLICE_LIT("alph")));
	assert_false(conf_list_has(list, SLICE_LIT("alpha one")));
	assert_false(conf_list_has(list, SLICE_LIT("")));
	assert_false(conf_list_find(list, SLICE_LIT("gamma"), &index));
	assert_int_equal(index, 99);
	assert_true(conf_list_find(list, SLICE_LIT("aLPHA"), &index));
	assert_int_equal(index, 0);
	assert_true(conf_list_find(list, SLICE_LIT("X@Y.example"), &index));
	assert_int_equal(index, 3);
	assert_true(conf_list_find_line(list, SLICE_LIT("BETA TWO"), &index));
	assert_int_equal(index, 1);
	assert_false(conf_list_find_line(list, SLICE_LIT("beta"), &index));
	conf_list_unref(&list);
}

/* Longer than the piece that is hashed at once. */
static void
test_long_line(void **state)
{
	char text[1001];
	struct conf_list *list;

	(void)state;
	memset(text, 'a', 1000);
	text[1000] = '\0';
	list = list_of(text);
	memset(text, 'A', 1000);
	assert_true(conf_list_has(list, slice_of(text)));
	text[999] = 'b';
	assert_false(conf_list_has(list, slice_of(text)));
	conf_list_unref(&list);
}

static void
test_domains(void **state)
{
	static const struct {
		const char *domain;
		int want;
	} cases[] = {
		{ "example.com", 0 },
		{ "EXAMPLE.com", 0 },
		{ "www.example.com", -1 },
		{ "example.org", -1 },
		{ "a.example.org", 1 },
		{ "a.b.Example.Org", 1 },
		{ "deep.a.example.net", 2 },
		{ "b.example.net", 3 },
		{ ".example.org", 1 },
		{ "xexample.org", -1 },
		{ "org", -1 },
		{ "", -1 },
		{ ".", -1 },
		{ "..", -1 },
	};
	struct conf_list *list = list_of("example.com\n.example.org\n"
					 ".a.example.net\n.example.net\n");

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		size_t index = 0;
		bool found = conf_list_find_domain(
		    list, slice_of(cases[i].domain), &index);

		UNIT_CASE(cases[i].domain,
		    (found ? (int)index : -1) == cases[i].want);
	}
	conf_list_unref(&list);
}

static void
test_nets(void **state)
{
	static const struct {
		const char *ip;
		int want;
	} cases[] = {
		{ "192.0.2.1", 0 },
		{ "192.0.2.2", 1 },
		{ "192.0.3.1", -1 },
		{ "10.1.2.3", 2 },
		{ "172.16.0.1", 3 },
		{ "172.32.0.1", -1 },
		{ "2001:db8::1", 5 },
		{ "2001:db8:0:5::1", 4 },
		{ "2001:db9::1", -1 },
		{ "2a01:0db8:1234::1", 6 },
		{ "2a01:0db8:1334::1", -1 },
		{ "fe80::1", 7 },
		{ "::ffff:192.0.2.1", 0 },
		{ "198.51.100.77", 8 },
	};
	struct conf_list *list =
	    list_of("192.0.2.1 DENY\n192.0.2.0/24\n10.\n172.16.0.0/12\n"
		    "2001:db8:0:5::/64\n2001:db8::/32\n2a01:0db8:12\n"
		    "fe80:\n198.51.100.0/24 x\n198.51.100.64/26 y\n"
		    "192.0.2.1 again\n");
	struct inet_addr addr = { .family = INET_UNIX };

	(void)state;
	assert_int_equal(conf_list_compile(list, CONF_KIND_NETS, NULL), 0);
	assert_false(conf_list_has_ip(list, &addr));
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		size_t index = 0;
		bool found;

		assert_int_equal(inet_parse(slice_of(cases[i].ip), &addr), 0);
		found = conf_list_find_ip(list, &addr, &index);
		UNIT_CASE(
		    cases[i].ip, (found ? (int)index : -1) == cases[i].want);
		assert_int_equal(conf_list_has_ip(list, &addr), found);
	}
	conf_list_unref(&list);
}

/* Either form of a domain stands for both. */
static void
test_forms(void **state)
{
	static const struct {
		const char *text;
		int word, domain, match; /* -1: not found */
	} cases[] = {
		{ "b\xc3\xbc"
		  "cher.example",
		    0, 0, 0 },
		{ "B\xc3\x9c"
		  "CHER.example",
		    0, 0, 0 },
		{ "xn--bcher-kva.example", 0, 0, 0 },
		{ "xn--tda.de", 1, 1, 1 },
		{ "\xc3\xbc.de", 1, 1, 1 },
		{ "a.\xc3\xa4.example", -1, 2, -1 },
		{ "a.xn--4ca.example", -1, 2, -1 },
		{ "\xc3\xa4.example", -1, -1, -1 },
		{ "\xc3\xa9@\xc3\xa4.example", 3, 3, 3 },
		{ "\xc3\xa9@xn--4ca.example", 3, 3, 3 },
		{ "x@\xc3\xa4.example", -1, -1, 4 },
		{ "x@xn--4ca.example", -1, -1, 4 },
		{ "x@pre-xn--4ca.example", -1, -1, -1 },
		{ "x@a.\xc3\xb6.example", -1, -1, 5 },
		{ "x@a.xn--nda.example", -1, -1, 5 },
		{ "x@a.xn--uda.example", -1, -1, 6 },
		{ "x@a.\xc3\xbd.example", -1, -1, 6 },
	};
	struct conf_list *list = list_of("b\xc3\xbc"
					 "cher.example\n"
					 "XN--TDA.de\n"
					 ".\xc3\xa4.example\n"
					 "\xc3\xa9@\xc3\xa4.example\n"
					 "@\xc3\xa4.example\n"
					 "\\.\xc3\xb6\\.example$\n"
					 "\\.xn--uda\\.example$");

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct slice text = slice_of(cases[i].text);
		size_t at = 0;

		UNIT_CASE(cases[i].text,
		    (conf_list_find(list, text, &at) ? (int)at : -1) ==
			cases[i].word);
		UNIT_CASE(cases[i].text,
		    (conf_list_find_domain(list, text, &at) ? (int)at : -1) ==
			cases[i].domain);
		UNIT_CASE(cases[i].text,
		    (conf_list_match(list, CONF_ADDRESSES, text, &at)
			    ? (int)at
			    : -1) == cases[i].match);
	}
	conf_list_unref(&list);
}

/* The whole address space is a network too. */
static void
test_net_of_all(void **state)
{
	struct conf_list *list = list_of("0.0.0.0/0\n::/0");
	struct inet_addr addr;
	size_t index;

	(void)state;
	assert_int_equal(inet_parse(SLICE_LIT("203.0.113.9"), &addr), 0);
	assert_true(conf_list_find_ip(list, &addr, &index));
	assert_int_equal(index, 0);
	assert_int_equal(inet_parse(SLICE_LIT("2001:db8::9"), &addr), 0);
	assert_true(conf_list_find_ip(list, &addr, &index));
	assert_int_equal(index, 1);
	conf_list_unref(&list);
}

static void
test_bad_nets(void **state)
{
	static const char *const words[] = { "192.0.2.0/33", "example.com",
		"1.2.3", "10", "2001:0db8:12x", "2001:0db8:12345", "fffg:",
		"12345:", "2001:0db8:0000:0000:0000:0000:0000:0000:0" };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(words); i++) {
		struct conf_list *list = list_of(words[i]);
		struct conf_faults faults;

		conf_faults_init(&faults);
		UNIT_CASE(words[i], conf_list_compile(list, CONF_KIND_NETS,
					&faults) == -EINVAL);
		assert_int_equal(faults.count, 1);
		assert_int_equal(faults.at[0].line, 1);
		assert_non_null(strstr(faults.at[0].text.p, words[i]));
		/* It stays bad, and says so once. */
		assert_int_equal(
		    conf_list_compile(list, CONF_KIND_NETS, &faults), -EINVAL);
		assert_int_equal(faults.count, 1);
		conf_faults_done(&faults);
		conf_list_unref(&list);
	}
}

/* A list that was not compiled before: good lines work, bad ones are told. */
static void
test_lazy_faults(void **state)
{
	struct conf_list *list =
	    list_of("192.0.2.1\nnonsense\n(+ x\n@ok.example\n");
	struct inet_addr addr;

	(void)state;
	conf_list_on_fault(list, on_fault, NULL);
	assert_int_equal(conf_list_kinds(list), 0);
	assert_int_equal(inet_parse(SLICE_LIT("192.0.2.1"), &addr), 0);
	assert_true(conf_list_has_ip(list, &addr));
	assert_true(conf_list_has_ip(list, &addr));
	assert_string_equal(told.p, "test:2 test:3 test:4 ");
	buf_clear(&told);
	assert_true(conf_list_match(
	    list, CONF_ADDRESSES, SLICE_LIT("a@ok.example"), NULL));
	assert_string_equal(told.p, "test:3 ");
	assert_int_equal(conf_list_kinds(list),
	    CONF_KIND_NETS | CONF_KIND_PATTERNS(CONF_ADDRESSES) |
		CONF_KIND_WORDS);
	conf_list_unref(&list);
}

static void
test_patterns(void **state)
{
	static const struct {
		const char *text;
		int want;
	} cases[] = {
		{ "spam@example.com", 0 },
		{ "SPAM@EXAMPLE.COM", 0 },
		{ "other@example.com", -1 },
		{ "any@bad.example", 1 },
		{ "any@sub.bad.example", -1 },
		{ "bad.example", -1 },
		{ "bob123@x.example", 2 },
		{ "bob@x.example", 5 },
		{ "a@x.example", 5 },
		{ "late@other.example", 4 },
		{ "we%ird@y.example", 6 },
		/* A regular expression is not a text. */
		{ "^bob\\d+@", -1 },
		{ "^x@bad.example", 1 },
		{ "", -1 },
		{ "@", -1 },
	};
	struct conf_list *list =
	    list_of("spam@example.com go away\n@bad.example no reason\n"
		    "^bob\\d+@ numbers\nbob123@x.example\n"
		    "late@other.example\n@x\\.example$\n%\n");

	(void)state;
	assert_int_equal(
	    conf_list_compile(list, CONF_KIND_PATTERNS(CONF_ADDRESSES), NULL),
	    0);
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		size_t index = 0;
		bool found = conf_list_match(
		    list, CONF_ADDRESSES, slice_of(cases[i].text), &index);

		UNIT_CASE(
		    cases[i].text, (found ? (int)index : -1) == cases[i].want);
	}
	conf_list_unref(&list);
}

static void
test_bad_patterns(void **state)
{
	struct conf_list *list = list_of("ok@x\n^(\n\n^ok$\n[+\n");
	struct conf_faults faults;

	(void)state;
	conf_faults_init(&faults);
	assert_int_equal(conf_list_compile(
			     list, CONF_KIND_PATTERNS(CONF_ADDRESSES), &faults),
	    -EINVAL);
	assert_int_equal(faults.count, 2);
	assert_int_equal(faults.at[0].line, 2);
	assert_int_equal(faults.at[1].line, 5);
	assert_non_null(strstr(faults.at[0].text.p, "character 3"));
	assert_true(
	    conf_list_match(list, CONF_ADDRESSES, SLICE_LIT("ok"), NULL));
	conf_faults_done(&faults);
	conf_list_unref(&list);
}

/* Exponential in a plain backtracking matcher. */
static void
test_costly_pattern(void **state)
{
	struct conf_list *list = list_of("^(a+)+$\n^ab\n");
	size_t index;

	(void)state;
	conf_list_on_fault(list, on_fault, NULL);
	assert_false(conf_list_match(list, CONF_ADDRESSES,
	    SLICE_LIT("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa!"), NULL));
	assert_false(conf_list_match(list, CONF_ADDRESSES,
	    SLICE_LIT("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa!"), NULL));
	assert_string_equal(told.p, "test:1 ");
	assert_true(
	    conf_list_match(list, CONF_ADDRESSES, SLICE_LIT("aaaa"), &index));
	assert_int_equal(index, 0);
	conf_list_unref(&list);
}

/* The look-ups agree with a walk over the lines. */
static void
test_many_lines(void **state)
{
	enum { COUNT = 5000 };
	hl_str *lines = mem_array(COUNT, sizeof(lines[0]));
	struct conf_list *list;
	struct arena arena;
	size_t index;

	(void)state;
	arena_init(&arena, 65536, 0);
	for (unsigned i = 0; i < COUNT; i++)
		lines[i] = arena_printf(
		    &arena, "10.%u.%u.0/24 x%u", i / 256 * 3, i % 256, i);
	list = conf_list_from(STR_LIT("many"), lines, COUNT);
	for (unsigned i = 0; i < COUNT; i++) {
		struct inet_addr addr = { .family = INET_V4,
			.bytes = { 10, (uint8_t)(i / 256 * 3), (uint8_t)i,
			    (uint8_t)i } };

		assert_true(conf_list_find_ip(list, &addr, &index));
		assert_int_equal(index, i);
		assert_true(
		    conf_list_find_line(list, slice_str(lines[i]), &index));
		assert_int_equal(index, i);
		addr.bytes[1]++;
		assert_false(conf_list_find_ip(list, &addr, &index));
	}
	conf_list_unref(&list);
	arena_done(&arena);
	mem_free(lines);
}

static int
found_at(struct conf_list *list, enum conf_flavour_id flavour, const char *text)
{
	size_t index = 0;

	return conf_list_match(list, flavour, slice_of(text), &index)
		   ? (int)index
		   : -1;
}

/* badhelo's patterns. */
static void
test_names(void **state)
{
	static const struct {
		const char *text;
		int want;
	} cases[] = {
		{ "Bad.example", 0 },
		{ "x.bad.example", -1 },
		{ "dyn7.example", 1 },
		{ "mx.dyn7.example", -1 },
		{ "two words", 2 },
		{ "two", -1 },
		{ "a@b.example", -1 },
		{ "xn--4ca.example", 4 },
		{ "\xc3\xa4.example", 4 },
		{ "x.y{2}", -1 },
		{ "yy", 5 },
		{ "good.example.", 6 },
		{ "", 6 },
	};
	struct conf_list *list = list_of(
	    "bad.example\n^DYN\\d\ntwo words\n@b.example\n"
	    "\xc3\xa4.example\n^y{2}$\n!^([^.]|[.].)+$\nlast.example.\n");

	(void)state;
	assert_int_equal(
	    conf_list_compile(list, CONF_KIND_PATTERNS(CONF_NAMES), NULL), 0);
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		UNIT_CASE(cases[i].text,
		    found_at(list, CONF_NAMES, cases[i].text) == cases[i].want);
	/* The earlier line, which is one of what is not. */
	assert_int_equal(found_at(list, CONF_NAMES, "last.example."), 6);
	conf_list_unref(&list);
}

/* rcpt_regexp's patterns. */
static void
test_slashed(void **state)
{
	static const struct {
		const char *text;
		int want;
	} cases[] = {
		{ "Me@host.example", 0 },
		{ "me+x@host.example", 1 },
		{ "user12@doma.in", 2 },
		{ "user@doma.in", -1 },
		{ "x@host.example", -1 },
		{ "@host.example", 3 },
		{ "/", 4 },
		{ "a/b", -1 },
		{ "no+regex", -1 },
	};
	struct conf_list *list =
	    list_of("me@host.example OK\nme+x@host.example DENY no\n"
		    "/^user\\d+\\@doma\\.in$/  OK yes\n@host.example DENY\n"
		    "/ DENY\n/a\\/b\nno+regex? DENY\n");

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		UNIT_CASE(cases[i].text, found_at(list, CONF_SLASHED,
					     cases[i].text) == cases[i].want);
	conf_list_unref(&list);
}

/* hbedv_deny's patterns. */
static void
test_whole(void **state)
{
	static const struct {
		const char *text;
		int want;
	} cases[] = {
		{ "worm.a", 0 },
		{ "Worm.a", 0 },
		{ "Worm.a.b", -1 },
		{ "a Worm.a", -1 },
		{ "two words", 1 },
		{ "two", -1 },
		{ "aab", 2 },
		{ "a+b", -1 },
		{ "!no", 3 },
		{ "no", -1 },
		{ "", -1 },
	};
	struct conf_list *list = list_of("Worm\\.[a-z]\ntwo words\na+b\n!no\n");

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		UNIT_CASE(cases[i].text,
		    found_at(list, CONF_WHOLE, cases[i].text) == cases[i].want);
	conf_list_unref(&list);
}

/* The place is that of the line, and what stands around it mends nothing. */
static void
test_whole_faults(void **state)
{
	struct conf_list *list = list_of("good\na[b\nend\\\n");
	struct conf_faults faults;

	(void)state;
	conf_faults_init(&faults);
	assert_int_equal(
	    conf_list_compile(list, CONF_KIND_PATTERNS(CONF_WHOLE), &faults),
	    -EINVAL);
	assert_int_equal(faults.count, 2);
	assert_int_equal(faults.at[0].line, 2);
	assert_non_null(strstr(faults.at[0].text.p, "at its character 4:"));
	assert_int_equal(faults.at[1].line, 3);
	assert_int_equal(found_at(list, CONF_WHOLE, "good"), 0);
	conf_faults_done(&faults);
	conf_list_unref(&list);
}

/* Each flavour of one list has faults of its own. */
static void
test_flavours_apart(void **state)
{
	struct conf_list *list = list_of("(x\n/(/ DENY\n");
	struct conf_faults faults;

	(void)state;
	conf_faults_init(&faults);
	assert_int_equal(
	    conf_list_compile(list, CONF_KIND_PATTERNS(CONF_SLASHED), &faults),
	    -EINVAL);
	assert_int_equal(faults.count, 1);
	assert_int_equal(faults.at[0].line, 2);
	assert_int_equal(
	    conf_list_compile(list, CONF_KIND_PATTERNS(CONF_NAMES), &faults),
	    -EINVAL);
	assert_int_equal(faults.count, 3);
	assert_int_equal(conf_list_compile(list, CONF_KIND_WORDS, &faults), 0);
	conf_faults_done(&faults);
	conf_list_unref(&list);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_reading),
		cmocka_unit_test(test_references),
		cmocka_unit_test(test_misuse),
		cmocka_unit_test(test_words),
		cmocka_unit_test(test_long_line),
		cmocka_unit_test(test_domains),
		cmocka_unit_test(test_nets),
		cmocka_unit_test(test_forms),
		cmocka_unit_test(test_net_of_all),
		cmocka_unit_test(test_bad_nets),
		cmocka_unit_test_teardown(test_lazy_faults, teardown),
		cmocka_unit_test(test_patterns),
		cmocka_unit_test(test_bad_patterns),
		cmocka_unit_test_teardown(test_costly_pattern, teardown),
		cmocka_unit_test(test_many_lines),
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_slashed),
		cmocka_unit_test(test_whole),
		cmocka_unit_test(test_whole_faults),
		cmocka_unit_test(test_flavours_apart),
	};

	return cmocka_run_group_tests_name("conf-list", tests, NULL, NULL);
}
