/* SPDX-License-Identifier: MIT */
/* test_proto.c - frames of the state process. */
#include "unit.h"

#include <errno.h>

#include "base/mem.h"
#include "state/proto.h"

static const struct state_request plain = {
	.id = 7,
	.op = STATE_SWAP,
	.table = SLICE_LIT("greylisting:seen"),
	.key = SLICE_LIT("192.0.2.1 a@b"),
	.value = SLICE_LIT("new"),
	.old = SLICE_LIT("old value"),
	.ttl_s = UINT64_C(0x0102030405060708),
	.delta = -2,
};

static struct buf
plain_frame(void)
{
	struct buf buf = BUF_INIT;

	state_request_write(&buf, &plain);
	return buf;
}

static void
request_is_plain(const struct state_request *got)
{
	assert_int_equal(got->id, plain.id);
	assert_int_equal(got->op, plain.op);
	assert_true(slice_eq(got->table, plain.table));
	assert_true(slice_eq(got->key, plain.key));
	assert_true(slice_eq(got->value, plain.value));
	assert_true(slice_eq(got->old, plain.old));
	assert_int_equal(got->ttl_s, plain.ttl_s);
	assert_int_equal(got->delta, plain.delta);
}

static void
test_request_comes_back(void **state)
{
	struct state_request got;
	struct buf buf = plain_frame();
	struct slice in;

	(void)state;
	state_request_write(&buf, &plain);
	in = buf_slice(&buf);
	assert_int_equal(state_request_read(&in, &got), 1);
	request_is_plain(&got);
	assert_int_equal(in.n, buf.n / 2);
	assert_int_equal(state_request_read(&in, &got), 1);
	request_is_plain(&got);
	assert_int_equal(in.n, 0);
	assert_int_equal(state_request_read(&in, &got), 0);
	buf_done(&buf);
}

/* Each beginning of a frame is no frame yet, and takes nothing. */
static void
test_request_in_pieces(void **state)
{
	struct buf buf = plain_frame();

	(void)state;
	for (size_t n = 0; n < buf.n; n++) {
		struct slice in = { buf.p, n };
		struct state_request got;

		assert_int_equal(state_request_read(&in, &got), 0);
		assert_int_equal(in.n, n);
	}
	buf_done(&buf);
}

/* A frame with `value` (big-endian, `bytes` long) written over `at`. */
static const struct {
	const char *name;
	size_t at;
	unsigned bytes;
	uint64_t value;
} broken[] = {
	{ "too short", 0, 4, 35 },
	{ "too long", 0, 4, 0x7fffffff },
	{ "another version", 4, 1, 2 },
	{ "no such operation", 5, 1, 7 },
	{ "operation 0", 5, 1, 0 },
	{ "table longer than the frame", 6, 2, 0xffff },
	{ "table of 0", 6, 2, 0 },
	{ "id 0", 8, 4, 0 },
	{ "key longer than the frame", 12, 4, 0xffffffff },
	{ "value longer than the frame", 16, 4, 0xffffffff },
	{ "value shorter than the frame", 16, 4, 2 },
	{ "old longer than the frame", 20, 4, 10 },
};

static void
test_broken_requests(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(broken); i++) {
		struct buf buf = plain_frame();
		struct state_request got = { .id = 99 };
		struct slice in;

		for (unsigned b = 0; b < broken[i].bytes; b++)
			buf.p[broken[i].at + b] =
			    (char)(broken[i].value >>
				   8 * (broken[i].bytes - 1 - b));
		in = buf_slice(&buf);
		UNIT_CASE(broken[i].name,
		    state_request_read(&in, &got) == -EPROTO && got.id == 99);
		buf_done(&buf);
	}
}

static void
test_limits(void **state)
{
	static const struct {
		const char *name;
		enum state_op op;
		size_t table, key, value, old;
		int want;
	} cases[] = {
		{ "all at the limit", STATE_SWAP, STATE_TABLE_MAX,
		    STATE_KEY_MAX, STATE_VALUE_MAX, STATE_VALUE_MAX, 0 },
		{ "no table", STATE_GET, 0, 1, 0, 0, -EINVAL },
		{ "no key", STATE_GET, 1, 0, 0, 0, -EINVAL },
		{ "no key is needed", STATE_LIST, 1, 0, 0, 0, 0 },
		{ "no operation", (enum state_op)0, 1, 1, 0, 0, -EINVAL },
		{ "table", STATE_GET, STATE_TABLE_MAX + 1, 1, 0, 0, -E2BIG },
		{ "key", STATE_GET, 1, STATE_KEY_MAX + 1, 0, 0, -E2BIG },
		{ "value", STATE_PUT, 1, 1, STATE_VALUE_MAX + 1, 0, -E2BIG },
		{ "old", STATE_SWAP, 1, 1, 0, STATE_VALUE_MAX + 1, -E2BIG },
	};
	char *bytes = mem_alloc(STATE_VALUE_MAX + 1);

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct state_request request = {
			.id = 1,
			.op = cases[i].op,
			.table = { bytes, cases[i].table },
			.key = { bytes, cases[i].key },
			.value = { bytes, cases[i].value },
			.old = { bytes, cases[i].old },
		};

		UNIT_CASE(cases[i].name,
		    state_request_check(&request) == cases[i].want);
	}
	mem_free(bytes);
}

