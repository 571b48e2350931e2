/* SPDX-License-Identifier: MIT */
/* reply.c - writing replies (RFC 5321 4.2) with enhanced codes (RFC 2034).
 *
 * UNSAFE: indices stay below the slice's n.
 */
#include "smtp/reply.h"

#include "base/num.h"
#include "smtp/octet_private.h"
#include "smtp/utf8_private.h"

#define PREFIX_MAX 16 /* "550-5.999.999 " fits */

/* subject ::= 1*3digit; no leading zeros (RFC 3463 2). */
static bool
take_number(struct slice *s, uint16_t *ret)
{
	unsigned value = 0;
	size_t n = 0;

	while (n < s->n && ascii_is_digit(s->p[n]))
		n++;
	if (n == 0 || n > 3 || (n > 1 && s->p[0] == '0'))
		return false;
	if (num_parse_unsigned(slice_head(*s, n), 999, &value) < 0)
		return false;
	*ret = (uint16_t)value;
	*s = slice_from(*s, n);
	return true;
}

static bool
take_char(struct slice *s, char c)
{
	if (s->n == 0 || s->p[0] != c)
		return false;
	*s = slice_from(*s, 1);
	return true;
}

/* status-code = class "." subject "." detail; class = "2"/"4"/"5" */
static bool
take_enhanced(struct slice *s, struct smtp_enhanced *ret)
{
	struct slice in = *s;
	struct smtp_enhanced enh = { 0, 0, 0 };

	if (in.n == 0 || (in.p[0] != '2' && in.p[0] != '4' && in.p[0] != '5'))
		return false;
	enh.class = (uint8_t)(in.p[0] - '0');
	in = slice_from(in, 1);
	if (!take_char(&in, '.') || !take_number(&in, &enh.subject) ||
	    !take_char(&in, '.') || !take_number(&in, &enh.detail))
		return false;
	*ret = enh;
	*s = in;
	return true;
}

bool
smtp_enhanced_parse(
    struct slice text, struct smtp_enhanced *ret, struct slice *ret_rest)
{
	struct smtp_enhanced enh;

	if (!take_enhanced(&text, &enh))
		return false;
	if (text.n > 0 && text.p[0] != ' ' && text.p[0] != '\n')
		return false;
	while (text.n > 0 && text.p[0] == ' ')
		text = slice_from(text, 1);
	*ret = enh;
	if (ret_rest != NULL)
		*ret_rest = text;
	return true;
}

static struct slice
drop_newlines_at_end(struct slice s)
{
	while (s.n > 0 && (s.p[s.n - 1] == '\n' || s.p[s.n - 1] == '\r'))
		s.n--;
	return s;
}

/* qpsmtpd's form: the text ends in "(#5.7.1)".  Sets the place of the class
 * digit. */
static bool
has_old_form(struct slice text, size_t *ret_class_at)
{
	struct slice in;
	struct smtp_enhanced enh;
	size_t at;

	text = drop_newlines_at_end(text);
	at = slice_rfind(text, '#');
	if (at == text.n || at == 0 || text.p[at - 1] != '(')
		return false;
	in = slice_from(text, at + 1);
	if (!take_enhanced(&in, &enh) || !slice_eq_text(in, ")"))
		return false;
	*ret_class_at = at + 1;
	return true;
}

/* Classes of enhanced codes are those of the replies they stand in
 * (RFC 2034 4); 1xx and 3xx have none. */
static uint8_t
class_of(unsigned code)
{
	unsigned class = code / 100;

	return class == 2 || class == 4 || class == 5 ? (uint8_t) class : 0;
}

/* How the text of a reply is sent. */
struct plan {
	struct smtp_enhanced enh; /* class 0: nothing in front */
	struct slice text;        /* without the code in front */
	bool is_own;              /* the text brought its code in front */
	const char *class_p; /* digit in the text to be replaced, or NULL */
	unsigned status;
};

static struct plan
plan_reply(unsigned code, const char *enh, struct slice text)
{
	struct plan plan = { .text = text };
	uint8_t class = class_of(code);
	size_t at = 0;

	if (enh == NULL || class == 0)
		return plan;
	if (smtp_enhanced_parse(text, &plan.enh, &plan.text)) {
		plan.is_own = true;
	} else if (has_old_form(text, &at)) {
		if (text.p[at] - '0' != class) {
			plan.class_p = text.p + at;
			plan.status |= SMTP_REPLY_CLASS;
		}
		return plan;
	} else if (!smtp_enhanced_parse(slice_of(enh), &plan.enh, NULL)) {
		plan.status |= SMTP_REPLY_BAD_ENH;
		return plan;
	}
	if (plan.enh.class != class) {
		plan.enh.class = class;
		plan.status |= SMTP_REPLY_CLASS;
	}
	return plan;
}

struct smtp_enhanced
smtp_reply_enhanced(
    unsigned code, const char *enh, struct slice text, struct slice *ret_text)
{
	struct plan plan = plan_reply(code, enh, text);

	if (ret_text != NULL)
		*ret_text = plan.text;
	return plan.enh;
}

