/* SPDX-License-Identifier: MIT */
/* fuzz_header.c - fields are the same however the input is cut, and together
 * with the body they are the input. */
#include "fuzz.h"

#include "base/arena.h"
#include "base/buf.h"
#include "smtp/field.h"
#include "smtp/header.h"

struct scan {
	struct smtp_header h;
	struct slice in, block;
	size_t at;       /* bytes of `in` taken into blocks */
	uint64_t end;    /* of the last field */
	struct buf *out; /* transcript */
};

static void
check_value(struct slice value)
{
	struct arena arena;
	hl_str text;

	arena_init(&arena, 512, 0);
	text = smtp_field_unfold(&arena, value);
	CHECK(text.n <= value.n);
	CHECK(slice_find(slice_str(text), '\0') == text.n);
	(void)smtp_dkim_covers(value, "Authentication-Results");
	arena_done(&arena);
}

static void
take_field(struct scan *s, const struct smtp_field *f, bool is_cut)
{
	struct slice all =
	    slice_head(slice_from(s->in, f->offset), f->size_bytes);

	CHECK(f->offset == s->end);
	s->end += f->size_bytes;
	CHECK(all.n == f->size_bytes);
	CHECK(is_cut == (f->size_bytes > s->h.max));
	CHECK(slice_eq(f->raw, slice_head(all, s->h.max)));
	CHECK(smtp_field_name_is_valid(f->name));
	CHECK(f->value.p >= f->raw.p &&
	      f->value.p + f->value.n <= f->raw.p + f->raw.n);
	check_value(f->value);
	buf_printf(s->out, "%zu+%zu ", (size_t)f->offset, f->raw.n);
	buf_add_slice(s->out, f->name);
	buf_add_char(s->out, '=');
	buf_add_slice(s->out, f->value);
}

static void
check_end(struct scan *s)
{
	struct slice body = slice_from(s->in, smtp_header_body_offset(&s->h));
	struct slice tail = smtp_header_tail(&s->h);
	struct slice gap =
	    slice_head(slice_from(s->in, s->end), s->in.n - body.n - s->end);

	CHECK(slice_eq_text(gap, "") || slice_eq_text(gap, "\r\n") ||
	      slice_eq_text(gap, "\n"));
	CHECK(s->h.has_empty_line == (gap.n > 0));
	/* the body is: tail, rest of the block, rest of the input */
	CHECK(tail.n + s->block.n + s->in.n - s->at == body.n);
	CHECK(slice_eq(tail, slice_head(body, tail.n)));
	buf_printf(s->out, "body %zu", body.n);
}

static void
scan(
    struct slice in, size_t max, unsigned flags, uint32_t seed, struct buf *out)
{
	struct scan s = { .in = in, .out = out };
	bool is_finishing = false;

	smtp_header_init(&s.h, max, flags);
	for (;;) {
		struct smtp_field f;
		enum smtp_header_status status =
		    is_finishing ? smtp_header_finish(&s.h, &f)
				 : smtp_header_next(&s.h, &s.block, &f);

		if (status == SMTP_HEADER_END)
			break;
		if (status != SMTP_HEADER_MORE) {
			take_field(&s, &f, status == SMTP_HEADER_CUT);
			continue;
		}
		CHECK(s.block.n == 0);
		CHECK(s.h.part.n <= max);
		is_finishing = s.at == in.n;
		s.block = slice_from(in, s.at);
		if (seed != 0)
			s.block = slice_head(s.block, fuzz_step(&seed));
		s.at += s.block.n;
	}
	check_end(&s);
	smtp_header_done(&s.h);
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
	struct slice in = fuzz_input(bytes, n);
	unsigned flags = fuzz_byte(&in) & SMTP_HEADER_BARE_LF;
	size_t max = 1 + (size_t)fuzz_byte(&in) * 4;
	uint32_t seed = 1 + (uint32_t)fuzz_byte(&in);
	struct buf whole = BUF_INIT, cut = BUF_INIT;

	scan(in, max, flags, 0, &whole);
	scan(in, max, flags, seed, &cut);
	CHECK(slice_eq(buf_slice(&whole), buf_slice(&cut)));
	buf_done(&whole);
	buf_done(&cut);
	return 0;
}
