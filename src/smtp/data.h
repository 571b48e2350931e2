/* SPDX-License-Identifier: MIT */
/* data.h - message bytes after DATA or BDAT, in one pass, cut anywhere.
 *
 * The framing: after DATA it finds the end of data and removes stuffed dots.
 * Only CRLF "." CRLF (or "." CRLF at the very start) ends the data; no other
 * sequence does, whatever the policy (RFC 5321 4.1.1.4).  After BDAT it takes
 * as many octets as were announced, whatever they are (RFC 3030 2).  The text
 * is the same for both: what is odd is counted, and fixed if wanted.
 *
 *	         '.'          CR              LF
 *	BOL -----------> DOT ------> DOT_CR -------> end
 *	 ^ other, CR      | other       | other
 *	 |                v             v
 *	 |  CRLF        TEXT <----------+
 *	 +---------------+
 *
 * What a line is depends on the policy: with BARE_LF_FIX a bare LF ends one
 * too, so a dot after it is unstuffed; a line that is a single dot but does
 * not end the data is kept as it is.  Counted data knows no dots, and goes on
 * from chunk to chunk in the state where it was.
 */
#ifndef HOOKLINE_SMTP_DATA_H
#define HOOKLINE_SMTP_DATA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/check.h"
#include "base/slice.h"
#include "smtp/bare_lf.h"

/* Kept in the transaction while data arrive.  Counters may be read at any
 * time; the rest is private to data.c. */
struct smtp_data {
	uint64_t size_bytes; /* octets handed out: unstuffed, fixed */
	uint64_t bare_cr;    /* as sent, also with BARE_LF_FIX */
	uint64_t bare_lf;
	uint64_t nul;
	uint64_t eight_bit;    /* octets above 127 */
	uint64_t lines;        /* line ends */
	uint64_t longest_line; /* octets without line end and stuffed dot; of
	                       * lines that have ended */
	uint64_t line_bytes;   /* private: of the line so far */
	uint8_t state;         /* private: enum data_state */
	uint8_t policy;        /* private: enum smtp_bare_lf */
	bool is_after_crlf;    /* private: the line began after CRLF */
	bool is_counted;       /* after BDAT */
	bool is_binary;        /* private: see smtp_data_init_counted */
	uint64_t left;         /* of a chunk, not yet taken */
};

/* Takes unstuffed bytes in order; `run` is borrowed for the call. */
typedef void smtp_data_fn(void *arg, struct slice run);

/* After DATA. */
void smtp_data_init(struct smtp_data *data, enum smtp_bare_lf policy);
/* After the first BDAT.
 *
 * is_binary  BODY=BINARYMIME: what follows the first empty line is no text;
 *            it is handed out as it is, and not counted as odd
 */
void smtp_data_init_counted(
    struct smtp_data *data, enum smtp_bare_lf policy, bool is_binary);
/* The next `size` octets are a chunk; the one before has been taken. */
void smtp_data_chunk(struct smtp_data *data, uint64_t size);

/* Scans a block.
 *
 * sink      called for each run of bytes: usually once for a block, split
 *           at stuffed dots (and, with BARE_LF_FIX, at what is fixed); at
 *           most two bytes are held back from one call to the next
 * ret_used  set: all of `in`, or with the end of data what belongs to it;
 *           what follows are commands
 * Returns true when the end of data or of the chunk was reached (of a chunk of
 * no octets: at once); then it must not be called again before
 * smtp_data_chunk.
 * BARE_LF_REJECT hands out and counts as BARE_LF_ALLOW does; the caller
 * refuses at the end if smtp_data_is_bare.
 */
bool smtp_data_feed(struct smtp_data *data, struct slice in, smtp_data_fn *sink,
    void *arg, size_t *ret_used) WARN_UNUSED;
/* After the last chunk: hands out a CR that was held back for its LF. */
void smtp_data_finish(struct smtp_data *data, smtp_data_fn *sink, void *arg);

/* A bare CR, a bare LF or a NUL was seen. */
static inline bool
smtp_data_is_bare(const struct smtp_data *data)
{
	return (data->bare_cr | data->bare_lf | data->nul) != 0;
}

#endif
