/* SPDX-License-Identifier: MIT */
/* data.c - message bytes after DATA or BDAT, in one pass, cut anywhere.
 *
 * take_chunks() runs over ordinary lines, 64 bytes at a time; what is odd, and
 * what is left of a block, goes through take_text() and the states.  Bytes
 * that need no change stay one run, handed out as a whole by flush().  Only
 * what crosses the border of two blocks (CR, ".", "." CR) is held back, in
 * `state`.
 *
 * UNSAFE: run <= p <= end point into the same block.  Bytes in [run, p) were
 * looked at and counted, but not handed out; in states CR, DOT and DOT_CR the
 * held bytes are not among them and run == p.
 */
#include "smtp/data.h"

#include <string.h>

#include "smtp/byte_mask_private.h"

enum data_state {
	DATA_BOL,    /* at the start of a line */
	DATA_TEXT,   /* inside a line; the byte before is no held CR */
	DATA_CR,     /* inside a line, CR held */
	DATA_DOT,    /* "." held, it began a line */
	DATA_DOT_CR, /* "." CR held */
	DATA_RAW,    /* BINARYMIME, behind the first empty line */
	DATA_END
};

/* No octet has this value. */
#define NO_DOT 256

/* One call of smtp_data_feed. */
struct feed {
	struct smtp_data *data;
	smtp_data_fn *sink;
	void *arg;
	const char *run, *p, *end;
};

/* Hands out bytes that are not part of a run. */
static void
emit(struct feed *f, const char *text, size_t n)
{
	f->data->size_bytes += n;
	f->sink(f->arg, (struct slice){ text, n });
}

/* Hands out the run up to `to`. */
static void
flush(struct feed *f, const char *to)
{
	size_t n = (size_t)(to - f->run);

	if (n == 0)
		return;
	emit(f, f->run, n);
	f->run = to;
}

/* Mostly there is nothing to count, and not every machine counts fast. */
static inline unsigned
bits(uint64_t mask)
{
	return mask == 0 ? 0 : (unsigned)__builtin_popcountll(mask);
}

static void
end_line(struct smtp_data *data, bool is_crlf)
{
	bool is_empty = data->line_bytes == 0;

	data->lines++;
	if (data->line_bytes > data->longest_line)
		data->longest_line = data->line_bytes;
	data->line_bytes = 0;
	data->state = data->is_binary && is_empty ? DATA_RAW : DATA_BOL;
	data->is_after_crlf = is_crlf;
}

/* Ends the lines whose LFs `crlf` has in the chunk at p, up to one that is
 * followed by a dot (`dot`: '.', or NO_DOT).  *counted is how far line_bytes
 * knows the text.  Returns the bytes of the chunk that are done, as bits. */
static inline uint64_t
end_chunk_lines(struct smtp_data *data, int dot, const char *p, uint64_t crlf,
    const char **counted)
{
	for (; crlf != 0; crlf &= crlf - 1) {
		unsigned at = (unsigned)__builtin_ctzll(crlf);

		data->line_bytes += (uint64_t)(p + at - 1 - *counted);
		*counted = p + at + 1;
		end_line(data, true);
		if (at < BYTE_MASK_WIDTH - 1 && **counted == dot)
			return ((uint64_t)2 << at) - 1;
	}
	return BYTE_MASK_ALL;
}

/* Runs over chunks in states BOL and TEXT, up to a dot that begins a line, or
 * (BARE_LF_FIX) a chunk with something to fix, or the last few bytes.  A CR
 * counts as bare when the byte after it is seen. */
