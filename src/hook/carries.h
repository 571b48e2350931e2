/* SPDX-License-Identifier: MIT */
/* carries.h - what queue plugins pass on, by the names that EHLO has for it.
 *
 * A keyword of this table promises something about what happens after the
 * 250.  It is offered while every plugin that a message could be queued with
 * declares its bit (chain_set.carries).
 */
#ifndef HOOKLINE_HOOK_CARRIES_H
#define HOOKLINE_HOOK_CARRIES_H

#include <stdint.h>

struct buf;

/* Ends with a keyword of NULL. */
extern const struct carries_row {
	uint64_t bit; /* HL_CARRIES_* */
	const char *keyword;
} carries_table[];

/* Adds the keywords of `bits`, with spaces between; "nothing" for none. */
void carries_text(uint64_t bits, struct buf *ret_text);

#endif