/* A reply being written. */
struct writer {
	struct buf *buf;
	size_t line_at; /* start of the last line in buf */
	unsigned code;
	bool utf8;
	char prefix[PREFIX_MAX]; /* "550-5.7.1 ", of each line */
	size_t prefix_n;
	struct plan plan;
};

/* Up to 999 in decimal, without leading zeros. */
static void
put_number(struct writer *w, unsigned value, char after)
{
	if (value >= 100)
		w->prefix[w->prefix_n++] = (char)('0' + value / 100);
	if (value >= 10)
		w->prefix[w->prefix_n++] = (char)('0' + value / 10 % 10);
	w->prefix[w->prefix_n++] = (char)('0' + value % 10);
	w->prefix[w->prefix_n++] = after;
}

static void
make_prefix(struct writer *w)
{
	const struct smtp_enhanced *enh = &w->plan.enh;

	put_number(w, w->code, '-');
	if (enh->class == 0)
		return;
	put_number(w, enh->class, '.');
	put_number(w, enh->subject, '.');
	put_number(w, enh->detail, ' ');
}

/* textstring = 1*(%d09 / %d32-126) */
static bool
is_clean(char c)
{
	return (c >= ' ' && c <= '~') || c == '\t';
}

/* What is not clean, at the start of `text`: as many octets are dealt with. */
static size_t
write_other(struct writer *w, struct slice text)
{
	size_t n = smtp__utf8_len(text);

	if (text.p == w->plan.class_p) {
		buf_add_char(w->buf, (char)('0' + class_of(w->code)));
	} else if (n > 0 && w->utf8) {
		/* RFC 6531 3.7.4: textstring =/ UTF8-non-ascii */
		buf_add_slice(w->buf, slice_head(text, n));
	} else if (octet__is_high(text.p[0])) {
		buf_add_char(w->buf, '?');
		w->plan.status |= SMTP_REPLY_ASCII;
	} else {
		buf_add_char(w->buf, ' ');
		w->plan.status |= SMTP_REPLY_CLEANED;
	}
	return n > 0 ? n : 1;
}

static void
write_text(struct writer *w, struct slice text)
{
	while (text.n > 0) {
		size_t n = 0;

		while (n < text.n && is_clean(text.p[n]) &&
		       text.p + n != w->plan.class_p)
			n++;
		buf_add_slice(w->buf, slice_head(text, n));
		text = slice_from(text, n);
		if (text.n > 0)
			text = slice_from(text, write_other(w, text));
	}
}

/* Code, "-" and enhanced code.  Returns the octets left for text. */
static size_t
begin_line(struct writer *w)
{
	w->line_at = w->buf->n;
	buf_add(w->buf, w->prefix, w->prefix_n);
	return SMTP_REPLY_LINE_MAX - 2 - w->prefix_n;
}

/* How much of a line that is too long goes on the first of its lines: up to
 * a space, or else not through a UTF-8 character. */
static size_t
fold_at(struct slice line, size_t room)
{
	size_t at = room;

	while (at > room / 2 && line.p[at] != ' ')
		at--;
	if (line.p[at] == ' ')
		return at;
	at = room;
	while (at > room - 4 && ((unsigned char)line.p[at] & 0xc0) == 0x80)
		at--;
	return at;
}

static void
write_line(struct writer *w, struct slice line)
{
	size_t room = begin_line(w);

	while (line.n > room) {
		size_t at = fold_at(line, room);

		write_text(w, slice_head(line, at));
		buf_add(w->buf, "\r\n", 2);
		w->plan.status |= SMTP_REPLY_FOLDED;
		line = slice_from(line, line.p[at] == ' ' ? at + 1 : at);
		room = begin_line(w);
	}
	write_text(w, line);
	buf_add(w->buf, "\r\n", 2);
}

unsigned
smtp_reply_format(struct buf *buf, unsigned code, const char *enh,
    struct slice text, bool utf8)
{
	struct writer w = { .buf = buf, .code = code, .utf8 = utf8 };
	struct smtp_enhanced again;
	struct slice line;

	CHECK(code >= 100 && code <= 599);
	w.plan = plan_reply(code, enh, text);
	make_prefix(&w);
	text = drop_newlines_at_end(w.plan.text);
	for (bool is_first = true;; is_first = false) {
		size_t lf = slice_find(text, '\n');

		line = slice_head(text, lf);
		if (line.n > 0 && line.p[line.n - 1] == '\r')
			line.n--;
		/* RFC 2034 4: each line has the same code, and has it once. */
		if (w.plan.is_own && !is_first)
			(void)!smtp_enhanced_parse(line, &again, &line);
		if (line.n == 0 && text.n > 0)
			line = SLICE_LIT(" ");
		write_line(&w, line);
		if (lf == text.n)
			break;
		text = slice_from(text, lf + 1);
	}
	buf->p[w.line_at + 3] = ' ';
	return w.plan.status;
}
