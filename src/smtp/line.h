/* SPDX-License-Identifier: MIT */
/* line.h - finds command lines in a client's bytes.
 *
 * The caller keeps the unconsumed bytes in one piece and offers them again
 * with more behind; what was looked at is not looked at twice.
 */
#ifndef HOOKLINE_SMTP_LINE_H
#define HOOKLINE_SMTP_LINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/check.h"
#include "base/slice.h"
#include "smtp/bare_lf.h"

#define SMTP_LINE_MAX 512        /* with CRLF, RFC 5321 4.5.3.1.4 */
#define SMTP_LINE_MAX_AUTH 12288 /* with CRLF, RFC 4954 4 */

/* Kept in the session.  Zeroed: at the start of a line. */
struct smtp_line {
	uint32_t scanned; /* leading bytes of the input without line end */
	bool is_skipping; /* the line is too long already */
};

enum smtp_line_status {
	SMTP_LINE_MORE,     /* no line end yet */
	SMTP_LINE_DONE,     /* a line */
	SMTP_LINE_TOO_LONG, /* a line over `max` has ended: 500 5.5.2 */
	SMTP_LINE_BAD       /* bare LF, bare CR or NUL: 500 5.5.2 and close */
};

/* Looks for the next line.
 *
 * in        what was not consumed yet; begins with the same bytes as at the
 *           last call, unless that consumed them
 * max       longest line, counting its line end
 * policy    BARE_LF_REJECT: a bare LF is BAD; otherwise it ends the line.
 *           Bare CR and NUL are always BAD
 * ret_line  set with DONE: the line without its end, borrowed from `in`
 * ret_used  always set: bytes at the start of `in` that are done with.  With
 *           MORE more than 0 only while a line that is too long is dropped
 */
enum smtp_line_status smtp_line_next(struct smtp_line *line, struct slice in,
    size_t max, enum smtp_bare_lf policy, struct slice *ret_line,
    size_t *ret_used) WARN_UNUSED;

#endif
