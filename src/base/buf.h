/* SPDX-License-Identifier: MIT */
/* buf.h - building text and bytes of unknown length.
 *
 * A buf grows on the heap (an arena is not for what is replaced) and is
 * freed by its owner; it may hold any bytes.  A terminating NUL is always
 * kept behind the last byte and is not counted.
 */
#ifndef HOOKLINE_BASE_BUF_H
#define HOOKLINE_BASE_BUF_H

#include <stdarg.h>
#include <stddef.h>

#include "check.h"
#include "slice.h"

struct buf {
	char *p; /* NULL while nothing was added */
	size_t n;
	size_t cap;
};

#define BUF_INIT ((struct buf){ NULL, 0, 0 })

void buf_done(struct buf *buf);  /* frees; the buf is empty again */
void buf_clear(struct buf *buf); /* keeps the memory */
void buf_reserve(struct buf *buf, size_t more);
void buf_add(struct buf *buf, const void *bytes, size_t n);
void buf_add_slice(struct buf *buf, struct slice text);
void buf_add_text(struct buf *buf, const char *text);
void buf_add_char(struct buf *buf, char c);
void buf_add_u64(struct buf *buf, unsigned long long value); /* decimal */
void buf_printf(struct buf *buf, const char *fmt, ...) PRINTF_LIKE(2, 3);
void buf_vprintf(struct buf *buf, const char *fmt, va_list args)
    PRINTF_LIKE(2, 0);
/* Removes the first `n` bytes. */
void buf_shift(struct buf *buf, size_t n);
/* For what may hold a secret: nothing of it stays in memory that the buf has
 * given up.  Grow with buf_add_secret alone. */
void buf_add_secret(struct buf *buf, const void *bytes, size_t n);
void buf_shift_secret(struct buf *buf, size_t n);
void buf_done_secret(struct buf *buf);
struct slice buf_slice(const struct buf *buf); /* borrowed until a change */

#endif
