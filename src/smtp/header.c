/* SPDX-License-Identifier: MIT */
/* header.c - the header section of a message, field by field.
 *
 * UNSAFE: from <= i <= block.n; an item is what stands between h->start and
 * h->offset: its bytes in earlier blocks (in h->part, at most h->max of them)
 * and [from, i) of this one.
 */
#include "smtp/header.h"

enum header_state {
	HEADER_START,    /* of an item: field, empty line, or body */
	HEADER_EMPTY_CR, /* CR at the start of an item */
	HEADER_NAME,
	HEADER_NAME_SPACE, /* between name and colon */
	HEADER_VALUE,      /* behind the colon, inside a line */
	HEADER_LINE_END,   /* behind the end of a line: fold or next item */
	HEADER_END
};

/* One call of smtp_header_next. */
struct walk {
	struct smtp_header *h;
	const char *p;
	size_t n, i, from;
};

/* %d33-57 / %d59-126 */
static bool
is_ftext(char c)
{
	return c > ' ' && c < 0x7f && c != ':';
}

static bool
is_wsp(char c)
{
	return c == ' ' || c == '\t';
}

void
smtp_header_init(struct smtp_header *h, size_t max, unsigned flags)
{
	CHECK(max > 0);
	*h = (struct smtp_header){
		.part = BUF_INIT,
		.max = max,
		.state = HEADER_START,
		.flags = (uint8_t)flags,
	};
}

void
smtp_header_done(struct smtp_header *h)
{
	buf_done(&h->part);
}

static uint64_t
item_len(const struct walk *w)
{
	return w->h->offset - w->h->start;
}

/* Moves behind n bytes of the item. */
static void
take(struct walk *w, size_t n)
{
	w->i += n;
	w->h->offset += n;
	w->h->prev = (uint8_t)w->p[w->i - 1];
}

/* Keeps the item's bytes of this block, as far as the limit goes. */
static void
keep_part(struct walk *w)
{
	size_t n = w->i - w->from, room = w->h->max - w->h->part.n;

	if (n == 0)
		return;
	buf_add(&w->h->part, w->p + w->from, n < room ? n : room);
	w->from = w->i;
}

/* All bytes of the item so far, cut at the limit. */
static struct slice
item_bytes(struct walk *w)
{
	if (w->h->part.n == 0)
		return slice_head(
		    (struct slice){ w->p + w->from, w->i - w->from },
		    w->h->max);
	keep_part(w);
	return buf_slice(&w->h->part);
}

/* The value without white space in front and without its line end. */
static struct slice
field_value(const struct smtp_header *h, struct slice raw, bool is_cut)
{
	struct slice value = slice_from(raw, h->colon);

	while (value.n > 0 && is_wsp(value.p[0]))
		value = slice_from(value, 1);
	if (value.n > 0 && value.p[value.n - 1] == '\n') {
		value.n--;
		if (value.n > 0 && value.p[value.n - 1] == '\r')
			value.n--;
	} else if (is_cut && value.n > 0 && value.p[value.n - 1] == '\r') {
		value.n--;
	}
	return value;
}

static enum smtp_header_status
give_field(struct walk *w, struct smtp_field *ret)
{
	struct smtp_header *h = w->h;
	bool is_cut = item_len(w) > h->max;
	struct slice raw = item_bytes(w);

	*ret = (struct smtp_field){
		.name = slice_head(raw, h->name_len),
		.value = field_value(h, raw, is_cut),
		.raw = raw,
		.offset = h->start,
		.size_bytes = item_len(w),
	};
	h->start = h->offset;
	h->state = HEADER_START;
	return is_cut ? SMTP_HEADER_CUT : SMTP_HEADER_FIELD;
}

/* The item is no field: it is body. */
static void
give_up(struct walk *w)
{
	w->h->body_offset = w->h->start;
	keep_part(w);
	w->h->state = HEADER_END;
}

static void
end_at_empty_line(struct walk *w)
{
	buf_clear(&w->h->part);
	w->from = w->i;
	w->h->has_empty_line = true;
	w->h->body_offset = w->h->offset;
	w->h->state = HEADER_END;
}

