/* SPDX-License-Identifier: MIT */
/* conf_nearest.c - "did you mean ...?" for mistyped words.
 *
 * The restricted Damerau-Levenshtein distance, with three rows of the
 * table: the current one and two before it.
 */
#include "conf_nearest.h"

#define LETTERS 64 /* longer words are not compared */

static unsigned
least(unsigned a, unsigned b)
{
	return a < b ? a : b;
}

/* a.n, b.n at most LETTERS. */
static unsigned
distance(struct slice a, struct slice b)
{
	unsigned rows[3][LETTERS + 1];
	unsigned *before = rows[0], *last = rows[1], *row = rows[2];

	for (unsigned j = 0; j <= b.n; j++)
		last[j] = before[j] = j;
	for (unsigned i = 1; i <= a.n; i++) {
		char x = ascii_lower(a.p[i - 1]);
		unsigned *old = before;

		row[0] = i;
		for (unsigned j = 1; j <= b.n; j++) {
			char y = ascii_lower(b.p[j - 1]);

			row[j] = least(last[j - 1] + (x != y),
			    least(last[j], row[j - 1]) + 1);
			if (i > 1 && j > 1 && x == ascii_lower(b.p[j - 2]) &&
			    ascii_lower(a.p[i - 2]) == y)
				row[j] = least(row[j], before[j - 2] + 1);
		}
		before = last;
		last = row;
		row = old;
	}
	return last[b.n];
}

const char *
conf_nearest(struct slice word, const char *const *names, size_t count)
{
	const char *best = NULL;
	unsigned best_far = (unsigned)(word.n + 2) / 3 + 1;

	if (word.n == 0 || word.n > LETTERS)
		return NULL;
	for (size_t i = 0; i < count; i++) {
		struct slice name = slice_of(names[i]);
		unsigned far;

		if (name.n > LETTERS)
			continue;
		far = distance(word, name);
		if (far < best_far) {
			best = names[i];
			best_far = far;
		}
	}
	return best;
}
