/* SPDX-License-Identifier: MIT */
/* test_message.c - taking messages in and delivering them again. */
#include "mail_test.h"

#include <sys/stat.h>

#include "base/err.h"
#include "mail/message_write.h"

/* In each: fields received, where the body begins, what is delivered before
 * any edit (NULL: as sent). */
static const struct {
	const char *name;
	struct slice text;
	unsigned fields, body_start;
	const char *delivered;
} cases[] = {
	{ "ordinary", SLICE_LIT("A: 1\r\nB: 2\r\n\r\nbody\r\n"), 2, 14, NULL },
	{ "empty", SLICE_LIT(""), 0, 0, NULL },
	{ "one line end", SLICE_LIT("\r\n"), 0, 2, NULL },
	{ "no header", SLICE_LIT("\r\nbody\r\n"), 0, 2, NULL },
	{ "no body", SLICE_LIT("A: 1\r\n\r\n"), 1, 8, NULL },
	{ "no separator", SLICE_LIT("A: 1\r\n"), 1, 6, NULL },
	{ "no line end", SLICE_LIT("A: 1"), 1, 4, NULL },
	{ "ends in CR", SLICE_LIT("A: 1\r"), 1, 5, NULL },
	{ "ends in a fold", SLICE_LIT("A: 1\r\n "), 1, 7, NULL },
	{ "header ends at text", SLICE_LIT("A: 1\r\ntext\r\nB: 2\r\n"), 1, 6,
	    "A: 1\r\n\r\ntext\r\nB: 2\r\n" },
	{ "only text", SLICE_LIT("text\r\n"), 0, 0, "\r\ntext\r\n" },
	{ "fold at the start", SLICE_LIT(" x\r\nA: 1\r\n"), 0, 0,
	    "\r\n x\r\nA: 1\r\n" },
	{ "mbox line", SLICE_LIT("From a b\r\nA: 1\r\n\r\nx"), 0, 0,
	    "\r\nFrom a b\r\nA: 1\r\n\r\nx" },
	{ "bytes", SLICE_LIT("A: \0\xff\r\n\r\n\0\x80\r\r\n\nx"), 1, 9, NULL },
};

static void
test_cases(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct buf out = BUF_INIT, lf = BUF_INIT, want = BUF_INIT;
		struct test_store test;
		struct message message;

		test_store_init(&test, 0);
		test_message(&message, &test, 1000, cases[i].text);
		UNIT_CASE(
		    cases[i].name, message.header.arrived == cases[i].fields);
		UNIT_CASE(
		    cases[i].name, message.body_start == cases[i].body_start);
		UNIT_CASE(
		    cases[i].name, body_size(&message.body) == cases[i].text.n);
		delivered(&message, LINE_CRLF, &out);
		delivered(&message, LINE_LF, &lf);
		if (cases[i].delivered != NULL)
			buf_add_text(&want, cases[i].delivered);
		else
			buf_add_slice(&want, cases[i].text);
		UNIT_CASE(
		    cases[i].name, slice_eq(buf_slice(&out), buf_slice(&want)));
		buf_clear(&out);
		to_lf(buf_slice(&want), &out);
		UNIT_CASE(
		    cases[i].name, slice_eq(buf_slice(&lf), buf_slice(&out)));
		buf_done(&out);
		buf_done(&lf);
		buf_done(&want);
		message_done(&message);
		test_store_done(&test);
	}
}

/* A field that the message ended in gets a line end when something follows. */
static void
test_unfinished_field(void **state)
{
	struct buf out = BUF_INIT;
	struct test_store test;
	struct message message;

	(void)state;
	test_store_init(&test, 0);
	test_message(&message, &test, 1000, SLICE_LIT("A: 1\r\nB: 2"));
	assert_int_equal(header_add_top(&message.header, SLICE_LIT("T"),
			     SLICE_LIT("t"), NULL),
	    0);
	delivered(&message, LINE_CRLF, &out);
	unit_slice_is("top", buf_slice(&out), "T: t\r\nA: 1\r\nB: 2");
	assert_int_equal(header_add_bottom(&message.header, SLICE_LIT("Z"),
			     SLICE_LIT("z"), NULL),
	    0);
	buf_clear(&out);
	delivered(&message, LINE_CRLF, &out);
	unit_slice_is(
	    "bottom", buf_slice(&out), "T: t\r\nA: 1\r\nB: 2\r\nZ: z\r\n");
	assert_int_equal(message_reader_size(&message, LINE_CRLF), out.n);
	buf_clear(&out);
	delivered(&message, LINE_LF, &out);
	unit_slice_is("lf", buf_slice(&out), "T: t\nA: 1\nB: 2\nZ: z\n");
	assert_int_equal(message_reader_size(&message, LINE_LF), out.n);
	buf_done(&out);
	message_done(&message);
	test_store_done(&test);
}

