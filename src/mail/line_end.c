/* SPDX-License-Identifier: MIT */
/* line_end.c - CRLF to LF. */
#include "line_end_private.h"

#include <string.h>

/* Length of what can be copied as it is: up to a CR that LF follows, or that
 * may be followed by one. */
static size_t
plain_run(struct slice text, bool is_end)
{
	size_t i = 0;

	for (;;) {
		struct slice rest = slice_from(text, i);

		i += slice_find(rest, '\r');
		if (i == text.n)
			return i;
		if (i + 1 == text.n)
			return is_end ? text.n : i;
		if (text.p[i + 1] == '\n')
			return i;
		i++;
	}
}

size_t
line_end_copy(
    struct slice from, bool is_end, char *to, size_t n, size_t *ret_used)
{
	size_t total = from.n, done = 0;

	while (done < n && from.n > 0) {
		size_t run = plain_run(slice_head(from, n - done + 2),
		    is_end && from.n <= n - done + 2);

		if (run > n - done)
			run = n - done;
		memmove(to + done, from.p, run);
		done += run;
		from = slice_from(from, run);
		if (done == n || from.n == 0)
			break;
		if (from.n < 2 || from.p[0] != '\r' || from.p[1] != '\n')
			break;
		to[done++] = '\n';
		from = slice_from(from, 2);
	}
	*ret_used = total - from.n;
	return done;
}

size_t
line_end_count(struct slice text)
{
	size_t count = 0;

	for (size_t i = 1; i < text.n; i++)
		count += (text.p[i] == '\n') & (text.p[i - 1] == '\r');
	return count;
}
