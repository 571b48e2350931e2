/* SPDX-License-Identifier: MIT */
/* answer.h - reading the replies of another server (RFC 5321 4.2).
 *
 * It may be anybody: whatever it sends takes no more than this memory.
 */
#ifndef HOOKLINE_SMTP_ANSWER_H
#define HOOKLINE_SMTP_ANSWER_H

#include <stddef.h>

#include "base/check.h"
#include "base/slice.h"
#include "smtp/reply.h"

#define SMTP_ANSWER_LINE_MAX 2048 /* RFC 5321 4.5.3.1.5 allows 512 */
#define SMTP_ANSWER_LINES_MAX 100
#define SMTP_ANSWER_TEXT_MAX 8192

/* Zeroed: nothing has come yet. */
struct smtp_answer {
	unsigned code;  /* 200 to 599 */
	unsigned lines; /* so far; all of it has come, or the next one begins */
	bool is_whole;
	struct smtp_enhanced enhanced; /* its class is the code's, or 0 */
	size_t n;
	/* Without codes, lines parted by '\n', NUL behind; no control
	 * characters else, what was above 127 stays. */
	char text[SMTP_ANSWER_TEXT_MAX];
};

/* Takes a line without its CRLF; one behind a whole answer begins the next.
 * Text over SMTP_ANSWER_TEXT_MAX is cut.
 * Returns 1: the answer is whole; 0: more lines follow; -EPROTO it is no line
 * of a reply, or has another code than the one before; -E2BIG more than
 * SMTP_ANSWER_LINES_MAX lines, or SMTP_ANSWER_LINE_MAX octets. */
int smtp_answer_add(struct smtp_answer *answer, struct slice line) WARN_UNUSED;

/* "5.1.1" into `ret`; "" when there is none. */
#define SMTP_ENHANCED_TEXT_MAX 16
void smtp_answer_enhanced(
    const struct smtp_answer *answer, char ret[SMTP_ENHANCED_TEXT_MAX]);

#endif