/* Nor is a bare LF a line end, by default. */
static void
test_unfinished_field_bare_lf(void **state)
{
	struct buf out = BUF_INIT;
	struct test_store test;
	struct message message;

	(void)state;
	test_store_init(&test, 0);
	test_message(&message, &test, 1000, SLICE_LIT("A: 1\n"));
	assert_int_equal(header_add_bottom(&message.header, SLICE_LIT("Z"),
			     SLICE_LIT("z"), NULL),
	    0);
	delivered(&message, LINE_CRLF, &out);
	unit_slice_is("strict", buf_slice(&out), "A: 1\n\r\nZ: z\r\n");
	assert_int_equal(message_reader_size(&message, LINE_CRLF), out.n);
	buf_done(&out);
	message_done(&message);
	test_store_done(&test);
}

static void
test_bare_lf_header(void **state)
{
	struct message_limits limits = test_limits(1000);
	struct slice text = SLICE_LIT("A: 1\n 2\nB: 3\r\n\nbody\n");
	struct test_store test;
	struct message message;
	struct buf out = BUF_INIT;

	(void)state;
	limits.scan_flags = SMTP_HEADER_BARE_LF;
	test_store_init(&test, 0);
	message_init(&message, &test.store, &limits, NULL);
	assert_int_equal(feed_cut(&message, text, 0, NULL), 0);
	assert_int_equal(message_end(&message), 0);
	assert_int_equal(message.header.arrived, 2);
	unit_slice_is("separator", message_separator(&message), "\n");
	delivered(&message, LINE_CRLF, &out);
	assert_true(slice_eq(buf_slice(&out), text));
	buf_done(&out);
	message_done(&message);
	test_store_done(&test);
}

static void
test_limits_of_header(void **state)
{
	static const struct {
		size_t bytes;
		unsigned fields;
		int want;
	} limits[] = {
		{ 12, 2, 0 },
		{ 11, 2, -EMSGSIZE },
		{ 12, 1, -EMSGSIZE },
		{ 3, 2, -EMSGSIZE },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(limits) * 2; i++) {
		struct message_limits set = test_limits(1000);
		struct test_store test;
		struct message message;
		uint64_t seed = i;
		int ret;

		set.header_bytes = limits[i / 2].bytes;
		set.header_fields = limits[i / 2].fields;
		test_store_init(&test, 0);
		message_init(&message, &test.store, &set, NULL);
		ret = feed_cut(&message,
		    SLICE_LIT("A: 1\r\nB: 2\r\n\r\nA: body\r\n"),
		    i % 2 == 0 ? 0 : 3, &seed);
		assert_int_equal(ret, limits[i / 2].want);
		/* The rest is swallowed. */
		assert_int_equal(
		    message_append(&message, "x", 1), limits[i / 2].want);
		assert_int_equal(message_end(&message), limits[i / 2].want);
		message_done(&message);
		message_done(&message);
		test_store_done(&test);
	}
}

/* A field that never ends and has no colon is body, not an error. */
static void
test_long_first_line(void **state)
{
	static char text[100000];
	struct test_store test;
	struct message message;

	(void)state;
	memset(text, 'x', sizeof(text));
	test_store_init(&test, 0);
	test_message(
	    &message, &test, 1 << 20, (struct slice){ text, sizeof(text) });
	assert_int_equal(message.header.arrived, 0);
	assert_int_equal(message.body_start, 0);
	assert_int_equal(body_size(&message.body), sizeof(text));
	message_done(&message);
	test_store_done(&test);
}

/* ---- random messages --------------------------------------------------- */

/* Bytes that make fields, folds, separators and odd line ends likely. */
static void
random_text(uint64_t *seed, struct buf *out)
{
	static const char *const words[] = { "A: b", "Subject: c", "\r\n",
		"\r\n", "\r\n ", "\r\n\t", "\r\n\r\n", "\r", "\n", ":", " ",
		"x", "\xff", "Authentication-Results: d; e", ".", "\r\r\n" };
	unsigned n = test_random_next(seed, 40);

	for (unsigned i = 0; i < n; i++) {
		unsigned k = test_random_next(seed, ARRAY_SIZE(words) + 1);

		if (k == ARRAY_SIZE(words)) {
			for (unsigned m = test_random_next(seed, 30); m > 0;
			     m--)
				buf_add_text(out, "long text");
		} else {
			buf_add_text(out, words[k]);
		}
	}
}

