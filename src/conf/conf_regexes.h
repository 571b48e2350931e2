/* SPDX-License-Identifier: MIT */
/* conf_regexes.h - the regular expressions of one list, in one flavour.
 *
 * A look-up tries those that can fit (conf_sieve.h): without an expression
 * that offers the sieve nothing, its cost does not grow with their number.
 */
#ifndef HOOKLINE_CONF_REGEXES_H
#define HOOKLINE_CONF_REGEXES_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/slice.h"
#include "conf/conf_flavour.h"

struct conf_regexes;

/* Where an expression that costs too much is told, once. */
typedef void conf_regexes_costly_fn(void *arg, size_t line);

struct conf_regexes *conf_regexes_new(void);
void conf_regexes_free(struct conf_regexes **regexes);
/* Lines come in ascending order.  0; -EINVAL with place and reason. */
int conf_regexes_add(struct conf_regexes *regexes,
    const struct conf_regex *regex, size_t line, struct err *err) WARN_UNUSED;
size_t conf_regexes_count(const struct conf_regexes *regexes);

/* The first line before `before` whose expression fits one of the `forms` of
 * a text, else `before`.  One that costs too much is passed over. */
size_t conf_regexes_find(struct conf_regexes *regexes,
    const struct slice *forms, size_t count, size_t before,
    conf_regexes_costly_fn *on_costly, void *arg);
/* Expressions that were tried, and places of tables looked at, so far. */
uint64_t conf_regexes_tried(const struct conf_regexes *regexes);
uint64_t conf_regexes_work(const struct conf_regexes *regexes);

#endif
