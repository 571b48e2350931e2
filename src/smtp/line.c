/* SPDX-License-Identifier: MIT */
/* line.c - finds command lines in a client's bytes.
 *
 * UNSAFE: indices into `in` stay below in.n; `scanned` is at most in.n
 * because the caller offers unconsumed bytes again.
 */
#include "smtp/line.h"

#include <string.h>

/* True if [from, to) has a NUL, or a CR that is known not to be part of a
 * line end; `to` is the place of an LF or the end of the input. */
static bool
has_odd(struct slice in, size_t from, size_t to)
{
	size_t n = to - from;
	const char *cr;

	if (n == 0)
		return false;
	if (memchr(in.p + from, '\0', n) != NULL)
		return true;
	cr = memchr(in.p + from, '\r', n);
	return cr != NULL && cr + 1 != in.p + to;
}

/* The line has not ended: keeps what the next call needs. */
static enum smtp_line_status
want_more(struct smtp_line *line, struct slice in, size_t max, size_t *ret_used)
{
	size_t known = in.n;

	if (known > 0 && in.p[known - 1] == '\r')
		known--; /* its LF may come */
	if (in.n >= max)
		line->is_skipping = true;
	if (line->is_skipping) {
		*ret_used = known;
		known = 0;
	}
	line->scanned = (uint32_t)known;
	return SMTP_LINE_MORE;
}

enum smtp_line_status
smtp_line_next(struct smtp_line *line, struct slice in, size_t max,
    enum smtp_bare_lf policy, struct slice *ret_line, size_t *ret_used)
{
	size_t from = line->scanned, len;
	const char *lf;
	bool is_crlf, is_long;

	CHECK(from <= in.n);
	CHECK(max <= UINT32_MAX);
	*ret_used = 0;
	if (from == in.n)
		return SMTP_LINE_MORE;
	lf = memchr(in.p + from, '\n', in.n - from);
	len = lf != NULL ? (size_t)(lf - in.p) : in.n;
	is_crlf = len > from && in.p[len - 1] == '\r';
	if (has_odd(in, from, len) ||
	    (lf != NULL && !is_crlf && policy == BARE_LF_REJECT)) {
		*line = (struct smtp_line){ 0 };
		*ret_used = in.n;
		return SMTP_LINE_BAD;
	}
	if (lf == NULL)
		return want_more(line, in, max, ret_used);
	is_long = line->is_skipping || len + 1 > max;
	*line = (struct smtp_line){ 0 };
	*ret_used = len + 1;
	if (is_long)
		return SMTP_LINE_TOO_LONG;
	*ret_line = (struct slice){ in.p, is_crlf ? len - 1 : len };
	return SMTP_LINE_DONE;
}
