/* SPDX-License-Identifier: MIT */
/* data.c - message bytes after DATA, in one pass, cut anywhere.
 *
 * Lines are found with memchr; bytes that need no change stay one run, which
 * is counted and handed out as a whole by flush().  Only what crosses the
 * border of two blocks (CR, ".", "." CR) is held back, in `state`.
 *
 * UNSAFE: run <= p <= end point into the same block.  Bytes in [run, p) were
 * looked at and not handed out; in states CR, DOT and DOT_CR the held bytes
 * are not among them and run == p.
 */
#include "smtp/data.h"

#include <string.h>

enum data_state {
	DATA_BOL,    /* at the start of a line */
	DATA_TEXT,   /* inside a line; the byte before is no held CR */
	DATA_CR,     /* inside a line, CR held */
	DATA_DOT,    /* "." held, it began a line */
	DATA_DOT_CR, /* "." CR held */
	DATA_END
};

/* One call of smtp_data_feed. */
struct feed {
	struct smtp_data *data;
	smtp_data_fn *sink;
	void *arg;
	const char *run, *p, *end;
};

/* uint8_t sums of this many bytes cannot overflow; a multiple of any vector. */
#define COUNT_STEP 192

struct counts {
	uint8_t cr, nul, eight_bit;
};

/* A loop that compilers turn into vector code. */
static inline struct counts
count_step(const char *p, size_t n)
{
	struct counts c = { 0, 0, 0 };
	uint8_t cr = 0, nul = 0, eight_bit = 0;

	for (size_t i = 0; i < n; i++) {
		uint8_t b = (uint8_t)p[i];

		cr = (uint8_t)(cr + (b == '\r'));
		nul = (uint8_t)(nul + (b == 0));
		eight_bit = (uint8_t)(eight_bit + (b >> 7));
	}
	c.cr = cr;
	c.nul = nul;
	c.eight_bit = eight_bit;
	return c;
}

static void
count(struct smtp_data *data, const char *p, size_t n)
{
	while (n > 0) {
		struct counts c;
		size_t step = n;

		if (n >= COUNT_STEP) {
			step = COUNT_STEP;
			c = count_step(p, COUNT_STEP);
		} else {
			c = count_step(p, n);
		}
		data->bare_cr += c.cr;
		data->nul += c.nul;
		data->eight_bit += c.eight_bit;
		p += step;
		n -= step;
	}
}

/* Hands out bytes that are not part of a run, uncounted. */
static void
emit(struct feed *f, const char *text, size_t n)
{
	f->data->size_bytes += n;
	f->sink(f->arg, (struct slice){ text, n });
}

/* Hands out the run up to `to`.  Each CR in it counts as bare here; the line
 * loop has taken one off for each CRLF. */
static void
flush(struct feed *f, const char *to)
{
	size_t n = (size_t)(to - f->run);

	if (n == 0)
		return;
	count(f->data, f->run, n);
	emit(f, f->run, n);
	f->run = to;
}

static void
end_line(struct smtp_data *data, bool is_crlf)
{
	data->lines++;
	if (data->line_bytes > data->longest_line)
		data->longest_line = data->line_bytes;
	data->line_bytes = 0;
	data->state = DATA_BOL;
	data->is_after_crlf = is_crlf;
}

/* BARE_LF_FIX: takes bare CR and NUL out of the run in [p, to). */
static void
fix_text(struct feed *f, const char *to)
{
	for (const char *p = f->p; p < to; p++) {
		if (*p != '\r' && *p != '\0')
			continue;
		flush(f, p);
		if (*p == '\r')
			f->data->bare_cr++;
		else
			f->data->nul++;
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
 * the block. */
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
	if (data->policy == BARE_LF_FIX)
		fix_text(f, to);
	f->p = to;
	if (lf == NULL && has_cr) {
		flush(f, f->p);
		f->run = ++f->p;
		data->state = DATA_CR;
	} else if (lf == NULL) {
		data->state = DATA_TEXT;
	} else if (has_cr) {
		data->bare_cr--; /* flush() counts it */
		f->p = lf + 1;
		end_line(data, true);
	} else {
		take_bare_lf(f);
	}
}

static void
take_bol(struct feed *f)
{
	if (*f->p != '.') {
		take_text(f);
		return;
	}
	flush(f, f->p);
	f->run = ++f->p;
	f->data->state = DATA_DOT;
}

static void
take_after_cr(struct feed *f)
{
	struct smtp_data *data = f->data;

	if (*f->p == '\n') {
		emit(f, "\r", 1);
		f->p++;
		end_line(data, true);
		return;
	}
	data->bare_cr++;
	data->line_bytes++;
	emit(f, data->policy == BARE_LF_FIX ? " " : "\r", 1);
	data->state = DATA_TEXT;
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

bool
smtp_data_feed(struct smtp_data *data, struct slice in, smtp_data_fn *sink,
    void *arg, size_t *ret_used)
{
	struct feed f;

	CHECK(data->state != DATA_END);
	*ret_used = 0;
	if (in.n == 0)
		return false;
	f = (struct feed){ data, sink, arg, in.p, in.p, in.p + in.n };
	while (f.p < f.end && data->state != DATA_END) {
		switch ((enum data_state)data->state) {
		case DATA_BOL:
			take_bol(&f);
			break;
		case DATA_TEXT:
			take_text(&f);
			break;
		case DATA_CR:
			take_after_cr(&f);
			break;
		case DATA_DOT:
			take_after_dot(&f);
			break;
		case DATA_DOT_CR:
			take_after_dot_cr(&f);
			break;
		case DATA_END:
			UNREACHABLE();
		}
	}
	flush(&f, f.p);
	*ret_used = (size_t)(f.p - in.p);
	return data->state == DATA_END;
}
