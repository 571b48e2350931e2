/* SPDX-License-Identifier: MIT */
/* test_data.c - the data scanner: ends, dots, odd bytes, cuts. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "data_oracle.h"
#include "smtp/data.h"

#define S(text)                          \
	{                                \
		(text), sizeof(text) - 1 \
	}

static void
collect(void *arg, struct slice run)
{
	assert_true(run.n > 0);
	buf_add_slice(arg, run);
}

/* Feeds `in` in blocks of `step` bytes, the first of `first`. */
static bool
feed(struct smtp_data *data, struct slice in, size_t first, size_t step,
    struct buf *out, size_t *ret_used)
{
	size_t at = 0, used = 0, n = first;
	bool is_end = false;

	while (!is_end && at < in.n) {
		is_end = smtp_data_feed(data, slice_head(slice_from(in, at), n),
		    collect, out, &used);
		assert_true(used <= n);
		if (!is_end)
			assert_int_equal(
			    used, slice_head(slice_from(in, at), n).n);
		at += used;
		n = step;
	}
	*ret_used = at;
	return is_end;
}

/* The end of data */

static const struct {
	const char *name;
	struct slice in;
	bool is_end;
	size_t used;
	struct slice out; /* as sent (BARE_LF_ALLOW) */
} ends[] = {
	/* RFC 5321 4.1.1.4: "the first <CRLF> of this terminating sequence is
	 * also the <CRLF> that ends the final line of the data" */
	{ "one line", S("a\r\n.\r\n"), true, 6, S("a\r\n") },
	{ "empty message", S(".\r\n"), true, 3, S("") },
	{ "commands behind", S("a\r\n.\r\nQUIT\r\n"), true, 6, S("a\r\n") },
	{ "two messages", S(".\r\n.\r\n"), true, 3, S("") },
	{ "only an empty line", S("\r\n.\r\n"), true, 5, S("\r\n") },
	{ "bare CR before CRLF", S("a\r\r\n.\r\n"), true, 7, S("a\r\r\n") },
	/* 4.1.1.4: "<LF>.<LF> ... MUST NOT be treated as equivalent to
	 * <CRLF>.<CRLF>"; nor is any mixture (2.3.8) */
	{ "LF . CRLF", S("a\n.\r\n"), false, 5, S("a\n.\r\n") },
	{ "CR . CRLF", S("a\r.\r\n"), false, 5, S("a\r.\r\n") },
	{ "CRLF . LF", S("a\r\n.\n"), false, 5, S("a\r\n\n") },
	{ "CRLF . CR a", S("a\r\n.\rb"), false, 6, S("a\r\n\rb") },
	{ "CRLF . CR . CRLF", S("\r\n.\r.\r\n"), false, 7, S("\r\n\r.\r\n") },
	{ "CRLF . CR CR LF", S("\r\n.\r\r\n"), false, 6, S("\r\n\r\r\n") },
	{ "LF . LF", S("a\n.\n"), false, 4, S("a\n.\n") },
	{ "CR . CR", S("a\r.\rb"), false, 5, S("a\r.\rb") },
	{ "CRLF . space CRLF", S("\r\n. \r\n"), false, 6, S("\r\n \r\n") },
	{ "CRLF . NUL CRLF", S("\r\n.\0\r\n"), false, 6, S("\r\n\0\r\n") },
	{ "CRLF NUL . CRLF", S("\r\n\0.\r\n"), false, 6, S("\r\n\0.\r\n") },
	{ "CRLF VT . CRLF", S("\r\n\v.\r\n"), false, 6, S("\r\n\v.\r\n") },
	{ "dot at the start, no CR", S(".\n"), false, 2, S("\n") },
	/* RFC 5321 4.5.2 */
	{ "stuffed dot", S("..\r\n.\r\n"), true, 7, S(".\r\n") },
	{ "stuffed line", S("a\r\n..b\r\n.\r\n"), true, 11, S("a\r\n.b\r\n") },
	{ "unstuffed line", S(".b\r\n.\r\n"), true, 7, S("b\r\n") },
	{ "three dots", S("...\r\n.\r\n"), true, 8, S("..\r\n") },
	{ "dot inside", S("a.b\r\n.\r\n"), true, 8, S("a.b\r\n") },
	{ "dot after LF stays", S("a\n..b\r\n.\r\n"), true, 10,
	    S("a\n..b\r\n") },
	{ "8-bit", S("\xc3\xa4\r\n.\r\n"), true, 7, S("\xc3\xa4\r\n") },
};

