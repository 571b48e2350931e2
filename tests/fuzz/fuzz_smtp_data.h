/* SPDX-License-Identifier: MIT */
/* fuzz_smtp_data.h - for the targets of the data scanner: its output, and
 * what it counted. */
#ifndef HOOKLINE_TESTS_FUZZ_SMTP_DATA_H
#define HOOKLINE_TESTS_FUZZ_SMTP_DATA_H

#include "fuzz.h"

#include "base/buf.h"
#include "smtp/data.h"

/* A sink; `arg` is a struct buf. */
static inline void
fuzz_collect(void *arg, struct slice run)
{
	CHECK(run.n > 0);
	buf_add_slice(arg, run);
}

/* One input, cut in two ways. */
static inline void
fuzz_same_data(const struct smtp_data *a, const struct smtp_data *b)
{
	CHECK(a->size_bytes == b->size_bytes);
	CHECK(a->bare_cr == b->bare_cr);
	CHECK(a->bare_lf == b->bare_lf);
	CHECK(a->nul == b->nul);
	CHECK(a->eight_bit == b->eight_bit);
	CHECK(a->lines == b->lines);
	CHECK(a->longest_line == b->longest_line);
	CHECK(a->line_bytes == b->line_bytes);
	CHECK(a->left == b->left && a->state == b->state);
}

#endif
