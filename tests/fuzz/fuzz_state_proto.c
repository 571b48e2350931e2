/* SPDX-License-Identifier: MIT */
/* fuzz_state_proto.c - frames of the state process: what is read is written
 * again byte for byte, however the stream is cut. */
#include "fuzz.h"

#include "base/buf.h"
#include "state/proto.h"

static void
request_again(struct slice frame, const struct state_request *request)
{
	struct buf again = BUF_INIT;

	CHECK(state_request_check(request) == 0);
	state_request_write(&again, request);
	CHECK(slice_eq(buf_slice(&again), frame));
	buf_done(&again);
}

static void
rows_again(struct slice in)
{
	struct state_row row;
	struct slice before = in;

	while (state_row_read(&in, &row) == 1) {
		struct buf again = BUF_INIT;

		if (row.key.n > STATE_KEY_MAX || row.value.n > STATE_VALUE_MAX)
			return;
		CHECK(state_row_write(&again, &row) == 1);
		CHECK(slice_eq(
		    buf_slice(&again), slice_head(before, before.n - in.n)));
		buf_done(&again);
		before = in;
	}
	CHECK(in.n == before.n);
}

static void
response_again(struct slice frame, const struct state_response *response)
{
	struct buf again = BUF_INIT;

	rows_again(response->value);

	state_response_write(&again, response);
	CHECK(slice_eq(buf_slice(&again), frame));
	buf_done(&again);
}

/* Takes one frame; 1, 0 or negative as the functions do. */
static int
one(bool is_request, struct slice *in)
{
	struct slice before = *in;
	struct state_request request;
	struct state_response response;
	int rc = is_request ? state_request_read(in, &request)
			    : state_response_read(in, &response);
	struct slice frame = slice_head(before, before.n - in->n);

	CHECK(rc <= 1);
	if (rc == 1 && is_request)
		request_again(frame, &request);
	else if (rc == 1)
		response_again(frame, &response);
	else
		CHECK(in->n == before.n);
	return rc;
}

/* Frames that were taken, and where reading stopped. */
static size_t
all(bool is_request, struct slice in, uint32_t seed, size_t *ret_frames)
{
	size_t start = 0, end = 0;
	int rc = 0;

	*ret_frames = 0;
	while (end < in.n && rc >= 0) {
		end += seed == 0 ? in.n : fuzz_step(&seed);
		do {
			struct slice rest =
			    slice_from(slice_head(in, end), start);
			size_t before = rest.n;

			rc = one(is_request, &rest);
			start += before - rest.n;
			*ret_frames += rc == 1;
		} while (rc == 1);
	}
	return start;
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
	struct slice in = fuzz_input(bytes, n);
	bool is_request = fuzz_byte(&in) % 2 == 0;
	uint32_t seed = 1 + (uint32_t)fuzz_byte(&in);
	size_t whole, cut;

	CHECK(
	    all(is_request, in, 0, &whole) == all(is_request, in, seed, &cut));
	CHECK(whole == cut);
	return 0;
}