static void
test_ends(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(ends); i++) {
		for (size_t step = 1; step <= ends[i].in.n; step++) {
			struct smtp_data data;
			struct buf out = BUF_INIT;
			size_t used;
			bool is_end;

			if (step == 1)
				print_message("# %s\n", ends[i].name);
			smtp_data_init(&data, BARE_LF_ALLOW);
			is_end =
			    feed(&data, ends[i].in, step, step, &out, &used);
			assert_int_equal(is_end, ends[i].is_end);
			assert_int_equal(used, ends[i].used);
			assert_int_equal(data.size_bytes, out.n);
			/* what has not ended may hold back bytes */
			assert_true(out.n <= ends[i].out.n);
			assert_true(out.n + 2 >= ends[i].out.n);
			if (is_end)
				assert_int_equal(out.n, ends[i].out.n);
			if (out.n > 0)
				assert_memory_equal(
				    out.p, ends[i].out.p, out.n);
			buf_done(&out);
		}
	}
}

/* BARE_LF_FIX */

static const struct {
	const char *name;
	struct slice in, out;
	uint64_t bare_cr, bare_lf, nul;
} fixes[] = {
	{ "clean", S("a\r\nb\r\n.\r\n"), S("a\r\nb\r\n"), 0, 0, 0 },
	{ "LF", S("a\nb\r\n.\r\n"), S("a\r\nb\r\n"), 0, 1, 0 },
	{ "LF first", S("\na\r\n.\r\n"), S("\r\na\r\n"), 0, 1, 0 },
	{ "LF LF", S("a\n\nb\r\n.\r\n"), S("a\r\n\r\nb\r\n"), 0, 2, 0 },
	{ "CR", S("a\rb\r\n.\r\n"), S("a b\r\n"), 1, 0, 0 },
	{ "CR CRLF", S("a\r\r\n.\r\n"), S("a \r\n"), 1, 0, 0 },
	{ "NUL", S("a\0b\r\n.\r\n"), S("a b\r\n"), 0, 0, 1 },
	{ "LF CR", S("a\n\rb\r\n.\r\n"), S("a\r\n b\r\n"), 1, 1, 0 },
	{ "LF . CRLF is text", S("a\n.\r\nb\r\n.\r\n"), S("a\r\n.\r\nb\r\n"), 0,
	    1, 0 },
	{ "CRLF . LF is text", S("a\r\n.\nb\r\n.\r\n"), S("a\r\n.\r\nb\r\n"), 0,
	    1, 0 },
	{ "LF . LF is text", S("a\n.\nb\r\n.\r\n"), S("a\r\n.\r\nb\r\n"), 0, 2,
	    0 },
	{ "LF . CRLF . CRLF", S("a\n.\r\n.\r\n"), S("a\r\n.\r\n"), 0, 1, 0 },
	{ "dot after LF", S("a\n..b\r\n.\r\n"), S("a\r\n.b\r\n"), 0, 1, 0 },
	{ "dot CR", S(".\rb\r\n.\r\n"), S(" b\r\n"), 1, 0, 0 },
	{ "all of them", S("\r\r\0\n.\0\n.\r\r\n.\r\n"), S("   \r\n \r\n \r\n"),
	    3, 2, 2 },
};

static void
test_fix(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(fixes); i++) {
		for (size_t step = 1; step <= fixes[i].in.n; step++) {
			struct smtp_data data;
			struct buf out = BUF_INIT;
			size_t used;

			if (step == 1)
				print_message("# %s\n", fixes[i].name);
			smtp_data_init(&data, BARE_LF_FIX);
			assert_true(
			    feed(&data, fixes[i].in, step, step, &out, &used));
			assert_int_equal(used, fixes[i].in.n);
			assert_int_equal(out.n, fixes[i].out.n);
			assert_memory_equal(out.p, fixes[i].out.p, out.n);
			assert_int_equal(data.bare_cr, fixes[i].bare_cr);
			assert_int_equal(data.bare_lf, fixes[i].bare_lf);
			assert_int_equal(data.nul, fixes[i].nul);
			assert_int_equal(smtp_data_is_bare(&data), i != 0);
			buf_done(&out);
		}
	}
}

/* Every text of up to six of the bytes that matter, against the oracle. */

#define EXHAUSTIVE_LEN 6

