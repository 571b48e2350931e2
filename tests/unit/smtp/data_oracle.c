/* SPDX-License-Identifier: MIT */
/* data_oracle.c - what the data scanner ought to do, written slowly. */
#include "data_oracle.h"

#include <string.h>

/* RFC 5321 4.1.1.4: the end is CRLF "." CRLF, where the first CRLF may be
 * that of the DATA command.  Returns the size of the text before the dot, or
 * SIZE_MAX. */
static size_t
find_end(struct slice in)
{
	const char *end;

	if (in.n >= 3 && memcmp(in.p, ".\r\n", 3) == 0)
		return 0;
	end = in.n > 0 ? memmem(in.p, in.n, "\r\n.\r\n", 5) : NULL;
	return end != NULL ? (size_t)(end - in.p) + 2 : SIZE_MAX;
}

/* Octets of the line at the start of `s` with its end; *ret_content without.
 * With BARE_LF_FIX an LF ends a line, otherwise CRLF does. */
static size_t
line_len(struct slice s, enum smtp_bare_lf policy, size_t *ret_content)
{
	for (size_t i = 0; i < s.n; i++) {
		bool is_crlf = i > 0 && s.p[i] == '\n' && s.p[i - 1] == '\r';

		if (is_crlf) {
			*ret_content = i - 1;
			return i + 1;
		}
		if (s.p[i] == '\n' && policy == BARE_LF_FIX) {
			*ret_content = i;
			return i + 1;
		}
	}
	*ret_content = s.n;
	return s.n;
}

static void
add_line(struct data_oracle *o, struct slice line, enum smtp_bare_lf policy)
{
	/* RFC 5321 4.5.2; a line that is a single dot but no end stays */
	if (line.n > 1 && line.p[0] == '.')
		line = slice_from(line, 1);
	if (line.n > o->longest_line)
		o->longest_line = line.n;
	for (size_t i = 0; i < line.n; i++) {
		char c = line.p[i];

		if (policy == BARE_LF_FIX && (c == '\r' || c == '\0'))
			c = ' ';
		buf_add_char(&o->out, c);
	}
	o->lines++;
	buf_add(&o->out, "\r\n", 2);
}

static void
count(struct data_oracle *o, struct slice text)
{
	for (size_t i = 0; i < text.n; i++) {
		char c = text.p[i];

		if (c == '\n' && (i == 0 || text.p[i - 1] != '\r'))
			o->bare_lf++;
		if (c == '\r' && (i + 1 == text.n || text.p[i + 1] != '\n'))
			o->bare_cr++;
		o->nul += c == '\0';
		o->eight_bit += (unsigned char)c > 127;
	}
}

bool
data_oracle(struct slice in, enum smtp_bare_lf policy, struct data_oracle *ret)
{
	size_t end = find_end(in), content;
	struct slice text;

	if (end == SIZE_MAX)
		return false;
	*ret = (struct data_oracle){ .used = end + 3 };
	text = slice_head(in, end);
	count(ret, text);
	while (text.n > 0) {
		size_t n = line_len(text, policy, &content);

		add_line(ret, slice_head(text, content), policy);
		text = slice_from(text, n);
	}
	return true;
}