/* What a reader gives in pieces, and by lines, is what it gives in one. */
static void
check_reader(struct message_reader *reader, struct slice want, uint64_t *seed)
{
	struct message_reader lines = *reader;
	char bytes[64];
	size_t pos = 0;
	ssize_t got;

	do {
		size_t n = 1 + test_random_next(seed, sizeof(bytes));

		got = message_reader_read(reader, bytes, n);
		assert_true(got >= 0 && (size_t)got <= n);
		assert_true(want.n - pos >= (size_t)got);
		if (got > 0)
			assert_memory_equal(bytes, want.p + pos, got);
		pos += (size_t)got;
	} while (got > 0);
	assert_int_equal(pos, want.n);
	for (pos = 0;; pos += (size_t)got) {
		struct slice rest = slice_from(want, pos);
		size_t n = 1 + test_random_next(seed, sizeof(bytes));
		size_t line = slice_find(rest, '\n') + 1;

		got = message_reader_line(&lines, bytes, n);
		if (line > rest.n)
			line = rest.n;
		assert_int_equal(got, line < n ? line : n);
		assert_memory_equal(bytes, rest.p, got);
		if (got == 0)
			break;
	}
	assert_int_equal(pos, want.n);
}

/* A binary body stays as it is: line ends are those of the first `n` bytes. */
static void
to_lf_part(struct slice text, bool is_binary, size_t n, struct buf *out)
{
	to_lf(is_binary ? slice_head(text, n) : text, out);
	if (is_binary)
		buf_add_slice(out, slice_from(text, n));
}

/* One message stored in one way: what comes out is what went in. */
static void
check_stored(struct slice text, bool is_binary, size_t threshold, size_t memory,
    uint64_t *seed)
{
	struct buf crlf = BUF_INIT, lf = BUF_INIT, body = BUF_INIT;
	struct message_limits limits = test_limits(threshold);
	struct message_reader reader;
	struct test_store test;
	struct message message;
	struct slice sent;

	test_store_init(&test, memory);
	message_init(&message, &test.store, &limits, NULL);
	message.is_binary = is_binary;
	assert_int_equal(feed_cut(&message, text, 9, seed), 0);
	assert_int_equal(message_end(&message), 0);
	delivered(&message, LINE_CRLF, &crlf);
	sent = slice_from(text, message.header_size);
	/* Sent = stored but for that one empty line. */
	assert_true(slice_eq(slice_head(buf_slice(&crlf), message.header_size),
	    slice_head(text, message.header_size)));
	if (message.has_separator || sent.n == 0)
		assert_true(slice_eq(buf_slice(&crlf), text));
	else
		assert_true(slice_eq(
		    slice_from(buf_slice(&crlf), message.header_size + 2),
		    sent));
	message_reader_init(&reader, &message, LINE_CRLF);
	check_reader(&reader, buf_slice(&crlf), seed);
	to_lf_part(buf_slice(&crlf), is_binary,
	    crlf.n - (text.n - message.body_start), &lf);
	message_reader_init(&reader, &message, LINE_LF);
	check_reader(&reader, buf_slice(&lf), seed);
	assert_int_equal(message_reader_size(&message, LINE_CRLF), crlf.n);
	assert_int_equal(message_reader_size(&message, LINE_LF), lf.n);
	to_lf_part(slice_from(text, message.body_start), is_binary, 0, &body);
	message_reader_init_body(&reader, &message, LINE_LF);
	check_reader(&reader, buf_slice(&body), seed);
	buf_clear(&body);
	to_lf_part(text, is_binary, message.body_start, &body);
	assert_int_equal(body_data_size(&message.body), body.n);
	buf_done(&crlf);
	buf_done(&lf);
	buf_done(&body);
	message_done(&message);
	test_store_done(&test);
}