static void
compare(struct slice in, enum smtp_bare_lf policy, size_t first, size_t step)
{
	struct data_oracle want;
	struct smtp_data data;
	struct buf out = BUF_INIT;
	size_t used;

	assert_true(data_oracle(in, policy, &want));
	smtp_data_init(&data, policy);
	assert_true(feed(&data, in, first, step, &out, &used));
	if (used != want.used || out.n != want.out.n ||
	    (out.n > 0 && memcmp(out.p, want.out.p, out.n) != 0))
		fail_msg("policy %d, cut %zu", (int)policy, first);
	assert_int_equal(data.size_bytes, out.n);
	assert_int_equal(data.bare_cr, want.bare_cr);
	assert_int_equal(data.bare_lf, want.bare_lf);
	assert_int_equal(data.nul, want.nul);
	assert_int_equal(data.eight_bit, want.eight_bit);
	assert_int_equal(data.longest_line, want.longest_line);
	assert_int_equal(data.lines, want.lines);
	buf_done(&want.out);
	buf_done(&out);
}

static void
test_exhaustive(void **state)
{
	static const char alphabet[] = { '.', '\r', '\n', 'a', '\0', '\xe4' };
	static const char end[] = "\r\n.\r\nNOOP";
	char text[EXHAUSTIVE_LEN + sizeof(end)];
	size_t total = 1;

	(void)state;
	for (size_t len = 0; len <= EXHAUSTIVE_LEN; len++) {
		struct slice in = { text, len + sizeof(end) - 1 };

		memcpy(text + len, end, sizeof(end));
		for (size_t n = 0; n < total; n++) {
			size_t rest = n;

			for (size_t i = 0; i < len; i++, rest /= 6)
				text[i] = alphabet[rest % 6];
			compare(in, BARE_LF_ALLOW, in.n, 1);
			compare(in, BARE_LF_REJECT, 1, 1);
			compare(in, BARE_LF_FIX, in.n, 1);
			compare(in, BARE_LF_FIX, 1, 1);
			compare(in, BARE_LF_ALLOW, 1 + n % in.n, in.n);
		}
		total *= ARRAY_SIZE(alphabet);
	}
}

/* The same bytes around the border of two chunks of 64. */
static void
test_chunk_borders(void **state)
{
	static const char alphabet[] = { '.', '\r', '\n', 'a', '\0', '\xe4' };
	char text[210];
	struct slice in = { text, sizeof(text) };

	(void)state;
	for (size_t n = 0; n < 6 * 6 * 6 * 6 * 6; n++) {
		size_t at = 57 + n % 9, rest = n;

		memset(text, 'x', sizeof(text));
		memcpy(text + sizeof(text) - 5, "\r\n.\r\n", 5);
		for (size_t i = 0; i < 5; i++, rest /= 6)
			text[at + i] = alphabet[rest % 6];
		for (int policy = 0; policy <= BARE_LF_ALLOW; policy++)
			compare(in, (enum smtp_bare_lf)policy, in.n, 1);
		compare(in, BARE_LF_FIX, 1 + n % 70, 64 + n % 67);
		compare(in, BARE_LF_ALLOW, 1 + n % 70, 64 + n % 67);
	}
}

/* Long runs go through the vector loop and its remainder. */
static void
test_counts_in_long_text(void **state)
{
	char text[2000];

	(void)state;
	for (size_t n = 100; n < sizeof(text) - 10; n += 13) {
		for (size_t i = 0; i < n; i++)
			text[i] = (char)(i * i + n); /* any byte */
		for (size_t i = 76; i + 1 < n; i += 78)
			memcpy(text + i, "\r\n", 2);
		memcpy(text + n, "\r\n.\r\n", 5);
		for (int policy = 0; policy <= BARE_LF_ALLOW; policy++) {
			struct slice in = { text, n + 5 };

			compare(in, (enum smtp_bare_lf)policy, in.n, 1);
			compare(in, (enum smtp_bare_lf)policy, n / 3, 700);
		}
	}
}

static void
test_empty_block(void **state)
{
	struct smtp_data data;
	size_t used = 1;

	(void)state;
	smtp_data_init(&data, BARE_LF_REJECT);
	assert_false(smtp_data_feed(&data, SLICE_NONE, collect, NULL, &used));
	assert_int_equal(used, 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_ends),
		cmocka_unit_test(test_fix),
		cmocka_unit_test(test_exhaustive),
		cmocka_unit_test(test_chunk_borders),
		cmocka_unit_test(test_counts_in_long_text),
		cmocka_unit_test(test_empty_block),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
