/* SPDX-License-Identifier: MIT */
/* slice.c - borrowed text that is not NUL-terminated.
 *
 * UNSAFE: walks raw pointers.  Invariant: for each slice that comes in or
 * goes out, p[0..n) is readable; p is NULL only when n is 0; nothing reads
 * p[n] or beyond.
 */
#include "slice.h"

#include <string.h>

bool
ascii_is_alpha(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

bool
ascii_is_digit(char c)
{
	return c >= '0' && c <= '9';
}

bool
ascii_is_alnum(char c)
{
	return ascii_is_alpha(c) || ascii_is_digit(c);
}

bool
ascii_is_space(char c)
{
	return c == ' ' || (c >= '\t' && c <= '\r');
}

char
ascii_lower(char c)
{
	return (char)(c >= 'A' && c <= 'Z' ? c + ('a' - 'A') : c);
}

struct slice
slice_of(const char *text)
{
	if (text == NULL)
		return SLICE_NONE;
	return (struct slice){ text, strlen(text) };
}

bool
slice_eq(struct slice a, struct slice b)
{
	return a.n == b.n && (a.n == 0 || memcmp(a.p, b.p, a.n) == 0);
}

bool
slice_caseeq(struct slice a, struct slice b)
{
	if (a.n != b.n)
		return false;
	for (size_t i = 0; i < a.n; i++)
		if (ascii_lower(a.p[i]) != ascii_lower(b.p[i]))
			return false;
	return true;
}

bool
slice_eq_text(struct slice a, const char *b)
{
	return slice_eq(a, slice_of(b));
}

bool
slice_caseeq_text(struct slice a, const char *b)
{
	return slice_caseeq(a, slice_of(b));
}

bool
slice_starts(struct slice s, const char *prefix)
{
	struct slice want = slice_of(prefix);

	return s.n >= want.n && slice_eq(slice_head(s, want.n), want);
}

bool
slice_casestarts(struct slice s, const char *prefix)
{
	struct slice want = slice_of(prefix);

	return s.n >= want.n && slice_caseeq(slice_head(s, want.n), want);
}

bool
slice_ends(struct slice s, const char *suffix)
{
	struct slice want = slice_of(suffix);

	return s.n >= want.n && slice_eq(slice_from(s, s.n - want.n), want);
}

size_t
slice_find(struct slice s, char c)
{
	const char *hit = s.n > 0 ? memchr(s.p, c, s.n) : NULL;

	return hit != NULL ? (size_t)(hit - s.p) : s.n;
}

size_t
slice_rfind(struct slice s, char c)
{
	const char *hit = s.n > 0 ? memrchr(s.p, c, s.n) : NULL;

	return hit != NULL ? (size_t)(hit - s.p) : s.n;
}

static bool
is_trimmed(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

struct slice
slice_trim(struct slice s)
{
	while (s.n > 0 && is_trimmed(s.p[s.n - 1]))
		s.n--;
	while (s.n > 0 && is_trimmed(s.p[0])) {
		s.p++;
		s.n--;
	}
	return s;
}

struct slice
slice_from(struct slice s, size_t from)
{
	if (s.p == NULL)
		return SLICE_NONE;
	if (from > s.n)
		from = s.n;
	return (struct slice){ s.p + from, s.n - from };
}

struct slice
slice_head(struct slice s, size_t n)
{
	if (n < s.n)
		s.n = n;
	return s;
}

struct slice
slice_word(struct slice *s)
{
	struct slice word;
	size_t n = 0;

	while (s->n > 0 && (s->p[0] == ' ' || s->p[0] == '\t'))
		*s = slice_from(*s, 1);
	while (n < s->n && s->p[n] != ' ' && s->p[n] != '\t')
		n++;
	word = slice_head(*s, n);
	*s = slice_from(*s, n);
	return word;
}

bool
slice_cut(struct slice *s, char sep, struct slice *ret_part)
{
	size_t at;

	if (s->p == NULL)
		return false;
	at = slice_find(*s, sep);
	*ret_part = slice_head(*s, at);
	*s = at < s->n ? slice_from(*s, at + 1) : SLICE_NONE;
	return true;
}
