/* SPDX-License-Identifier: MIT */
/* proto.c - frames of the state process. */
#include "proto.h"

#include <errno.h>

#define LENGTH_SIZE 4u
#define REQUEST_HEAD 36u  /* behind the length */
#define RESPONSE_HEAD 16u /* behind the length */
#define REQUEST_MAX \
	(REQUEST_HEAD + STATE_TABLE_MAX + STATE_KEY_MAX + 2 * STATE_VALUE_MAX)
#define ROW_HEAD 16u
/* Any row fits. */
#define ROWS_MAX (ROW_HEAD + STATE_KEY_MAX + STATE_VALUE_MAX)
#define RESPONSE_MAX (RESPONSE_HEAD + ROWS_MAX)

/* ---- numbers ---- */

static void
put(struct buf *out, uint64_t number, unsigned bytes)
{
	while (bytes-- > 0)
		buf_add_char(out, (char)(unsigned char)(number >> 8 * bytes));
}

/* Takes a number off `in`, which must be long enough. */
static uint64_t
take(struct slice *in, unsigned bytes)
{
	uint64_t number = 0;

	CHECK(in->n >= bytes);
	for (unsigned i = 0; i < bytes; i++)
		number = number << 8 | (unsigned char)in->p[i];
	*in = slice_from(*in, bytes);
	return number;
}

static struct slice
take_text(struct slice *in, size_t n)
{
	struct slice text = slice_head(*in, n);

	*in = slice_from(*in, n);
	return text;
}

/* The bytes of the first frame, without its length; advances `in` behind it.
 * Returns as the functions of proto.h. */
static int
take_frame(struct slice *in, size_t min, size_t max, struct slice *ret)
{
	struct slice rest = *in;
	size_t n;

	if (rest.n < LENGTH_SIZE)
		return 0;
	n = take(&rest, LENGTH_SIZE);
	if (n < min || n > max)
		return -EPROTO;
	if (rest.n < n)
		return 0;
	*ret = take_text(&rest, n);
	*in = rest;
	return 1;
}

/* ---- requests ---- */

int
state_request_check(const struct state_request *request)
{
	if (request->op < STATE_GET || request->op > STATE_LIST ||
	    request->table.n == 0 ||
	    (request->key.n == 0 && request->op != STATE_LIST))
		return -EINVAL;
	if (request->table.n > STATE_TABLE_MAX ||
	    request->key.n > STATE_KEY_MAX ||
	    request->value.n > STATE_VALUE_MAX ||
	    request->old.n > STATE_VALUE_MAX)
		return -E2BIG;
	return 0;
}

void
state_request_write(struct buf *out, const struct state_request *request)
{
	size_t n = REQUEST_HEAD + request->table.n + request->key.n +
		   request->value.n + request->old.n;

	CHECK(n <= REQUEST_MAX);
	buf_reserve(out, LENGTH_SIZE + n);
	put(out, n, LENGTH_SIZE);
	put(out, STATE_VERSION, 1);
	put(out, request->op, 1);
	put(out, request->table.n, 2);
	put(out, request->id, 4);
	put(out, request->key.n, 4);
	put(out, request->value.n, 4);
	put(out, request->old.n, 4);
	put(out, request->ttl_s, 8);
	put(out, (uint64_t)request->delta, 8);
	buf_add_slice(out, request->table);
	buf_add_slice(out, request->key);
	buf_add_slice(out, request->value);
	buf_add_slice(out, request->old);
}

int
state_request_read(struct slice *in, struct state_request *ret)
{
	size_t table_n, key_n, value_n, old_n;
	struct state_request request;
	struct slice frame, rest = *in;
	int rc = take_frame(&rest, REQUEST_HEAD, REQUEST_MAX, &frame);

	if (rc <= 0)
		return rc;
	if (take(&frame, 1) != STATE_VERSION)
		return -EPROTO;
	request.op = (enum state_op)take(&frame, 1);
	table_n = take(&frame, 2);
	request.id = (uint32_t)take(&frame, 4);
	key_n = take(&frame, 4);
	value_n = take(&frame, 4);
	old_n = take(&frame, 4);
	request.ttl_s = take(&frame, 8);
	request.delta = (int64_t)take(&frame, 8);
	/* Four numbers of at most 32 bits: their sum fits. */
	if (request.id == 0 || table_n + key_n + value_n + old_n != frame.n)
		return -EPROTO;
	request.table = take_text(&frame, table_n);
	request.key = take_text(&frame, key_n);
	request.value = take_text(&frame, value_n);
	request.old = take_text(&frame, old_n);
	if (state_request_check(&request) < 0)
		return -EPROTO;
	*ret = request;
	*in = rest;
	return 1;
}

/* ---- responses ---- */

void
state_response_write(struct buf *out, const struct state_response *response)
{
	size_t n = RESPONSE_HEAD + response->value.n;

	CHECK(n <= RESPONSE_MAX);
	buf_reserve(out, LENGTH_SIZE + n);
	put(out, n, LENGTH_SIZE);
	put(out, response->id, 4);
	put(out, (uint32_t)response->status, 4);
	put(out, (uint64_t)response->number, 8);
	buf_add_slice(out, response->value);
}

int
state_response_read(struct slice *in, struct state_response *ret)
{
	struct slice frame;
	int rc = take_frame(in, RESPONSE_HEAD, RESPONSE_MAX, &frame);

	if (rc <= 0)
		return rc;
	ret->id = (uint32_t)take(&frame, 4);
	ret->status = (int32_t)(uint32_t)take(&frame, 4);
	ret->number = (int64_t)take(&frame, 8);
	ret->value = frame;
	return 1;
}

/* ---- rows ---- */

int
state_row_write(struct buf *rows, const struct state_row *row)
{
	size_t n = ROW_HEAD + row->key.n + row->value.n;

	CHECK(n <= ROWS_MAX);
	if (n > ROWS_MAX - rows->n)
		return 0;
	buf_reserve(rows, n);
	put(rows, row->key.n, 4);
	put(rows, row->value.n, 4);
	put(rows, (uint64_t)row->expires_ms, 8);
	buf_add_slice(rows, row->key);
	buf_add_slice(rows, row->value);
	return 1;
}

int
state_row_read(struct slice *in, struct state_row *ret)
{
	struct slice rest = *in;
	size_t key_n, value_n;

	if (rest.n == 0)
		return 0;
	if (rest.n < ROW_HEAD)
		return -EPROTO;
	key_n = take(&rest, 4);
	value_n = take(&rest, 4);
	ret->expires_ms = (int64_t)take(&rest, 8);
	if (key_n > rest.n || value_n > rest.n - key_n)
		return -EPROTO;
	ret->key = take_text(&rest, key_n);
	ret->value = take_text(&rest, value_n);
	*in = rest;
	return 1;
}