static void
walk_start(struct walk *w)
{
	struct smtp_header *h = w->h;
	char c = w->p[w->i];

	buf_clear(&h->part); /* the field given last */
	h->start = h->offset;
	w->from = w->i;
	if (c == '\r') {
		take(w, 1);
		h->state = HEADER_EMPTY_CR;
	} else if (c == '\n' && (h->flags & SMTP_HEADER_BARE_LF) != 0) {
		take(w, 1);
		end_at_empty_line(w);
	} else if (is_ftext(c)) {
		h->state = HEADER_NAME;
	} else {
		give_up(w);
	}
}

/* Bytes of a name from here on, within the limit; the first is one. */
static size_t
name_run(const struct walk *w)
{
	size_t room = (size_t)(w->h->max - item_len(w)), n = 1;

	if (room > w->n - w->i)
		room = w->n - w->i;
	while (n < room && is_ftext(w->p[w->i + n]))
		n++;
	return n;
}

static void
walk_name(struct walk *w)
{
	struct smtp_header *h = w->h;
	char c = w->p[w->i];

	if (item_len(w) >= h->max) {
		give_up(w);
	} else if (c == ':') {
		if (h->state == HEADER_NAME)
			h->name_len = (size_t)item_len(w);
		take(w, 1);
		h->colon = (size_t)item_len(w);
		h->state = HEADER_VALUE;
	} else if (is_wsp(c)) {
		if (h->state == HEADER_NAME)
			h->name_len = (size_t)item_len(w);
		take(w, 1);
		h->state = HEADER_NAME_SPACE;
	} else if (is_ftext(c) && h->state == HEADER_NAME) {
		take(w, name_run(w));
	} else {
		give_up(w);
	}
}

static void
walk_value(struct walk *w)
{
	struct smtp_header *h = w->h;
	struct slice left = { w->p + w->i, w->n - w->i };
	size_t lf = slice_find(left, '\n');
	uint8_t before;

	if (lf == left.n) {
		take(w, left.n);
		return;
	}
	before = lf > 0 ? (uint8_t)left.p[lf - 1] : h->prev;
	take(w, lf + 1);
	if (before == '\r' || (h->flags & SMTP_HEADER_BARE_LF) != 0)
		h->state = HEADER_LINE_END;
}

enum smtp_header_status
smtp_header_next(
    struct smtp_header *h, struct slice *in, struct smtp_field *ret)
{
	struct walk w = { h, in->p, in->n, 0, 0 };
	enum smtp_header_status status = SMTP_HEADER_MORE;

	while (w.i < w.n && status == SMTP_HEADER_MORE) {
		switch ((enum header_state)h->state) {
		case HEADER_START:
			walk_start(&w);
			break;
		case HEADER_EMPTY_CR:
			if (w.p[w.i] == '\n') {
				take(&w, 1);
				end_at_empty_line(&w);
			} else {
				give_up(&w);
			}
			break;
		case HEADER_NAME:
		case HEADER_NAME_SPACE:
			walk_name(&w);
			break;
		case HEADER_VALUE:
			walk_value(&w);
			break;
		case HEADER_LINE_END:
			if (is_wsp(w.p[w.i]))
				h->state = HEADER_VALUE;
			else
				status = give_field(&w, ret);
			break;
		case HEADER_END:
			status = SMTP_HEADER_END;
			break;
		}
	}
	if (h->state == HEADER_END)
		status = SMTP_HEADER_END;
	if (status == SMTP_HEADER_MORE)
		keep_part(&w);
	*in = slice_from(*in, w.i);
	return status;
}

enum smtp_header_status
smtp_header_finish(struct smtp_header *h, struct smtp_field *ret)
{
	struct walk w = { h, "", 0, 0, 0 };

	switch ((enum header_state)h->state) {
	case HEADER_VALUE:
	case HEADER_LINE_END:
		return give_field(&w, ret);
	case HEADER_START:
		buf_clear(&h->part);
		give_up(&w);
		break;
	case HEADER_EMPTY_CR:
	case HEADER_NAME:
	case HEADER_NAME_SPACE:
		give_up(&w);
		break;
	case HEADER_END:
		break;
	}
	return SMTP_HEADER_END;
}

struct slice
smtp_header_tail(const struct smtp_header *h)
{
	CHECK(h->state == HEADER_END);
	return buf_slice(&h->part);
}

uint64_t
smtp_header_body_offset(const struct smtp_header *h)
{
	CHECK(h->state == HEADER_END);
	return h->body_offset;
}