static void
test_random_messages(void **state)
{
	(void)state;
	for (uint64_t seed = 1; seed <= 400; seed++) {
		struct buf text = BUF_INIT;
		uint64_t s = seed * 7919;

		random_text(&s, &text);
		for (int binary = 0; binary < 2; binary++) {
			check_stored(buf_slice(&text), binary, 1 << 20, 0, &s);
			check_stored(buf_slice(&text), binary, 0, 0, &s);
			check_stored(buf_slice(&text), binary, 1 << 20, 1, &s);
		}
		buf_done(&text);
	}
}

/* Refused on its way: in memory, in the file, in the middle of a field. */
static void
test_drop(void **state)
{
	static const struct {
		const char *name;
		size_t threshold, body;
		const char *head;
	} drops[] = {
		{ "in memory", 1 << 20, 300000, "A: 1\r\nB: 2\r\n\r\n" },
		{ "in the file", 0, 900000, "A: 1\r\nB: 2\r\n\r\n" },
		{ "within a field", 1 << 20, 0, "A: 1\r\nB: 2\r\nC: 3" },
	};
	char *bytes = test_malloc(900000);

	(void)state;
	memset(bytes, 'x', 900000);
	for (size_t i = 0; i < ARRAY_SIZE(drops); i++) {
		struct message_limits limits = test_limits(drops[i].threshold);
		struct test_store test;
		struct message message;
		char byte;

		test_store_init(&test, 0);
		message_init(&message, &test.store, &limits, NULL);
		assert_int_equal(message_append(&message, drops[i].head,
				     strlen(drops[i].head)),
		    0);
		assert_int_equal(
		    message_append(&message, bytes, drops[i].body), 0);
		assert_int_equal(message_settle(&message), 0);
		UNIT_CASE(drops[i].name,
		    (message.body.fd != -1) == (drops[i].threshold == 0));
		message_drop(&message);
		assert_int_equal(message.body.fd, -1);
		assert_true(test.store.memory.used < 4096);
		assert_int_equal(message.header.arrived, 2);
		assert_int_equal(
		    header_count(&message.header, SLICE_LIT("b")), 1);
		assert_int_equal(message_append(&message, "x", 1), -ECANCELED);
		assert_int_equal(message_settle(&message), -ECANCELED);
		assert_int_equal(
		    body_read(&message.body, 0, &byte, 1), -ECANCELED);
		message_done(&message);
		test_store_done(&test);
	}
	test_free(bytes);
}

/* Across blocks of the store, windows of the reader and gathered writes. */
static void
test_large_messages(void **state)
{
	static const size_t thresholds[] = { 0, 262144, 1 << 24 };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(thresholds); i++) {
		struct buf text = BUF_INIT, out = BUF_INIT, want = BUF_INIT;
		struct message message;
		struct test_store test;

		buf_add_text(&text, "Subject: large\r\n\r\n");
		while (text.n < 700000) {
			buf_add(&text, "0123456789012345678901234567890123456",
			    text.n % 37);
			buf_add_text(&text, "\r\n");
		}
		test_store_init(&test, 0);
		test_message(&message, &test, thresholds[i], buf_slice(&text));
		delivered(&message, LINE_CRLF, &out);
		assert_true(slice_eq(buf_slice(&out), buf_slice(&text)));
		buf_clear(&out);
		delivered(&message, LINE_LF, &out);
		to_lf(buf_slice(&text), &want);
		assert_true(slice_eq(buf_slice(&out), buf_slice(&want)));
		assert_int_equal(
		    message_reader_size(&message, LINE_LF), want.n);
		buf_done(&text);
		buf_done(&out);
		buf_done(&want);
		message_done(&message);
		test_store_done(&test);
	}
}

static void
test_edit_while_reading(void **state)
{
	struct message_reader reader, body;
	struct test_store test;
	struct message message;
	char bytes[100];

	(void)state;
	test_store_init(&test, 0);
	test_message(&message, &test, 1000, SLICE_LIT("A: 1\r\n\r\nbody"));
	message_reader_init(&reader, &message, LINE_CRLF);
	message_reader_init_body(&body, &message, LINE_CRLF);
	assert_int_equal(message_reader_read(&reader, bytes, 3), 3);
	assert_int_equal(header_delete(&message.header, SLICE_LIT("A"), 0), 1);
	assert_int_equal(message_reader_read(&reader, bytes, 3), -ESTALE);
	assert_int_equal(message_reader_line(&reader, bytes, 3), -ESTALE);
	assert_int_equal(message_reader_read(&body, bytes, 2), 2);
	/* In the body edits do not matter. */
	message_reader_init(&reader, &message, LINE_CRLF);
	while (!reader.in_body)
		assert_true(message_reader_read(&reader, bytes, 1) == 1);
	assert_int_equal(header_add_top(&message.header, SLICE_LIT("B"),
			     SLICE_LIT("b"), NULL),
	    0);
	assert_int_equal(message_reader_read(&reader, bytes, 100), 3);
	assert_int_equal(message_reader_read(&body, bytes, 100), 2);
	assert_int_equal(message_reader_read(&body, bytes, 100), 0);
	message_done(&message);
	test_store_done(&test);
}

