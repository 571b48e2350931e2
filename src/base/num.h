/* SPDX-License-Identifier: MIT */
/* num.h - numbers from outside: parsing and checked arithmetic. */
#ifndef HOOKLINE_BASE_NUM_H
#define HOOKLINE_BASE_NUM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "check.h"
#include "slice.h"

/* The whole of `text` must be decimal digits, at least one.
 * Returns 0; -EINVAL not a number; -ERANGE over `max`. */
int num_parse_u64(struct slice text, uint64_t max, uint64_t *ret) WARN_UNUSED;
int num_parse_unsigned(
    struct slice text, unsigned max, unsigned *ret) WARN_UNUSED;
/* With an optional sign; range-checked. */
int num_parse_i64(
    struct slice text, int64_t min, int64_t max, int64_t *ret) WARN_UNUSED;
int num_parse_octal(struct slice text, unsigned max, unsigned *ret) WARN_UNUSED;
/* "10", "10k", "64M", "1G" (powers of 1024, either case). */
int num_parse_size(struct slice text, uint64_t max, uint64_t *ret) WARN_UNUSED;

/* False on overflow; *ret is then unchanged. */
bool num_add(size_t a, size_t b, size_t *ret) WARN_UNUSED;
bool num_mul(size_t a, size_t b, size_t *ret) WARN_UNUSED;

#endif
