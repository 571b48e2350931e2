/* SPDX-License-Identifier: MIT */
/* test_header.c - the list of fields: looking and editing. */
#include "mail_test.h"

#include "base/err.h"
#include "mail/header.h"

#define RECEIVED                              \
	"Subject: one\r\n two\r\n\tthree\r\n" \
	"X-A: 1\r\n"                          \
	"x-a : 2\r\n"                         \
	"X-B:\r\n"                            \
	"X-A:3 \t\r\n"

struct fixture {
	struct test_store test;
	struct memory_account account;
	struct message message;
	struct arena arena;
};

static struct header *
start(struct fixture *f, struct slice text)
{
	struct message_limits limits = test_limits(100000);

	memset(f, 0, sizeof(*f));
	test_store_init(&f->test, 0);
	arena_init(&f->arena, 1024, 0);
	message_init(&f->message, &f->test.store, &limits, &f->account);
	assert_int_equal(feed_cut(&f->message, text, 0, NULL), 0);
	assert_int_equal(message_end(&f->message), 0);
	return &f->message.header;
}

static void
finish(struct fixture *f)
{
	message_done(&f->message);
	assert_int_equal(f->account.used, 0);
	arena_done(&f->arena);
	test_store_done(&f->test);
}

/* All fields, as they are delivered. */
static void
header_is(const struct header *header, const char *want)
{
	struct buf all = BUF_INIT;

	for (size_t i = 0; i < header_total(header); i++)
		buf_add_slice(&all, header_raw(header, header_at(header, i)));
	unit_slice_is("header", buf_slice(&all), want);
	buf_done(&all);
}

static const char *
get(struct fixture *f, const char *name, size_t index)
{
	hl_str value;

	if (!header_get(&f->message.header, &f->arena, slice_of(name), index,
		HEADER_FOLDED, &value)) {
		assert_int_equal(value.n, 0);
		return NULL;
	}
	assert_int_equal(strlen(value.p), value.n);
	return value.p;
}

static void
test_looking(void **state)
{
	struct fixture f;
	struct header *header =
	    start(&f, SLICE_LIT(RECEIVED "\r\nX-A: in the body\r\n"));
	hl_str value;

	(void)state;
	header_is(header, RECEIVED);
	assert_int_equal(header_total(header), 5);
	assert_int_equal(header->arrived, 5);
	assert_int_equal(header_count(header, SLICE_LIT("x-A")), 3);
	assert_int_equal(header_count(header, SLICE_LIT("X-")), 0);
	assert_string_equal(get(&f, "SUBJECT", 0), "one\n two\n\tthree");
	assert_null(get(&f, "subject", 1));
	assert_string_equal(get(&f, "X-a", 0), "1");
	assert_string_equal(get(&f, "X-a", 1), "2");
	assert_string_equal(get(&f, "X-a", 2), "3 \t");
	assert_string_equal(get(&f, "X-B", 0), "");
	assert_null(get(&f, "X-C", 0));
	assert_true(header_get(header, &f.arena, SLICE_LIT("subject"), 0,
	    HEADER_UNFOLDED, &value));
	assert_string_equal(value.p, "one two\tthree");
	unit_slice_is("name", header_name(header, header_at(header, 2)), "x-a");
	assert_null(header_at(header, 5));
	assert_ptr_equal(header_arrival(header, 2), header_at(header, 2));
	assert_null(header_arrival(header, 5));
	assert_null(header_arrival(header, HEADER_ADDED));
	finish(&f);
}

static void
test_nul_is_shown_as_space(void **state)
{
	struct fixture f;
	struct header *header = start(&f, SLICE_LIT("A: b\0c\r\n d\r\n"));
	struct slice raw = header_raw(header, header_at(header, 0));

	(void)state;
	assert_string_equal(get(&f, "a", 0), "b c\n d");
	assert_int_equal(raw.n, 12);
	assert_memory_equal(raw.p, "A: b\0c\r\n d\r\n", 12);
	finish(&f);
}

