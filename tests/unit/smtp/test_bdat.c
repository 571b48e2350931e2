/* SPDX-License-Identifier: MIT */
/* test_bdat.c - the arguments of BDAT, and its chunks in the data scanner. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <string.h>

#include "chunks_oracle.h"
#include "smtp/bdat.h"
#include "smtp/data.h"

#define S(text)                          \
	{                                \
		(text), sizeof(text) - 1 \
	}

/* The arguments */

static const struct {
	struct slice rest;
	int status;
	uint64_t size;
	bool is_last;
} lines[] = {
	{ S("0"), 0, 0, false },
	{ S("0 LAST"), 0, 0, true },
	{ S("86 last"), 0, 86, true },
	{ S("86  LaSt"), 0, 86, true },
	{ S("007"), 0, 7, false },
	{ S("9223372036854775807 LAST"), 0, INT64_MAX, true },
	{ S("9223372036854775808"), -EINVAL, 0, false },
	{ S("18446744073709551616 LAST"), -EINVAL, 0, false },
	{ S("99999999999999999999999999999999999999"), -EINVAL, 0, false },
	{ S(""), -EINVAL, 0, false },
	{ S("LAST"), -EINVAL, 0, false },
	{ S("-1"), -EINVAL, 0, false },
	{ S("+1"), -EINVAL, 0, false },
	{ S("1LAST"), -EINVAL, 0, false },
	{ S("0x10"), -EINVAL, 0, false },
	{ S("1k"), -EINVAL, 0, false },
	{ S("10 FIRST"), -EPROTO, 10, false },
	{ S("10 LAST LAST"), -EPROTO, 10, false },
	{ S("10 11"), -EPROTO, 10, false },
};

static void
test_lines(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(lines); i++) {
		struct smtp_bdat bdat = { 0, false };

		print_message("# %s\n", lines[i].rest.p);
		assert_int_equal(
		    smtp_bdat_parse(lines[i].rest, &bdat), lines[i].status);
		assert_true(bdat.size == lines[i].size);
		assert_int_equal(bdat.is_last, lines[i].is_last);
	}
}

/* The chunks */

static void
collect(void *arg, struct slice run)
{
	assert_true(run.n > 0);
	buf_add_slice(arg, run);
}

/* One chunk of `n` bytes in blocks of `step`; commands follow it. */
static void
feed_chunk(
    struct smtp_data *data, struct slice in, size_t n, size_t step, void *out)
{
	size_t at = 0, used;
	bool is_end;

	smtp_data_chunk(data, n);
	do {
		is_end = smtp_data_feed(data,
		    slice_head(slice_from(in, at), step), collect, out, &used);
		at += used;
	} while (!is_end);
	assert_int_equal(at, n);
}

/* `in` in chunks of `size` bytes, the first of `first`. */
static void
compare(struct slice in, enum smtp_bare_lf policy, bool is_binary, size_t first,
    size_t size)
{
	struct chunks_oracle want;
	struct smtp_data data;
	struct buf out = BUF_INIT;
	size_t at = 0, n = first;

	chunks_oracle(in, policy, is_binary, &want);
	smtp_data_init_counted(&data, policy, is_binary);
	while (at < in.n) {
		struct slice left = slice_from(in, at);

		n = n < left.n ? n : left.n;
		feed_chunk(&data, left, n, 1 + (first + size) % 90, &out);
		at += n;
		n = size;
	}
	feed_chunk(&data, SLICE_NONE, 0, 1, &out);
	smtp_data_finish(&data, collect, &out);
	if (out.n != want.out.n ||
	    (out.n > 0 && memcmp(out.p, want.out.p, out.n) != 0))
		fail_msg("policy %d, cut %zu", (int)policy, first);
	assert_true(data.size_bytes == out.n);
	assert_true(data.bare_cr == want.bare_cr);
	assert_true(data.bare_lf == want.bare_lf);
	assert_true(data.nul == want.nul);
	assert_true(data.eight_bit == want.eight_bit);
	assert_true(data.longest_line == want.longest_line);
	assert_true(data.lines == want.lines);
	buf_done(&want.out);
	buf_done(&out);
}

static const char alphabet[] = { '.', '\r', '\n', 'a', '\0', '\xe4' };

/* Every text of up to six of the bytes that matter. */
static void
test_exhaustive(void **state)
{
	char text[6];
	size_t total = 1;

	(void)state;
	for (size_t len = 0; len <= 6; len++) {
		for (size_t n = 0; n < total; n++) {
			struct slice in = { text, len };
			size_t rest = n;

			for (size_t i = 0; i < len; i++, rest /= 6)
				text[i] = alphabet[rest % 6];
			compare(in, BARE_LF_ALLOW, false, 1, 1);
			compare(in, BARE_LF_REJECT, true, 1 + n % 7, 3);
			compare(in, BARE_LF_FIX, false, 1, 1);
			compare(in, BARE_LF_FIX, true, 1 + n % 7, 2);
		}
		total *= ARRAY_SIZE(alphabet);
	}
}

/* The same bytes around the border of two vectors of 64. */
static void
test_borders(void **state)
{
	char text[210];
	struct slice in = { text, sizeof(text) };

	(void)state;
	for (size_t n = 0; n < 6 * 6 * 6 * 6 * 6; n++) {
		size_t at = 57 + n % 9, rest = n;

		memset(text, 'x', sizeof(text));
		memcpy(text + 20, "\r\n.\r\n", 5);
		for (size_t i = 0; i < 5; i++, rest /= 6)
			text[at + i] = alphabet[rest % 6];
		for (int policy = 0; policy <= BARE_LF_ALLOW; policy++) {
			compare(in, (enum smtp_bare_lf)policy, false, in.n, 1);
			compare(in, (enum smtp_bare_lf)policy, n % 2 != 0,
			    1 + n % 70, 64 + n % 67);
		}
	}
}

/* No byte behind the chunk is taken, whatever it is. */
static void
test_exact(void **state)
{
	struct smtp_data data;
	struct buf out = BUF_INIT;
	struct slice in = SLICE_LIT("a\r\n.\r\nQUIT\r\n");
	size_t used = 1;

	(void)state;
	smtp_data_init_counted(&data, BARE_LF_REJECT, false);
	smtp_data_chunk(&data, 0);
	assert_true(smtp_data_feed(&data, in, collect, &out, &used));
	assert_int_equal(used, 0);
	smtp_data_chunk(&data, 7);
	assert_false(smtp_data_feed(&data, SLICE_NONE, collect, &out, &used));
	assert_true(smtp_data_feed(&data, in, collect, &out, &used));
	assert_int_equal(used, 7);
	assert_int_equal(out.n, 7);
	assert_memory_equal(out.p, in.p, 7);
	assert_false(smtp_data_is_bare(&data));
	smtp_data_finish(&data, collect, &out);
	assert_int_equal(out.n, 7);
	buf_done(&out);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_lines),
		cmocka_unit_test(test_exhaustive),
		cmocka_unit_test(test_borders),
		cmocka_unit_test(test_exact),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