/* ---- more at the end --------------------------------------------------- */

static void
check_added(size_t threshold, const char *text, const char *added,
    const char *want, bool with_copy)
{
	struct test_store test;
	struct message message;
	struct buf got = BUF_INIT;
	struct err err;
	hl_str path;
	char bytes[200];
	FILE *file;

	test_store_init(&test, 0);
	test_message(&message, &test, threshold, slice_of(text));
	if (with_copy)
		assert_int_equal(body_filename(&message.body, &path, &err), 0);
	assert_int_equal(message_add(&message, slice_of(added)), 0);
	delivered(&message, LINE_LF, &got);
	assert_true(slice_eq_text(buf_slice(&got), want));
	assert_int_equal(body_filename(&message.body, &path, &err), 0);
	file = fopen(path.p, "r");
	assert_non_null(file);
	bytes[fread(bytes, 1, sizeof(bytes) - 1, file)] = '\0';
	assert_string_equal(bytes, want);
	assert_int_equal(fclose(file), 0);
	assert_int_equal(body_data_size(&message.body), strlen(want));
	buf_done(&got);
	message_done(&message);
	test_store_done(&test);
}

static void
test_add(void **state)
{
	static const size_t thresholds[] = { 0, 1 << 24 };

	(void)state;
	for (unsigned i = 0; i < 4; i++) {
		check_added(thresholds[i % 2], "A: 1\r\n\r\nbody\r\n",
		    "one\ntwo\r\n\nthree", "A: 1\n\nbody\none\ntwo\n\nthree",
		    i < 2);
		check_added(thresholds[i % 2], "A: 1\r\n\r\n", "x\n",
		    "A: 1\n\nx\n", i < 2);
		check_added(
		    thresholds[i % 2], "A: 1\r\n\r\n", "", "A: 1\n\n", i < 2);
	}
}

static void
test_add_fails(void **state)
{
	struct test_store test;
	struct message message;

	(void)state;
	test_store_init(&test, 0);
	test_message(&message, &test, 1000, SLICE_LIT("A: 1"));
	assert_int_equal(message_add(&message, SLICE_LIT("x\n")), -EINVAL);
	message_done(&message);
	test_message(&message, &test, 0, SLICE_LIT("A: 1\r\n\r\nbody"));
	disk.write_error = -ENOSPC;
	assert_int_equal(message_add(&message, SLICE_LIT("x\n")), -ENOSPC);
	assert_int_equal(message_add(&message, SLICE_LIT("x\n")), -ENOSPC);
	message_done(&message);
	test_store_done(&test);
}

static void
test_read_error(void **state)
{
	struct message_reader reader;
	struct test_store test;
	struct message message;
	char bytes[100];

	(void)state;
	test_store_init(&test, 0);
	test_message(&message, &test, 0, SLICE_LIT("A: 1\r\n\r\nbody"));
	disk.read_error = -EIO;
	for (int line_end = LINE_CRLF; line_end <= LINE_LF; line_end++) {
		message_reader_init(&reader, &message, (enum line_end)line_end);
		while (!reader.in_body) {
			ssize_t n = message_reader_line(&reader, bytes, 100);

			assert_true(n > 0 || (n == -EIO && reader.in_body));
		}
		assert_int_equal(
		    message_reader_read(&reader, bytes, 100), -EIO);
	}
	message_done(&message);
	test_store_done(&test);
}

/* ---- into a file ------------------------------------------------------- */

static void
check_written(struct message *message, enum line_end line_end)
{
	struct buf want = BUF_INIT;
	char path[] = "/tmp/hookline-write-XXXXXX";
	int fd = mkstemp(path);
	struct stat st;
	char *bytes;

	assert_true(fd != -1);
	(void)unlink(path);
	delivered(message, line_end, &want);
	assert_int_equal(message_write_direct(message, fd, line_end, false), 0);
	assert_int_equal(fstat(fd, &st), 0);
	assert_int_equal(st.st_size, want.n);
	bytes = test_malloc(want.n);
	assert_int_equal(pread(fd, bytes, want.n, 0), want.n);
	assert_memory_equal(bytes, want.p, want.n);
	test_free(bytes);
	(void)close(fd);
	buf_done(&want);
}

