/* SPDX-License-Identifier: MIT */
/* bdat.h - the arguments of BDAT (RFC 3030 2). */
#ifndef HOOKLINE_SMTP_BDAT_H
#define HOOKLINE_SMTP_BDAT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/check.h"
#include "base/slice.h"

struct smtp_bdat {
	uint64_t size; /* of the chunk behind the command line, in octets */
	bool is_last;
};

/* Parses what follows the verb:
 *
 *	bdat-cmd   ::= "BDAT" SP chunk-size [ SP end-marker ] CR LF
 *	chunk-size ::= 1*DIGIT
 *	end-marker ::= "LAST"
 *
 * Returns 0; -EPROTO the size is known (`ret` is set, is_last false), but not
 * the word behind it: so many octets must be skipped; -EINVAL no size, or one
 * of 2^63 and more: nobody can tell where the next command begins.
 */
int smtp_bdat_parse(struct slice rest, struct smtp_bdat *ret) WARN_UNUSED;

#endif
