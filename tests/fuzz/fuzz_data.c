/* SPDX-License-Identifier: MIT */
/* fuzz_data.c - the data scanner does what the slow oracle does, however the
 * input is cut; its output stuffed and scanned again stays the same. */
#include "fuzz_smtp_data.h"

#include "../unit/smtp/data_oracle.h"

struct result {
	struct smtp_data data;
	struct buf out;
	size_t used;
	bool is_end;
};

/* Feeds in blocks as `seed` says; 0: the whole at once. */
static struct result
scan(struct slice in, enum smtp_bare_lf policy, uint32_t seed)
{
	struct result r = { .out = BUF_INIT };

	smtp_data_init(&r.data, policy);
	while (!r.is_end && r.used < in.n) {
		struct slice block = slice_from(in, r.used);
		size_t used;

		if (seed != 0)
			block = slice_head(block, fuzz_step(&seed));
		r.is_end =
		    smtp_data_feed(&r.data, block, fuzz_collect, &r.out, &used);
		CHECK(used <= block.n);
		CHECK(r.is_end || used == block.n);
		r.used += used;
	}
	CHECK(r.data.size_bytes == r.out.n);
	return r;
}

static void
check_same(const struct result *a, const struct result *b)
{
	CHECK(a->is_end == b->is_end && a->used == b->used);
	CHECK(slice_eq(buf_slice(&a->out), buf_slice(&b->out)));
	fuzz_same_data(&a->data, &b->data);
}

static void
check_oracle(const struct result *r, struct slice in, enum smtp_bare_lf policy)
{
	struct data_oracle want;

	if (!data_oracle(in, policy, &want)) {
		CHECK(!r->is_end);
		return;
	}
	CHECK(r->is_end && r->used == want.used);
	CHECK(slice_eq(buf_slice(&r->out), buf_slice(&want.out)));
	CHECK(r->data.bare_cr == want.bare_cr);
	CHECK(r->data.bare_lf == want.bare_lf);
	CHECK(r->data.nul == want.nul);
	CHECK(r->data.eight_bit == want.eight_bit);
	CHECK(r->data.lines == want.lines);
	CHECK(r->data.longest_line == want.longest_line);
	buf_done(&want.out);
}

/* No bare CR, bare LF or NUL is left. */
static void
check_fixed(struct slice out)
{
	for (size_t i = 0; i < out.n; i++) {
		CHECK(out.p[i] != '\0');
		CHECK(out.p[i] != '\n' || (i > 0 && out.p[i - 1] == '\r'));
		CHECK(out.p[i] != '\r' ||
		      (i + 1 < out.n && out.p[i + 1] == '\n'));
	}
}

/* Sending the message on and receiving it again changes nothing. */
static void
check_again(struct slice out)
{
	struct buf wire = BUF_INIT;
	struct result r;

	for (size_t i = 0; i < out.n; i++) {
		bool is_bol = i == 0 || (i > 1 && out.p[i - 1] == '\n' &&
					    out.p[i - 2] == '\r');

		if (is_bol && out.p[i] == '.')
			buf_add_char(&wire, '.');
		buf_add_char(&wire, out.p[i]);
	}
	buf_add_text(&wire, ".\r\n");
	r = scan(buf_slice(&wire), BARE_LF_ALLOW, 0);
	CHECK(r.is_end && r.used == wire.n);
	CHECK(slice_eq(buf_slice(&r.out), out));
	buf_done(&r.out);
	buf_done(&wire);
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
	struct slice in = fuzz_input(bytes, n);
	enum smtp_bare_lf policy =
	    (enum smtp_bare_lf)(fuzz_byte(&in) % (BARE_LF_ALLOW + 1));
	uint32_t seed = 1 + (uint32_t)fuzz_byte(&in);
	struct result whole = scan(in, policy, 0);
	struct result cut = scan(in, policy, seed);

	check_same(&whole, &cut);
	check_oracle(&whole, in, policy);
	if (policy == BARE_LF_FIX)
		check_fixed(buf_slice(&whole.out));
	if (whole.is_end)
		check_again(buf_slice(&whole.out));
	buf_done(&whole.out);
	buf_done(&cut.out);
	return 0;
}