static void
take_chunks(struct feed *f)
{
	struct smtp_data *data = f->data;
	const char *p = f->p, *counted = p;
	uint64_t carry = 0; /* the byte before p is a CR */
	bool is_bol = data->state == DATA_BOL;
	int dot = data->is_counted ? NO_DOT : '.';

	while (f->end - p >= BYTE_MASK_WIDTH && !(is_bol && *p == dot)) {
		struct byte_mask m = byte_mask(p);
		uint64_t after_cr = m.cr << 1 | carry;
		uint64_t crlf = m.lf & after_cr, done;

		if (data->policy == BARE_LF_FIX &&
		    ((m.lf ^ after_cr) | m.nul) != 0)
			break;
		done = end_chunk_lines(data, dot, p, crlf, &counted);
		data->bare_lf += bits(m.lf & ~after_cr & done);
		data->bare_cr += bits(after_cr & ~m.lf & done);
		data->nul += bits(m.nul & done);
		data->eight_bit += bits(m.high & done);
		if (done != BYTE_MASK_ALL) {
			p = counted;
			is_bol = true;
			carry = 0;
			break;
		}
		is_bol = crlf >> (BYTE_MASK_WIDTH - 1) != 0;
		carry = m.cr >> (BYTE_MASK_WIDTH - 1);
		p += BYTE_MASK_WIDTH;
	}
	p -= carry; /* its LF may come */
	data->line_bytes += (uint64_t)(p - counted);
	data->state = is_bol ? DATA_BOL : DATA_TEXT;
	f->p = p;
}

/* Counts what is odd in the run's [p, to), where each CR is bare; with
 * BARE_LF_FIX takes bare CR and NUL out of it. */
static void
count_text(struct feed *f, const char *to)
{
	struct smtp_data *data = f->data;

	for (const char *p = f->p; p < to; p++) {
		data->bare_cr += *p == '\r';
		data->nul += *p == '\0';
		data->eight_bit += (unsigned char)*p >> 7;
		if (data->policy != BARE_LF_FIX || (*p != '\r' && *p != '\0'))
			continue;
		flush(f, p);
		emit(f, " ", 1);
		f->run = p + 1;
	}
}

/* At p stands a bare LF. */
static void
take_bare_lf(struct feed *f)
{
	struct smtp_data *data = f->data;

	data->bare_lf++;
	if (data->policy != BARE_LF_FIX) {
		data->line_bytes++;
		data->state = DATA_TEXT;
		f->p++;
		return;
	}
	flush(f, f->p);
	emit(f, "\r\n", 2);
	f->run = ++f->p;
	end_line(data, false);
}

/* States BOL (no dot at p) and TEXT: up to the next line end, or the end of
 * the block.  At least one byte. */
static void
take_text(struct feed *f)
{
	struct smtp_data *data = f->data;
	const char *lf = memchr(f->p, '\n', (size_t)(f->end - f->p));
	const char *to = lf != NULL ? lf : f->end;
	bool has_cr = to > f->p && to[-1] == '\r';

	if (has_cr)
		to--;
	data->line_bytes += (uint64_t)(to - f->p);
	count_text(f, to);
	f->p = to;
	if (lf == NULL && has_cr) {
		flush(f, f->p);
		f->run = ++f->p;
		data->state = DATA_CR;
	} else if (lf == NULL) {
		data->state = DATA_TEXT;
	} else if (has_cr) {
		f->p = lf + 1;
		end_line(data, true);
	} else {
		take_bare_lf(f);
	}
}

static void
take_line(struct feed *f)
{
	const char *start = f->p;

	/* The empty line that ends a binary message's header is looked for by
	 * line; a header is short. */
	if (f->end - f->p >= BYTE_MASK_WIDTH && !f->data->is_binary)
		take_chunks(f);
	if (f->p == start)
		take_text(f);
}

static void
take_bol(struct feed *f)
{
	if (*f->p != '.' || f->data->is_counted) {
		take_line(f);
		return;
	}
	flush(f, f->p);
	f->run = ++f->p;
	f->data->state = DATA_DOT;
}

/* The held CR is no part of a line end. */
static void
take_lone_cr(struct feed *f)
{
	struct smtp_data *data = f->data;

	data->bare_cr++;
	data->line_bytes++;
	emit(f, data->policy == BARE_LF_FIX ? " " : "\r", 1);
	data->state = DATA_TEXT;
}

