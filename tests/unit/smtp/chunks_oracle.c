/* SPDX-License-Identifier: MIT */
/* chunks_oracle.c - what the data scanner ought to do with chunks, written
 * slowly. */
#include "chunks_oracle.h"

/* Octets of the line end at `i`; 0: there is none. */
static size_t
line_end_at(struct slice in, size_t i, enum smtp_bare_lf policy)
{
	if (in.p[i] == '\r' && i + 1 < in.n && in.p[i + 1] == '\n')
		return 2;
	return in.p[i] == '\n' && policy == BARE_LF_FIX ? 1 : 0;
}

/* A byte that is no part of a line end. */
static void
take_byte(struct chunks_oracle *o, char c, enum smtp_bare_lf policy)
{
	bool is_odd = c == '\r' || c == '\0';

	o->bare_cr += c == '\r';
	o->bare_lf += c == '\n';
	o->nul += c == '\0';
	o->eight_bit += (unsigned char)c > 127;
	buf_add_char(&o->out, is_odd && policy == BARE_LF_FIX ? ' ' : c);
}

void
chunks_oracle(struct slice in, enum smtp_bare_lf policy, bool is_binary,
    struct chunks_oracle *ret)
{
	uint64_t line = 0;
	size_t i = 0;

	*ret = (struct chunks_oracle){ 0 };
	while (i < in.n) {
		size_t end = line_end_at(in, i, policy);

		if (end == 0) {
			take_byte(ret, in.p[i++], policy);
			line++;
			continue;
		}
		ret->bare_lf += end == 1;
		buf_add(&ret->out, "\r\n", 2);
		ret->lines++;
		if (line > ret->longest_line)
			ret->longest_line = line;
		i += end;
		if (is_binary && line == 0)
			break;
		line = 0;
	}
	buf_add_slice(&ret->out, slice_from(in, i));
}
