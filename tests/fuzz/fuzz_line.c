/* SPDX-License-Identifier: MIT */
/* fuzz_line.c - lines are the same however the input is cut. */
#include "fuzz.h"

#include "base/buf.h"
#include "smtp/line.h"

/* Adds each line and what became of it to `out`. */
static void
scan(struct slice in, size_t max, enum smtp_bare_lf policy, uint32_t seed,
    struct buf *out)
{
	struct smtp_line line = { 0 };
	size_t start = 0, end = 0;

	while (end < in.n) {
		enum smtp_line_status status;

		end += seed == 0 ? in.n : fuzz_step(&seed);
		do {
			struct slice ret = SLICE_NONE;
			size_t used;

			status = smtp_line_next(&line,
			    slice_from(slice_head(in, end), start), max, policy,
			    &ret, &used);
			start += used;
			CHECK(start <= in.n && start <= end);
			CHECK(slice_find(ret, '\0') == ret.n);
			CHECK(slice_find(ret, '\r') == ret.n);
			CHECK(slice_find(ret, '\n') == ret.n);
			CHECK(ret.n < max);
			if (status != SMTP_LINE_MORE)
				buf_printf(out, "%d ", (int)status);
			buf_add_slice(out, ret);
			if (status == SMTP_LINE_BAD)
				return;
		} while (status != SMTP_LINE_MORE);
		CHECK((end < in.n ? end : in.n) - start < max);
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
	struct slice in = fuzz_input(bytes, n);
	enum smtp_bare_lf policy =
	    (enum smtp_bare_lf)(fuzz_byte(&in) % (BARE_LF_ALLOW + 1));
	size_t max = 2 + (size_t)fuzz_byte(&in);
	uint32_t seed = 1 + (uint32_t)fuzz_byte(&in);
	struct buf whole = BUF_INIT, cut = BUF_INIT;

	scan(in, max, policy, 0, &whole);
	scan(in, max, policy, seed, &cut);
	CHECK(slice_eq(buf_slice(&whole), buf_slice(&cut)));
	buf_done(&whole);
	buf_done(&cut);
	return 0;
}
