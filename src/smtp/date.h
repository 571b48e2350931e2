/* SPDX-License-Identifier: MIT */
/* date.h - the date and time of a message's fields (RFC 5322, 3.3). */
#ifndef HOOKLINE_SMTP_DATE_H
#define HOOKLINE_SMTP_DATE_H

#include <stdint.h>

#include "base/check.h"
#include "base/slice.h"

/* "Sat, 28 Nov 2026 09:18:49 +0000 (UTC)" to seconds since 1970.
 *
 * `in` is the value of a field, folds and comments are skipped.  The obsolete
 * forms of 4.3 are taken: years of two and three digits, names of zones, where
 * one that is not known, or that is missing, means UTC.  The day's name need
 * not be right, the day must exist.  Seconds may be missing; a leap second
 * counts as the second before.
 * Returns 0, or -EINVAL for what is no such date, with *ret_s unchanged. */
int smtp_date_parse(struct slice in, int64_t *ret_s) WARN_UNUSED;

#endif
