/* SPDX-License-Identifier: MIT */
/* chunks_oracle.h - what the data scanner ought to do with chunks, written
 * slowly: on all of them at once and by byte, so that it shares no idea with
 * src/smtp/data.c; for the unit test and the fuzz target.
 */
#ifndef HOOKLINE_TESTS_CHUNKS_ORACLE_H
#define HOOKLINE_TESTS_CHUNKS_ORACLE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "smtp/bare_lf.h"

struct chunks_oracle {
	struct buf out; /* freed by the caller */
	uint64_t bare_cr, bare_lf, nul, eight_bit, longest_line, lines;
};

/* `in`: the bytes of all chunks. */
void chunks_oracle(struct slice in, enum smtp_bare_lf policy, bool is_binary,
    struct chunks_oracle *ret);

#endif
