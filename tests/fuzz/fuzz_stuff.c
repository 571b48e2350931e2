/* SPDX-License-Identifier: MIT */
/* fuzz_stuff.c - any bytes as a message behind DATA: it ends where it should,
 * for all who listen, and says what it said. */
#include "fuzz.h"

#include <stdlib.h>
#include <string.h>

#include "smtp/stuff.h"

/* What the message says, with the odd bytes mended; its own way to get there:
 * one byte after the other. */
static size_t
mend(struct slice in, char *ret)
{
	size_t n = 0;

	for (size_t i = 0; i < in.n; i++) {
		char c = in.p[i];
		bool is_end = c == '\r' && i + 1 < in.n && in.p[i + 1] == '\n';

		if (is_end)
			continue;
		if (c == '\n')
			ret[n++] = '\r';
		ret[n++] = (char)(c == '\r' || c == '\0' ? ' ' : c);
	}
	if (n > 0 && ret[n - 1] != '\n') {
		ret[n++] = '\r';
		ret[n++] = '\n';
	}
	return n;
}

/* As a server reads it: lines end in CRLF, one dot ends all. */
static size_t
unstuff(struct slice out, char *ret)
{
	size_t n = 0;

	for (;;) {
		size_t end = slice_find(out, '\n');
		struct slice line = slice_head(out, end);

		CHECK(end < out.n && line.n > 0 && line.p[end - 1] == '\r');
		CHECK(memchr(line.p, '\r', end - 1) == NULL);
		CHECK(memchr(line.p, '\0', end) == NULL);
		out = slice_from(out, end + 1);
		if (line.n == 2 && line.p[0] == '.')
			break;
		if (line.p[0] == '.')
			line = slice_from(line, 1);
		memcpy(ret + n, line.p, line.n);
		n += line.n;
		ret[n++] = '\n';
	}
	CHECK(out.n == 0);
	return n;
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
	struct slice in = fuzz_input(bytes, n);
	uint32_t seed = fuzz_byte(&in);
	size_t room = 4 * in.n + 64, out_n = 0, want_n, got_n;
	char *out = malloc(room), *want = malloc(room), *got = malloc(room);
	struct smtp_stuff stuff = { 0 };

	CHECK(out != NULL && want != NULL && got != NULL);
	for (size_t at = 0; at < in.n;) {
		struct slice piece =
		    slice_head(slice_from(in, at), fuzz_step(&seed));
		size_t more = smtp_stuff(&stuff, piece.p, piece.n, out + out_n);

		CHECK(more <= SMTP_STUFF_ROOM(piece.n));
		out_n += more;
		at += piece.n;
	}
	n = smtp_stuff_end(&stuff, out + out_n);
	CHECK(n <= SMTP_STUFF_END_ROOM);
	want_n = mend(in, want);
	got_n = unstuff((struct slice){ out, out_n + n }, got);
	CHECK(got_n == want_n && memcmp(got, want, want_n) == 0);
	free(out);
	free(want);
	free(got);
	return 0;
}
