/* SPDX-License-Identifier: MIT */
/* conf_nearest.h - "did you mean ...?" for mistyped words. */
#ifndef HOOKLINE_CONF_NEAREST_H
#define HOOKLINE_CONF_NEAREST_H

#include <stddef.h>

#include "base/slice.h"

/* The one of `names` that differs from `word` by the fewest letters (one
 * inserted, left out, changed, or two swapped counts 1; case counts nothing),
 * or NULL when none is near enough: more than a third of its letters wrong.
 * The first of several equally near ones. */
const char *conf_nearest(
    struct slice word, const char *const *names, size_t count);

#endif