static void
test_adding(void **state)
{
	struct fixture f;
	struct header *header = start(&f, SLICE_LIT("A: 1\r\nB: 2\r\n"));

	(void)state;
	assert_int_equal(
	    header_add_top(header, SLICE_LIT("T"), SLICE_LIT("x"), NULL), 0);
	assert_int_equal(header_add_bottom(
			     header, SLICE_LIT("Z"), SLICE_LIT("y\n\tz"), NULL),
	    0);
	assert_int_equal(
	    header_add_top(header, SLICE_LIT("A"), SLICE_LIT("0"), NULL), 0);
	header_is(header, "A: 0\r\nT: x\r\nA: 1\r\nB: 2\r\nZ: y\r\n\tz\r\n");
	assert_string_equal(get(&f, "a", 0), "0");
	assert_string_equal(get(&f, "a", 1), "1");
	assert_string_equal(get(&f, "z", 0), "y\n\tz");
	assert_int_equal(header_at(header, 0)->arrival, HEADER_ADDED);
	assert_ptr_equal(header_arrival(header, 0), header_at(header, 2));
	assert_int_equal(header->arrived, 2);
	finish(&f);
}

static void
test_replacing(void **state)
{
	struct fixture f;
	struct header *header = start(&f, SLICE_LIT(RECEIVED));

	(void)state;
	assert_int_equal(
	    header_replace(header, SLICE_LIT("x-a"), 1, SLICE_LIT("new"), NULL),
	    0);
	assert_int_equal(header_replace(header, SLICE_LIT("X-New"), 7,
			     SLICE_LIT("last"), NULL),
	    0);
	assert_int_equal(header_replace(header, SLICE_LIT("x-new"), 0,
			     SLICE_LIT("last again"), NULL),
	    0);
	header_is(header,
	    "Subject: one\r\n two\r\n\tthree\r\nX-A: 1\r\nx-a: new\r\n"
	    "X-B:\r\nX-A:3 \t\r\nx-new: last again\r\n");
	/* Still the field that arrived third. */
	assert_ptr_equal(header_arrival(header, 2), header_at(header, 2));
	finish(&f);
}

static void
test_deleting(void **state)
{
	struct fixture f;
	struct header *header = start(&f, SLICE_LIT(RECEIVED));

	(void)state;
	assert_int_equal(header_delete(header, SLICE_LIT("x-a"), 3), 0);
	assert_int_equal(header_delete(header, SLICE_LIT("x-a"), 1), 1);
	assert_null(header_arrival(header, 2));
	header_is(header, "Subject: one\r\n two\r\n\tthree\r\nX-A: 1\r\n"
			  "X-B:\r\nX-A:3 \t\r\n");
	assert_int_equal(
	    header_add_top(header, SLICE_LIT("x-A"), SLICE_LIT("added"), NULL),
	    0);
	assert_int_equal(
	    header_delete(header, SLICE_LIT("x-a"), HEADER_ALL), 3);
	assert_int_equal(
	    header_delete(header, SLICE_LIT("x-a"), HEADER_ALL), 0);
	header_is(header, "Subject: one\r\n two\r\n\tthree\r\nX-B:\r\n");
	assert_int_equal(f.account.used, 0);
	finish(&f);
}

static void
test_renaming(void **state)
{
	struct fixture f;
	struct header *header = start(&f, SLICE_LIT(RECEIVED));

	(void)state;
	assert_int_equal(
	    header_rename_at(header, 0, SLICE_LIT("Original-Subject")), 0);
	assert_int_equal(header_rename_at(header, 2, SLICE_LIT("Y")), 0);
	assert_int_equal(header_rename_at(header, 2, SLICE_LIT("ZZ")), 0);
	assert_int_equal(header_rename_at(header, 5, SLICE_LIT("Y")), -ENOENT);
	assert_int_equal(
	    header_rename_at(header, 1, SLICE_LIT("a:b")), -EINVAL);
	assert_int_equal(header_rename_at(header, 1, SLICE_NONE), -EINVAL);
	header_is(header, "Original-Subject: one\r\n two\r\n\tthree\r\n"
			  "X-A: 1\r\nZZ : 2\r\nX-B:\r\nX-A:3 \t\r\n");
	assert_string_equal(get(&f, "zz", 0), "2");
	assert_null(get(&f, "subject", 0));
	finish(&f);
}