static void
test_write(void **state)
{
	static const size_t thresholds[] = { 0, 1 << 24 };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(thresholds); i++) {
		struct buf text = BUF_INIT;
		struct message message;
		struct test_store test;

		buf_add_text(&text, "A: 1\r\n");
		while (text.n < 200000)
			buf_add_text(&text, "line\r\n");
		test_store_init(&test, 0);
		test_message(&message, &test, thresholds[i], buf_slice(&text));
		assert_int_equal(header_add_top(&message.header, SLICE_LIT("T"),
				     SLICE_LIT("t"), NULL),
		    0);
		check_written(&message, LINE_CRLF);
		check_written(&message, LINE_LF);
		buf_done(&text);
		message_done(&message);
		test_store_done(&test);
	}
}

/* Lines of SMTP: at both sides of what is read at a time, too. */
static void
test_write_dots(void **state)
{
	char path[] = "/tmp/hookline-write-XXXXXX";
	struct buf text = BUF_INIT, want = BUF_INIT;
	int fd = mkstemp(path);
	struct test_store test;
	struct message message;
	struct stat st;
	char *bytes;

	(void)state;
	assert_true(fd != -1);
	(void)unlink(path);
	buf_add_text(&text, "A: 1\r\n\r\n");
	buf_add_text(&want, "A: 1\n\n");
	while (text.n < 200000) {
		buf_add_text(&text, ".\r\n..\r\n.a.\r\nb.\r\n");
		buf_add_text(&want, "..\n...\n..a.\nb.\n");
	}
	buf_add_text(&text, ".no end");
	buf_add_text(&want, "..no end\n");
	test_store_init(&test, 0);
	test_message(&message, &test, 1000, buf_slice(&text));
	assert_int_equal(message_write_dots(&message, fd), 0);
	assert_int_equal(fstat(fd, &st), 0);
	assert_int_equal(st.st_size, want.n);
	bytes = test_malloc(want.n);
	assert_int_equal(pread(fd, bytes, want.n, 0), want.n);
	assert_memory_equal(bytes, want.p, want.n);
	test_free(bytes);
	(void)close(fd);
	fd = open("/dev/full", O_WRONLY);
	assert_int_equal(message_write_dots(&message, fd), -ENOSPC);
	(void)close(fd);
	buf_done(&text);
	buf_done(&want);
	message_done(&message);
	test_store_done(&test);
}

static void
test_write_fails(void **state)
{
	struct test_store test;
	struct message message;
	int full = open("/dev/full", O_WRONLY), pipes[2];

	(void)state;
	test_store_init(&test, 0);
	test_message(&message, &test, 1000, SLICE_LIT("A: 1\r\n\r\nbody"));
	assert_true(full != -1);
	assert_int_equal(
	    message_write_direct(&message, full, LINE_LF, true), -ENOSPC);
	(void)close(full);
	assert_int_equal(pipe2(pipes, O_CLOEXEC), 0);
	/* What cannot be synced was not synced. */
	assert_int_equal(
	    message_write_direct(&message, pipes[1], LINE_LF, true), -EINVAL);
	assert_int_equal(
	    message_write_direct(&message, pipes[1], LINE_LF, false), 0);
	assert_int_equal(
	    message_write_direct(&message, pipes[0], LINE_LF, false), -EBADF);
	(void)close(pipes[0]);
	(void)close(pipes[1]);
	message_done(&message);
	test_store_done(&test);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_cases),
		cmocka_unit_test(test_unfinished_field),
		cmocka_unit_test(test_unfinished_field_bare_lf),
		cmocka_unit_test(test_bare_lf_header),
		cmocka_unit_test(test_limits_of_header),
		cmocka_unit_test(test_long_first_line),
		cmocka_unit_test(test_random_messages),
		cmocka_unit_test(test_drop),
		cmocka_unit_test(test_large_messages),
		cmocka_unit_test(test_edit_while_reading),
		cmocka_unit_test(test_add),
		cmocka_unit_test(test_add_fails),
		cmocka_unit_test(test_read_error),
		cmocka_unit_test(test_write),
		cmocka_unit_test(test_write_dots),
		cmocka_unit_test(test_write_fails),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
