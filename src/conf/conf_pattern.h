/* SPDX-License-Identifier: MIT */
/* conf_pattern.h - Perl-style regular expressions with a bound on their cost.
 *
 * PCRE2 on bytes, without JIT (it needs writable-executable
 * memory and a large stack).  A match gives up after CONF_PATTERN_STEPS.
 */
#ifndef HOOKLINE_CONF_PATTERN_H
#define HOOKLINE_CONF_PATTERN_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"
#include "base/slice.h"

#define CONF_PATTERN_STEPS 100000 /* pcre2_set_match_limit */
#define CONF_PATTERN_HEAP_KIB 1024
#define CONF_PATTERN_MAX 8192 /* bytes of the expression */
#define CONF_PATTERN_GROUPS 10

struct conf_pattern;
/* Working memory of a match: one for any number of patterns that are used
 * one after the other. */
struct conf_matcher;

/* 0; -EINVAL with the place and reason in `err`. */
int conf_pattern_new(struct slice text, bool caseless,
    struct conf_pattern **ret, struct err *err) WARN_UNUSED;
void conf_pattern_free(struct conf_pattern **pattern);

struct conf_matcher *conf_matcher_new(void);
void conf_matcher_free(struct conf_matcher **matcher);

/* Searches `text`.
 *
 * groups  may be NULL; else groups[0] is set to what matched and groups[i]
 *         to the i-th parenthesis (p == NULL where it took no part)
 * Returns 1 found; 0 not found; -E2BIG given up, it costs too much.
 */
int conf_pattern_match(const struct conf_pattern *pattern,
    struct conf_matcher *matcher, struct slice text,
    struct slice groups[CONF_PATTERN_GROUPS]) WARN_UNUSED;

#endif
