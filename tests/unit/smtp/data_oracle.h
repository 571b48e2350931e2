/* SPDX-License-Identifier: MIT */
/* data_oracle.h - what the data scanner ought to do, written slowly.
 *
 * Works on the whole input at once and by line, so that it shares no idea
 * with src/smtp/data.c; for the unit test and the fuzz target.
 */
#ifndef HOOKLINE_TESTS_DATA_ORACLE_H
#define HOOKLINE_TESTS_DATA_ORACLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "smtp/bare_lf.h"

struct data_oracle {
	struct buf out; /* freed by the caller */
	size_t used;
	uint64_t bare_cr, bare_lf, nul, eight_bit, longest_line, lines;
};

/* False if `in` has no end of data; `ret` is then not set. */
bool data_oracle(
    struct slice in, enum smtp_bare_lf policy, struct data_oracle *ret);

#endif