static const struct {
	const char *name;
	struct slice field, value;
	const char *want; /* NULL: -EINVAL */
} values[] = {
	{ "plain", SLICE_LIT("A"), SLICE_LIT("b c"), "A: b c\r\n" },
	{ "empty", SLICE_LIT("A"), SLICE_LIT(""), "A: \r\n" },
	{ "none", SLICE_LIT("A"), SLICE_NONE, "A: \r\n" },
	{ "LF at the end", SLICE_LIT("A"), SLICE_LIT("b\n"), "A: b\r\n" },
	{ "CRLF at the end", SLICE_LIT("A"), SLICE_LIT("b\r\n"), "A: b\r\n" },
	{ "fold", SLICE_LIT("A"), SLICE_LIT("b\n c"), "A: b\r\n c\r\n" },
	{ "CRLF fold", SLICE_LIT("A"), SLICE_LIT("b\r\n\tc"),
	    "A: b\r\n\tc\r\n" },
	{ "leading space", SLICE_LIT("A"), SLICE_LIT(" \t b"), "A: b\r\n" },
	{ "space only", SLICE_LIT("A"), SLICE_LIT(" \t "), "A: \r\n" },
	{ "fold first", SLICE_LIT("A"), SLICE_LIT("\n b"), "A: \r\n b\r\n" },
	{ "eight bit", SLICE_LIT("A"), SLICE_LIT("\xc3\xa4\xff"),
	    "A: \xc3\xa4\xff\r\n" },
	{ "two lines", SLICE_LIT("A"), SLICE_LIT("b\nEvil: c"), NULL },
	{ "two lines, CRLF", SLICE_LIT("A"), SLICE_LIT("b\r\nEvil: c"), NULL },
	{ "end of header", SLICE_LIT("A"), SLICE_LIT("b\n\nbody"), NULL },
	{ "end of header, CRLF", SLICE_LIT("A"), SLICE_LIT("b\r\n\r\nbody"),
	    NULL },
	{ "two LF at the end", SLICE_LIT("A"), SLICE_LIT("b\n\n"), NULL },
	{ "CR LF LF", SLICE_LIT("A"), SLICE_LIT("b\r\n\n"), NULL },
	{ "bare CR", SLICE_LIT("A"), SLICE_LIT("b\rc"), NULL },
	{ "CR at the end", SLICE_LIT("A"), SLICE_LIT("b\r"), NULL },
	{ "CR CR LF", SLICE_LIT("A"), SLICE_LIT("b\r\r\n c"), NULL },
	{ "NUL", SLICE_LIT("A"), SLICE_LIT("b\0c"), NULL },
	{ "blank fold", SLICE_LIT("A"), SLICE_LIT("b\n \n c"), NULL },
	{ "blank fold last", SLICE_LIT("A"), SLICE_LIT("b\n \t"), NULL },
	{ "colon", SLICE_LIT("A:"), SLICE_LIT("b"), NULL },
	{ "space", SLICE_LIT("A B"), SLICE_LIT("b"), NULL },
	{ "no name", SLICE_NONE, SLICE_LIT("b"), NULL },
	{ "line end in name", SLICE_LIT("A\n"), SLICE_LIT("b"), NULL },
	{ "NUL in name", SLICE_LIT("A\0"), SLICE_LIT("b"), NULL },
	{ "eight bit in name", SLICE_LIT("\xc3\xa4"), SLICE_LIT("b"), NULL },
};

static void
test_values(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(values); i++) {
		struct fixture f;
		struct header *header = start(&f, SLICE_LIT("Z: z\r\n"));
		struct err err = { 0 };
		int ret = header_add_top(
		    header, values[i].field, values[i].value, &err);

		if (values[i].want == NULL) {
			UNIT_CASE(values[i].name, ret == -EINVAL);
			UNIT_CASE(values[i].name, err.text[0] != '\0');
			header_is(header, "Z: z\r\n");
		} else {
			UNIT_CASE(values[i].name, ret == 0);
			unit_slice_is(values[i].name,
			    header_raw(header, header_at(header, 0)),
			    values[i].want);
		}
		finish(&f);
	}
}