/* The largest request is one that the other side takes. */
static void
test_largest_request(void **state)
{
	char *bytes = mem_alloc(STATE_VALUE_MAX);
	struct state_request got, request = {
		.id = UINT32_MAX,
		.op = STATE_SWAP,
		.table = { bytes, STATE_TABLE_MAX },
		.key = { bytes, STATE_KEY_MAX },
		.value = { bytes, STATE_VALUE_MAX },
		.old = { bytes, STATE_VALUE_MAX },
	};
	struct buf buf = BUF_INIT;
	struct slice in;

	(void)state;
	state_request_write(&buf, &request);
	in = buf_slice(&buf);
	assert_int_equal(state_request_read(&in, &got), 1);
	assert_int_equal(got.id, UINT32_MAX);
	assert_int_equal(got.old.n, STATE_VALUE_MAX);
	buf_done(&buf);
	mem_free(bytes);
}

static void
test_response_comes_back(void **state)
{
	static const struct state_response cases[] = {
		{ 0, STATE_VERSION, 0, SLICE_LIT("") },
		{ UINT32_MAX, -EAGAIN, 0, SLICE_LIT("") },
		{ 5, 1, INT64_MIN, SLICE_LIT("value") },
		{ 6, 0, INT64_MAX, SLICE_LIT("") },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct buf buf = BUF_INIT;
		struct state_response got;
		struct slice in;

		state_response_write(&buf, &cases[i]);
		for (size_t n = 0; n < buf.n; n++) {
			in = (struct slice){ buf.p, n };
			assert_int_equal(state_response_read(&in, &got), 0);
		}
		in = buf_slice(&buf);
		assert_int_equal(state_response_read(&in, &got), 1);
		assert_int_equal(in.n, 0);
		assert_int_equal(got.id, cases[i].id);
		assert_int_equal(got.status, cases[i].status);
		assert_int_equal(got.number, cases[i].number);
		assert_true(slice_eq(got.value, cases[i].value));
		buf_done(&buf);
	}
}

static void
test_broken_responses(void **state)
{
	static const struct slice shorter = SLICE_LIT("\0\0\0\17"),
				  longer = SLICE_LIT("\0\4\20\41");
	struct slice in = shorter;
	struct state_response got;

	(void)state;
	assert_int_equal(state_response_read(&in, &got), -EPROTO);
	in = longer;
	assert_int_equal(state_response_read(&in, &got), -EPROTO);
}

/* ---- rows ---- */

static void
test_rows_come_back(void **state)
{
	static const struct state_row rows[] = {
		{ SLICE_LIT("a"), SLICE_LIT("1"), INT64_MAX },
		{ SLICE_LIT("a key"), SLICE_LIT(""), 0 },
		{ SLICE_LIT("b"), SLICE_LIT("some value"), 1 },
	};
	struct buf buf = BUF_INIT;
	struct state_row got;
	struct slice in;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		assert_int_equal(state_row_write(&buf, &rows[i]), 1);
	in = buf_slice(&buf);
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		assert_int_equal(state_row_read(&in, &got), 1);
		assert_true(slice_eq(got.key, rows[i].key));
		assert_true(slice_eq(got.value, rows[i].value));
		assert_int_equal(got.expires_ms, rows[i].expires_ms);
	}
	assert_int_equal(state_row_read(&in, &got), 0);
	/* The last one, cut anywhere. */
	for (size_t n = 1; n < 16 + rows[2].key.n + rows[2].value.n; n++) {
		in = slice_from(buf_slice(&buf), 16 + 2 + 16 + 5);
		in = slice_head(in, n);
		assert_int_equal(state_row_read(&in, &got), -EPROTO);
	}
	buf_done(&buf);
}

/* One always fits, and is one that the other side takes; none behind it. */
static void
test_largest_row(void **state)
{
	char *bytes = mem_alloc(STATE_VALUE_MAX);
	struct state_row row = {
		.key = { bytes, STATE_KEY_MAX },
		.value = { bytes, STATE_VALUE_MAX },
	};
	struct state_response got, response = { .id = 1, .status = 1 };
	struct buf rows = BUF_INIT, frame = BUF_INIT;
	struct slice in;

	(void)state;
	assert_int_equal(state_row_write(&rows, &row), 1);
	row.key.n = 1;
	row.value.n = 0;
	assert_int_equal(state_row_write(&rows, &row), 0);
	response.value = buf_slice(&rows);
	state_response_write(&frame, &response);
	in = buf_slice(&frame);
	assert_int_equal(state_response_read(&in, &got), 1);
	assert_int_equal(state_row_read(&got.value, &row), 1);
	assert_int_equal(row.value.n, STATE_VALUE_MAX);
	buf_done(&rows);
	buf_done(&frame);
	mem_free(bytes);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_request_comes_back),
		cmocka_unit_test(test_request_in_pieces),
		cmocka_unit_test(test_broken_requests),
		cmocka_unit_test(test_limits),
		cmocka_unit_test(test_largest_request),
		cmocka_unit_test(test_response_comes_back),
		cmocka_unit_test(test_broken_responses),
		cmocka_unit_test(test_rows_come_back),
		cmocka_unit_test(test_largest_row),
	};

	return cmocka_run_group_tests_name("state/proto", tests, NULL, NULL);
}
