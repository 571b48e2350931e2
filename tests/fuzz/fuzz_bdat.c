/* SPDX-License-Identifier: MIT */
/* fuzz_bdat.c - BDAT commands and their chunks: the scanner takes the octets
 * that were announced and no others, however the input is cut, and makes of
 * them what the slow oracle does.
 *
 * The input is a policy, a seed, and what a client sends after RCPT.
 */
#include <errno.h>

#include "fuzz_smtp_data.h"

#include "../unit/smtp/chunks_oracle.h"
#include "smtp/bdat.h"

struct result {
	struct smtp_data data;
	struct buf out;  /* what the scanner handed out */
	struct buf sent; /* the octets of all chunks */
	size_t used;     /* of the input */
	bool is_last;    /* it came to its end */
};

/* The chunk at the start of `in`.  Returns the bytes of `in` that it took. */
static size_t
take_chunk(struct result *r, struct slice in, uint64_t size, uint32_t *seed)
{
	size_t at = 0, used = 0;
	bool is_end = false;

	smtp_data_chunk(&r->data, size);
	while (!is_end) {
		struct slice block = slice_from(in, at);

		if (*seed != 0)
			block = slice_head(block, fuzz_step(seed));
		is_end = smtp_data_feed(
		    &r->data, block, fuzz_collect, &r->out, &used);
		CHECK(is_end || used == block.n);
		at += used;
		if (!is_end && at == in.n)
			break; /* the client hangs up in the chunk */
	}
	CHECK(is_end ? at == size : at < size && at == in.n);
	CHECK(r->data.left == size - at);
	buf_add_slice(&r->sent, slice_head(in, at));
	return at;
}

/* Command by command; false: no further one can be found. */
static bool
take_command(struct result *r, struct slice in, uint32_t *seed)
{
	struct slice left = slice_from(in, r->used), line;
	struct smtp_bdat bdat = { 0, false };
	int status;

	if (!slice_cut(&left, '\n', &line) || left.p == NULL)
		return false;
	r->used = (size_t)(left.p - in.p);
	line = slice_trim(line);
	if (!slice_casestarts(line, "BDAT "))
		return true; /* NOOP */
	status = smtp_bdat_parse(slice_from(line, 5), &bdat);
	if (status == -EINVAL)
		return false;
	CHECK(status == 0 || (status == -EPROTO && !bdat.is_last));
	CHECK(bdat.size <= INT64_MAX);
	r->used += take_chunk(r, left, bdat.size, seed);
	if (r->data.left > 0)
		return false;
	r->is_last = bdat.is_last;
	if (r->is_last)
		smtp_data_finish(&r->data, fuzz_collect, &r->out);
	return !r->is_last;
}

static struct result
run(struct slice in, enum smtp_bare_lf policy, bool is_binary, uint32_t seed)
{
	struct result r = { .out = BUF_INIT, .sent = BUF_INIT };

	smtp_data_init_counted(&r.data, policy, is_binary);
	while (take_command(&r, in, &seed))
		;
	CHECK(r.data.size_bytes == r.out.n);
	return r;
}

static void
check_same(const struct result *a, const struct result *b)
{
	CHECK(a->used == b->used && a->is_last == b->is_last);
	CHECK(slice_eq(buf_slice(&a->out), buf_slice(&b->out)));
	CHECK(slice_eq(buf_slice(&a->sent), buf_slice(&b->sent)));
	fuzz_same_data(&a->data, &b->data);
}

static void
check_oracle(const struct result *r, enum smtp_bare_lf policy, bool is_binary)
{
	struct chunks_oracle want;

	chunks_oracle(buf_slice(&r->sent), policy, is_binary, &want);
	if (!r->is_last) {
		/* At most a CR is held back. */
		CHECK(r->out.n == want.out.n || r->out.n + 1 == want.out.n);
		CHECK(slice_eq(buf_slice(&r->out),
		    slice_head(buf_slice(&want.out), r->out.n)));
		buf_done(&want.out);
		return;
	}
	CHECK(slice_eq(buf_slice(&r->out), buf_slice(&want.out)));
	CHECK(r->data.bare_cr == want.bare_cr);
	CHECK(r->data.bare_lf == want.bare_lf);
	CHECK(r->data.nul == want.nul);
	CHECK(r->data.eight_bit == want.eight_bit);
	CHECK(r->data.lines == want.lines);
	CHECK(r->data.longest_line == want.longest_line);
	buf_done(&want.out);
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
	struct slice in = fuzz_input(bytes, n);
	uint8_t settings = fuzz_byte(&in);
	enum smtp_bare_lf policy =
	    (enum smtp_bare_lf)(settings % (BARE_LF_ALLOW + 1));
	bool is_binary = settings >= 128;
	uint32_t seed = 1 + (uint32_t)fuzz_byte(&in);
	struct result whole = run(in, policy, is_binary, 0);
	struct result cut = run(in, policy, is_binary, seed);

	check_same(&whole, &cut);
	check_oracle(&whole, policy, is_binary);
	buf_done(&whole.out);
	buf_done(&whole.sent);
	buf_done(&cut.out);
	buf_done(&cut.sent);
	return 0;
}
