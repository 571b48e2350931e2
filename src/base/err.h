/* SPDX-License-Identifier: MIT */
/* err.h - why a call failed, in words.
 *
 * A fallible function returns 0 or more on success and a negative errno
 * otherwise, with the text in its last argument:
 *	return err_set(err, -EINVAL, "%s:%u: no such key", file, line);
 */
#ifndef HOOKLINE_BASE_ERR_H
#define HOOKLINE_BASE_ERR_H

#include "check.h"

struct err {
	int code;       /* negative errno, 0: none */
	char text[496]; /* without a final full stop or newline */
};

/* Sets both and returns `code`.  `err` may be NULL. */
int err_set(struct err *err, int code, const char *fmt, ...) PRINTF_LIKE(3, 4);
/* Puts words in front of what is there: "words: what was there".  Returns
 * err->code; -EINVAL when `err` is NULL, so a caller that may get NULL
 * returns the code it has. */
int err_prefix(struct err *err, const char *fmt, ...) PRINTF_LIKE(2, 3);

#endif
