/* SPDX-License-Identifier: MIT */
/* header.h - the header section of a message, field by field.
 *
 * The header ends at an empty line, or before the first line that is neither
 * a field nor the continuation of one (RFC 5322 2.2, 3.5); that line is body.
 * A field is name, optional white space, colon (RFC 5322 3.6.8, 4.5).
 *
 *	smtp_header_init(&h, max, flags);
 *	for each block:
 *		while ((st = smtp_header_next(&h, &block, &field)) is a field)
 *			use field;
 *		if (st == SMTP_HEADER_END)
 *			the body is smtp_header_tail(&h), then block
 *	at the end of the message, if END was not reached:
 *		while ((st = smtp_header_finish(&h, &field)) is a field)
 *			use field;
 *	smtp_header_done(&h);
 */
#ifndef HOOKLINE_SMTP_HEADER_H
#define HOOKLINE_SMTP_HEADER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/check.h"
#include "base/slice.h"

enum {
	/* A bare LF ends a line too (for text that was not fixed). */
	SMTP_HEADER_BARE_LF = 1 << 0
};

enum smtp_header_status {
	SMTP_HEADER_MORE,  /* the block is used up */
	SMTP_HEADER_FIELD, /* a whole field */
	SMTP_HEADER_CUT,   /* a field longer than the limit, cut there */
	SMTP_HEADER_END    /* no more fields */
};

/* Slices are borrowed from the block or from the scanner: valid until its
 * next call. */
struct smtp_field {
	struct slice name;   /* as sent, without white space before the colon */
	struct slice value;  /* behind the colon and its spaces and tabs, folds
	                     * kept, without the last line end */
	struct slice raw;    /* exact bytes with the last line end; CUT: their
	                     * first `max` */
	uint64_t offset;     /* of the field in the message */
	uint64_t size_bytes; /* of the field, also of one that was cut */
};

/* Fields are private, but for those with a comment. */
struct smtp_header {
	struct buf part; /* of a field or line that began in earlier blocks */
	size_t max;
	uint64_t offset; /* of the byte to look at next */
	uint64_t start;  /* of the field or line being read */
	size_t name_len;
	size_t colon;        /* index in the field, behind it; 0: not seen */
	bool has_empty_line; /* at END: the header ended at an empty line,
	                      * which is neither header nor body */
	uint64_t body_offset;
	uint8_t state;
	uint8_t prev; /* the byte before `offset` */
	uint8_t flags;
};

/* max    longest field in octets; a longer one is given as CUT.  A line
 *        without a colon in its first `max` octets is no field
 * flags  SMTP_HEADER_* or 0 */
void smtp_header_init(struct smtp_header *h, size_t max, unsigned flags);
void smtp_header_done(struct smtp_header *h); /* frees */

/* Next field in the block; moves *in behind what was consumed. */
enum smtp_header_status smtp_header_next(struct smtp_header *h,
    struct slice *in, struct smtp_field *ret) WARN_UNUSED;
/* As if the message had ended here: FIELD or CUT, then END. */
enum smtp_header_status smtp_header_finish(
    struct smtp_header *h, struct smtp_field *ret) WARN_UNUSED;
/* At END: bytes already consumed that are body.  Borrowed until _done. */
struct slice smtp_header_tail(const struct smtp_header *h);
/* At END: offset of the body's first byte, the tail's if there is one. */
uint64_t smtp_header_body_offset(const struct smtp_header *h);

#endif