static void
take_after_cr(struct feed *f)
{
	if (*f->p != '\n') {
		take_lone_cr(f);
		return;
	}
	emit(f, "\r", 1);
	f->p++;
	end_line(f->data, true);
}

/* RFC 5321 4.5.2: "If the first character is a period and there are other
 * characters on the line, the first character is deleted."  Where LF ends a
 * line, "." LF has no other characters, and stays. */
static void
take_after_dot(struct feed *f)
{
	struct smtp_data *data = f->data;

	if (*f->p == '\r') {
		f->run = ++f->p;
		data->state = DATA_DOT_CR;
	} else if (*f->p == '\n' && data->policy == BARE_LF_FIX) {
		emit(f, ".", 1);
		data->line_bytes++;
		take_bare_lf(f);
	} else {
		data->state = DATA_TEXT;
	}
}

/* RFC 5321 4.1.1.4: only <CRLF>.<CRLF> ends the data; the first CRLF may be
 * the one of the DATA command. */
static void
take_after_dot_cr(struct feed *f)
{
	struct smtp_data *data = f->data;

	if (*f->p != '\n') {
		data->state = DATA_CR; /* the dot is deleted */
		return;
	}
	f->run = ++f->p;
	if (data->is_after_crlf) {
		data->state = DATA_END;
		return;
	}
	emit(f, ".\r\n", 3);
	data->line_bytes++;
	end_line(data, true);
}

void
smtp_data_init(struct smtp_data *data, enum smtp_bare_lf policy)
{
	*data = (struct smtp_data){
		.state = DATA_BOL,
		.is_after_crlf = true,
		.policy = (uint8_t)policy,
	};
}

void
smtp_data_init_counted(
    struct smtp_data *data, enum smtp_bare_lf policy, bool is_binary)
{
	smtp_data_init(data, policy);
	data->is_counted = true;
	data->is_binary = is_binary;
}

void
smtp_data_chunk(struct smtp_data *data, uint64_t size)
{
	CHECK(data->is_counted && data->left == 0);
	data->left = size;
}

static void
take_block(struct feed *f)
{
	const struct smtp_data *data = f->data;

	while (f->p < f->end && data->state != DATA_END) {
		switch ((enum data_state)data->state) {
		case DATA_BOL:
			take_bol(f);
			break;
		case DATA_TEXT:
			take_line(f);
			break;
		case DATA_CR:
			take_after_cr(f);
			break;
		case DATA_DOT:
			take_after_dot(f);
			break;
		case DATA_DOT_CR:
			take_after_dot_cr(f);
			break;
		case DATA_RAW:
			f->p = f->end;
			break;
		case DATA_END:
			UNREACHABLE();
		}
	}
	flush(f, f->p);
}

/* Of the block, what belongs to the chunk. */
static struct slice
chunk_part(const struct smtp_data *data, struct slice in)
{
	return in.n > data->left ? slice_head(in, (size_t)data->left) : in;
}

bool
smtp_data_feed(struct smtp_data *data, struct slice in, smtp_data_fn *sink,
    void *arg, size_t *ret_used)
{
	struct feed f;

	CHECK(data->state != DATA_END);
	if (data->is_counted)
		in = chunk_part(data, in);
	*ret_used = 0;
	if (in.n > 0) {
		f = (struct feed){ data, sink, arg, in.p, in.p, in.p + in.n };
		take_block(&f);
		*ret_used = (size_t)(f.p - in.p);
	}
	if (!data->is_counted)
		return data->state == DATA_END;
	data->left -= *ret_used;
	return data->left == 0;
}

void
smtp_data_finish(struct smtp_data *data, smtp_data_fn *sink, void *arg)
{
	struct feed f = { data, sink, arg, NULL, NULL, NULL };

	CHECK(data->is_counted && data->left == 0);
	if (data->state != DATA_CR)
		return;
	take_lone_cr(&f);
}
