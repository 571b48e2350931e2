/* SPDX-License-Identifier: MIT */
/* buf.c - building text and bytes of unknown length.
 *
 * UNSAFE: writes through raw pointers.  Invariant: p is NULL with n = cap =
 * 0, or p has cap + 1 bytes, n <= cap and p[n] is NUL.
 */
#include "buf.h"

#include <stdio.h>
#include <string.h>

#include "mem.h"
#include "num.h"

#define BUF_FIRST 63 /* with the NUL 64 */

void
buf_done(struct buf *buf)
{
	mem_free(buf->p);
	*buf = BUF_INIT;
}

void
buf_clear(struct buf *buf)
{
	buf->n = 0;
	if (buf->p != NULL)
		buf->p[0] = '\0';
}

/* Makes room for `more` bytes behind the last. */
void
buf_reserve(struct buf *buf, size_t more)
{
	size_t want, cap = buf->cap;

	if (buf->p != NULL && more <= cap - buf->n)
		return;
	CHECK(num_add(buf->n, more, &want) && want < SIZE_MAX / 2);
	cap = cap < BUF_FIRST ? BUF_FIRST : cap * 2 + 1;
	if (cap < want)
		cap = want;
	buf->p = mem_grow(buf->p, cap + 1);
	buf->cap = cap;
	buf->p[buf->n] = '\0';
}

void
buf_add(struct buf *buf, const void *bytes, size_t n)
{
	buf_reserve(buf, n);
	if (n > 0)
		memcpy(buf->p + buf->n, bytes, n);
	buf->n += n;
	buf->p[buf->n] = '\0';
}

void
buf_add_slice(struct buf *buf, struct slice text)
{
	buf_add(buf, text.p, text.n);
}

void
buf_add_text(struct buf *buf, const char *text)
{
	buf_add(buf, text, strlen(text));
}

void
buf_add_char(struct buf *buf, char c)
{
	buf_reserve(buf, 1);
	buf->p[buf->n++] = c;
	buf->p[buf->n] = '\0';
}

void
buf_add_u64(struct buf *buf, unsigned long long value)
{
	char digits[24];
	size_t at = sizeof(digits);

	do {
		digits[--at] = (char)('0' + value % 10);
		value /= 10;
	} while (value > 0);
	buf_add(buf, digits + at, sizeof(digits) - at);
}

void
buf_vprintf(struct buf *buf, const char *fmt, va_list args)
{
	va_list again;
	size_t room;
	int n;

	buf_reserve(buf, 1);
	room = buf->cap - buf->n;
	va_copy(again, args);
	n = vsnprintf(buf->p + buf->n, room + 1, fmt, args);
	CHECK(n >= 0);
	if ((size_t)n > room) {
		buf->p[buf->n] = '\0';
		buf_reserve(buf, (size_t)n);
		n = vsnprintf(buf->p + buf->n, (size_t)n + 1, fmt, again);
		CHECK(n >= 0);
	}
	va_end(again);
	buf->n += (size_t)n;
}

void
buf_printf(struct buf *buf, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	buf_vprintf(buf, fmt, args);
	va_end(args);
}

void
buf_shift(struct buf *buf, size_t n)
{
	CHECK(n <= buf->n);
	if (n == 0)
		return;
	buf->n -= n;
	memmove(buf->p, buf->p + n, buf->n + 1);
}

void
buf_add_secret(struct buf *buf, const void *bytes, size_t n)
{
	struct buf old = *buf;

	if (old.p != NULL && n > old.cap - old.n) {
		*buf = BUF_INIT;
		buf_reserve(buf, old.cap + 1 + n);
		buf_add(buf, old.p, old.n);
		buf_done_secret(&old);
	}
	buf_add(buf, bytes, n);
}

void
buf_shift_secret(struct buf *buf, size_t n)
{
	buf_shift(buf, n);
	secret_wipe(buf->p + buf->n, n);
}

void
buf_done_secret(struct buf *buf)
{
	if (buf->p != NULL)
		secret_wipe(buf->p, buf->n);
	buf_done(buf);
}

struct slice
buf_slice(const struct buf *buf)
{
	return (struct slice){ buf->p, buf->n };
}
