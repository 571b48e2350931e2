/* SPDX-License-Identifier: MIT */
/* conf_sieve.h - which of many expressions can fit a text?
 *
 * Each is filed under a few bytes that the text must have (conf_literal.h),
 * the longest that it offers and those that fewest others have.  A text is
 * looked through for all of them, at a cost that depends on its own length
 * alone.
 */
#ifndef HOOKLINE_CONF_SIEVE_H
#define HOOKLINE_CONF_SIEVE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/slice.h"

struct conf_sieve;

struct conf_sieve *conf_sieve_new(void);
void conf_sieve_free(struct conf_sieve **sieve);
/* Files `id`, the next number from 0 on.  False: `literal` (lower case) is too
 * short; the number is used up all the same. */
bool conf_sieve_add(struct conf_sieve *sieve, struct slice literal);
/* Calls `fn` for each that may fit, in no order, perhaps twice. */
void conf_sieve_find(struct conf_sieve *sieve, struct slice text,
    void (*fn)(void *arg, size_t id), void *arg);
/* Places of the table that were looked at so far. */
uint64_t conf_sieve_work(const struct conf_sieve *sieve);

#endif
