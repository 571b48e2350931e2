/* SPDX-License-Identifier: MIT */
/* str.h - hl_str: text that something keeps.
 *
 * Always NUL-terminated, no NUL inside, never a NULL pointer: the empty
 * string is STR_EMPTY.  The type itself is public (plugin.h).
 */
#ifndef HOOKLINE_BASE_STR_H
#define HOOKLINE_BASE_STR_H

#include <stdbool.h>

#include <hookline/plugin.h>

#include "slice.h"

#define STR_LIT(s) ((hl_str){ (s), sizeof(s) - 1 })
#define STR_EMPTY STR_LIT("")
/* For printf("%.*s", STR(x)); works on hl_str and on struct slice. */
#define STR(s) (int)(s).n, (s).p

static inline struct slice
slice_str(hl_str s)
{
	return (struct slice){ s.p, s.n };
}

hl_str str_of(const char *text); /* borrows; NULL gives STR_EMPTY */
bool str_eq(hl_str a, hl_str b);
bool str_caseeq(hl_str a, hl_str b);
bool str_eq_text(hl_str a, const char *b);

#endif