static void
test_long_lines(void **state)
{
	static char value[5000];
	struct fixture f;
	struct header *header = start(&f, SLICE_LIT("Z: z\r\n"));
	struct slice name = SLICE_LIT("X-Long"), raw;
	struct err err;
	size_t line = 0;

	(void)state;
	/* No place to fold but behind the colon. */
	memset(value, 'x', sizeof(value));
	assert_int_equal(
	    header_add_top(header, name, (struct slice){ value, 997 }, &err),
	    0);
	assert_int_equal(
	    header_add_top(header, name, (struct slice){ value, 998 }, &err),
	    -EINVAL);
	value[990] = ' ';
	assert_int_equal(header_add_top(header, name,
			     (struct slice){ value, sizeof(value) }, &err),
	    -EINVAL);
	/* Every 50 bytes; taking the line ends out gives the value again. */
	for (size_t i = 0; i < sizeof(value); i++)
		value[i] = i % 50 == 49 ? ' ' : 'x';
	assert_int_equal(header_replace(header, name, 0,
			     (struct slice){ value, sizeof(value) }, &err),
	    0);
	raw = header_raw(header, header_at(header, 0));
	for (size_t i = 0; i < raw.n; i++) {
		line = raw.p[i] == '\n' ? 0 : line + 1;
		assert_true(line <= 999);
	}
	{
		hl_str unfolded;

		assert_true(header_get(
		    header, &f.arena, name, 0, HEADER_UNFOLDED, &unfolded));
		assert_int_equal(unfolded.n, sizeof(value) - 1);
		assert_memory_equal(unfolded.p, value, sizeof(value) - 1);
	}
	memset(value, 'n', 77);
	assert_int_equal(header_add_top(header, (struct slice){ value, 77 },
			     SLICE_LIT("x"), &err),
	    -EINVAL);
	assert_int_equal(header_add_top(header, (struct slice){ value, 76 },
			     SLICE_LIT("x"), &err),
	    0);
	finish(&f);
}

static void
test_cap(void **state)
{
	struct fixture f;
	struct header *header = start(&f, SLICE_LIT("A: 1\r\n"));
	struct err err = { 0 };
	size_t used;

	(void)state;
	assert_int_equal(
	    header_add_top(header, SLICE_LIT("X"), SLICE_LIT("12"), &err), 0);
	used = f.account.cap = f.account.used;
	assert_true(used > 0);
	assert_int_equal(
	    header_add_bottom(header, SLICE_LIT("Y"), SLICE_LIT("1"), &err),
	    -E2BIG);
	assert_int_equal(header_rename_at(header, 1, SLICE_LIT("B")), -E2BIG);
	assert_int_equal(
	    header_replace(header, SLICE_LIT("x"), 0, SLICE_LIT("123"), &err),
	    -E2BIG);
	assert_true(f.account.over);
	assert_int_equal(f.account.used, used);
	header_is(header, "X: 12\r\nA: 1\r\n");
	assert_int_equal(
	    header_replace(header, SLICE_LIT("X"), 0, SLICE_LIT("34"), &err),
	    0);
	assert_int_equal(f.account.used, used);
	assert_int_equal(header_delete(header, SLICE_LIT("X"), 0), 1);
	assert_int_equal(header_rename_at(header, 0, SLICE_LIT("B")), 0);
	header_is(header, "B: 1\r\n");
	finish(&f);
}

/* Edits between the arrivals stay where they are. */
static void
test_edits_while_arriving(void **state)
{
	struct message_limits limits = test_limits(1000);
	struct fixture f;
	struct header *header;

	(void)state;
	memset(&f, 0, sizeof(f));
	test_store_init(&f.test, 0);
	arena_init(&f.arena, 1024, 0);
	message_init(&f.message, &f.test.store, &limits, &f.account);
	header = &f.message.header;
	assert_int_equal(
	    message_append(&f.message, "A: 1\r\nB: 2\r\nC", 13), 0);
	assert_int_equal(header->arrived, 2);
	assert_int_equal(
	    header_add_top(header, SLICE_LIT("T"), SLICE_LIT("t"), NULL), 0);
	assert_int_equal(
	    header_add_bottom(header, SLICE_LIT("U"), SLICE_LIT("u"), NULL), 0);
	assert_int_equal(header_delete(header, SLICE_LIT("A"), 0), 1);
	assert_int_equal(message_append(&f.message, ": 3\r\n\r\n", 7), 0);
	assert_true(f.message.header_ended);
	header_is(header, "T: t\r\nB: 2\r\nU: u\r\nC: 3\r\n");
	assert_int_equal(header->arrived, 3);
	assert_string_equal(header_value(header, header_arrival(header, 2),
				&f.arena, HEADER_FOLDED)
				.p,
	    "3");
	assert_int_equal(message_end(&f.message), 0);
	finish(&f);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_looking),
		cmocka_unit_test(test_nul_is_shown_as_space),
		cmocka_unit_test(test_adding),
		cmocka_unit_test(test_replacing),
		cmocka_unit_test(test_deleting),
		cmocka_unit_test(test_renaming),
		cmocka_unit_test(test_values),
		cmocka_unit_test(test_long_lines),
		cmocka_unit_test(test_cap),
		cmocka_unit_test(test_edits_while_arriving),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
