/* SPDX-License-Identifier: MIT */
/* stuff.c - a message as it goes behind DATA.
 *
 * UNSAFE: smtp_stuff writes at most two bytes for each it reads, a space for a
 * CR that was kept back counting as the CR's own: SMTP_STUFF_ROOM.
 */
#include "smtp/stuff.h"

#include <string.h>

/* How many bytes at the front need no care.  One look at each: memchr would
 * look at the same bytes again and again where line ends are odd. */
static size_t
plain_length(const char *p, size_t max)
{
	size_t n = 0;

	while (n < max && ((unsigned char)p[n] > '\r' ||
			      (p[n] != '\r' && p[n] != '\n' && p[n] != '\0')))
		n++;
	return n;
}

static size_t
end_line(struct smtp_stuff *stuff, char *out)
{
	stuff->is_inside = false;
	stuff->has_cr = false;
	out[0] = '\r';
	out[1] = '\n';
	return 2;
}

/* A CR that was kept back has no LF. */
static size_t
bare_cr(struct smtp_stuff *stuff, char *out)
{
	if (!stuff->has_cr)
		return 0;
	stuff->has_cr = false;
	stuff->is_inside = true;
	out[0] = ' ';
	return 1;
}

size_t
smtp_stuff(struct smtp_stuff *stuff, const char *p, size_t n, char *out)
{
	const char *end = p + n;
	char *at = out;

	while (p < end) {
		size_t plain;

		if (*p == '\n') {
			at += end_line(stuff, at);
			p++;
			continue;
		}
		at += bare_cr(stuff, at);
		if (*p == '\r') {
			stuff->has_cr = true;
			p++;
			continue;
		}
		if (*p == '.' && !stuff->is_inside)
			*at++ = '.';
		stuff->is_inside = true;
		plain = plain_length(p, (size_t)(end - p));
		if (plain == 0) { /* NUL */
			*at++ = ' ';
			p++;
			continue;
		}
		memcpy(at, p, plain);
		at += plain;
		p += plain;
	}
	return (size_t)(at - out);
}

size_t
smtp_stuff_end(struct smtp_stuff *stuff, char *out)
{
	static const char dot[] = { '.', '\r', '\n' };
	size_t n = bare_cr(stuff, out);

	if (stuff->is_inside)
		n += end_line(stuff, out + n);
	memcpy(out + n, dot, sizeof(dot));
	return n + sizeof(dot);
}
