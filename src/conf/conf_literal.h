/* SPDX-License-Identifier: MIT */
/* conf_literal.h - a text without which a regular expression cannot fit.
 *
 * "^.*@bad\.example$" fits only what has "@bad.example" in it.  So of many
 * expressions only a few have to be tried (conf_sieve.h).
 */
#ifndef HOOKLINE_CONF_LITERAL_H
#define HOOKLINE_CONF_LITERAL_H

#include <stddef.h>

#include "base/slice.h"

#define CONF_LITERAL_MAX 64 /* bytes; of a longer one the beginning */

/* Of an expression that PCRE2 has compiled: the longest such text, in lower
 * case.  It stands, in any case of its letters, in everything that the
 * expression fits.  Returns its length; 0: none was found, since there is
 * none or the expression has something that is not understood here. */
size_t conf_literal(struct slice regex, char ret[CONF_LITERAL_MAX]);

#endif
