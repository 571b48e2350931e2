/* SPDX-License-Identifier: MIT */
/* test_buf.c - buffers grow, stay terminated and give bytes back. */
#include "unit.h"

#include "base/buf.h"

static void
test_empty(void **state)
{
	struct buf buf = BUF_INIT;

	(void)state;
	assert_null(buf_slice(&buf).p);
	assert_int_equal(buf_slice(&buf).n, 0);
	buf_clear(&buf);
	buf_shift(&buf, 0);
	buf_done(&buf);
	buf_done(&buf);
}

static void
test_add_every_way(void **state)
{
	struct buf buf = BUF_INIT;

	(void)state;
	buf_add(&buf, "ab", 2);
	buf_add_slice(&buf, SLICE_LIT("cd"));
	buf_add_slice(&buf, SLICE_NONE);
	buf_add_text(&buf, "ef");
	buf_add_text(&buf, "");
	buf_add_char(&buf, 'g');
	buf_add_u64(&buf, 0);
	buf_add_u64(&buf, UINT64_MAX);
	buf_printf(&buf, "%s%03d", "h", 7);
	assert_string_equal(buf.p, "abcdefg018446744073709551615h007");
	assert_int_equal(buf.n, strlen(buf.p));
	buf_done(&buf);
	assert_null(buf.p);
}

static void
test_holds_any_bytes(void **state)
{
	static const char bytes[] = { 'a', '\0', '\xff', '\n' };
	struct buf buf = BUF_INIT;

	(void)state;
	buf_add(&buf, bytes, sizeof(bytes));
	assert_int_equal(buf.n, 4);
	assert_memory_equal(buf.p, bytes, 4);
	assert_int_equal(buf.p[4], 0);
	buf_done(&buf);
}

static void
test_terminated_at_every_length(void **state)
{
	struct buf buf = BUF_INIT;

	(void)state;
	for (size_t n = 1; n <= 5000; n++) {
		buf_add_char(&buf, 'x');
		assert_int_equal(buf.n, n);
		assert_true(buf.cap >= n);
		assert_int_equal(buf.p[n], 0);
	}
	assert_int_equal(strlen(buf.p), 5000);
	buf_done(&buf);
}

static void
test_printf_fits_or_grows(void **state)
{
	static const int lengths[] = { 0, 1, 62, 63, 64, 126, 127, 128, 9000 };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(lengths); i++) {
		struct buf buf = BUF_INIT;

		buf_add_char(&buf, '>');
		buf_printf(&buf, "%*s|", lengths[i], "");
		assert_int_equal(buf.n, lengths[i] + 2);
		assert_int_equal(strlen(buf.p), buf.n);
		assert_int_equal(buf.p[0], '>');
		assert_int_equal(buf.p[buf.n - 1], '|');
		buf_done(&buf);
	}
}

static void
test_reserve_keeps_memory_in_place(void **state)
{
	struct buf buf = BUF_INIT;
	const char *p;

	(void)state;
	buf_reserve(&buf, 1000);
	p = buf.p;
	assert_string_equal(p, "");
	for (int i = 0; i < 1000; i++)
		buf_add_char(&buf, 'x');
	assert_ptr_equal(buf.p, p);
	buf_clear(&buf);
	assert_ptr_equal(buf.p, p);
	assert_string_equal(buf.p, "");
	buf_done(&buf);
}

static void
test_shift(void **state)
{
	struct buf buf = BUF_INIT;

	(void)state;
	buf_add_text(&buf, "hello world");
	buf_shift(&buf, 6);
	assert_string_equal(buf.p, "world");
	assert_int_equal(buf.n, 5);
	buf_shift(&buf, 5);
	assert_string_equal(buf.p, "");
	assert_int_equal(buf.n, 0);
	buf_done(&buf);
}

/* What the buf has given up is no longer there. */
static void
test_secret(void **state)
{
	struct buf buf = BUF_INIT;
	size_t cap;

	(void)state;
	buf_add_secret(&buf, "AUTH secret", 11);
	cap = buf.cap;
	buf_shift_secret(&buf, 5);
	unit_slice_is("shifted", buf_slice(&buf), "secret");
	assert_memory_equal(buf.p + buf.n, "\0\0\0\0\0", 5);
	while (buf.cap == cap)
		buf_add_secret(&buf, "x", 1);
	assert_memory_equal(buf.p, "secretx", 7);
	assert_int_equal(buf.n, cap + 1);
	assert_int_equal(buf.p[buf.n], '\0');
	buf_done_secret(&buf);
	assert_null(buf.p);
	buf_done_secret(&buf);
}

static void
shift_too_far(void)
{
	struct buf buf = BUF_INIT;

	buf_add_text(&buf, "abc");
	buf_shift(&buf, 4);
}

static void
reserve_too_much(void)
{
	struct buf buf = BUF_INIT;

	buf_add_text(&buf, "abc");
	buf_reserve(&buf, SIZE_MAX - 1);
}

static void
test_misuse_aborts(void **state)
{
	(void)state;
	assert_true(unit_aborts(shift_too_far, "buf_shift"));
	assert_true(unit_aborts(reserve_too_much, "buf_reserve"));
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_empty),
		cmocka_unit_test(test_add_every_way),
		cmocka_unit_test(test_holds_any_bytes),
		cmocka_unit_test(test_terminated_at_every_length),
		cmocka_unit_test(test_printf_fits_or_grows),
		cmocka_unit_test(test_reserve_keeps_memory_in_place),
		cmocka_unit_test(test_shift),
		cmocka_unit_test(test_secret),
		cmocka_unit_test(test_misuse_aborts),
	};

	return cmocka_run_group_tests_name("base/buf", tests, NULL, NULL);
}
