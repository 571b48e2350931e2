/* SPDX-License-Identifier: MIT */
/* line_end_private.h - CRLF to LF, for the readers. */
#ifndef HOOKLINE_MAIL_LINE_END_PRIVATE_H
#define HOOKLINE_MAIL_LINE_END_PRIVATE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/slice.h"

/* Copies `from` to `to` (room for `n` bytes; may be where `from` begins) and
 * makes LF of each CRLF.  A CR at the end of `from` is left unless `is_end`:
 * what follows decides about it.
 * Returns the number of bytes written, *ret_used is that of bytes taken. */
size_t line_end_copy(
    struct slice from, bool is_end, char *to, size_t n, size_t *ret_used);
/* How many CRLF there are. */
size_t line_end_count(struct slice text);

#endif
