/* SPDX-License-Identifier: MIT */
/* slice.h - borrowed text that is not NUL-terminated.
 *
 * Parsers work on slices and copy into an arena at their border
 * (arena_str).  What keeps text uses hl_str, see str.h.  Nothing here
 * allocates or blocks.
 */
#ifndef HOOKLINE_BASE_SLICE_H
#define HOOKLINE_BASE_SLICE_H

#include <stdbool.h>
#include <stddef.h>

struct slice {
	const char *p;
	size_t n;
};

#define SLICE_LIT(s) ((struct slice){ (s), sizeof(s) - 1 })
#define SLICE_NONE ((struct slice){ NULL, 0 })

struct slice slice_of(const char *text); /* strlen; NULL gives empty */
bool slice_eq(struct slice a, struct slice b);
bool slice_caseeq(struct slice a, struct slice b); /* ASCII only */
bool slice_eq_text(struct slice a, const char *b);
bool slice_caseeq_text(struct slice a, const char *b);
bool slice_starts(struct slice s, const char *prefix);
bool slice_casestarts(struct slice s, const char *prefix);
bool slice_ends(struct slice s, const char *suffix);
/* Index of `c`, or s.n if it is not there. */
size_t slice_find(struct slice s, char c);
size_t slice_rfind(struct slice s, char c);
/* Without leading and trailing space, tab, CR, LF. */
struct slice slice_trim(struct slice s);
/* s[from..n); empty when from is beyond the end. */
struct slice slice_from(struct slice s, size_t from);
/* At most the first `n` bytes. */
struct slice slice_head(struct slice s, size_t n);
/* Takes the next word (separated by spaces and tabs) off `s`; an empty
 * slice when there is none left. */
struct slice slice_word(struct slice *s);
/* Takes the text up to `sep` (not included) off `s`, and the separator.
 * Returns false when `s` was used up (s->p == NULL). */
bool slice_cut(struct slice *s, char sep, struct slice *ret_part);

/* ASCII classes and case that do not depend on the locale. */
bool ascii_is_alpha(char c);
bool ascii_is_digit(char c);
bool ascii_is_alnum(char c);
bool ascii_is_space(char c); /* space, tab, CR, LF, VT, FF */
char ascii_lower(char c);

#endif
