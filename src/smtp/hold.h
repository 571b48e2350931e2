/* SPDX-License-Identifier: MIT */
/* hold.h - when a message is released (FUTURERELEASE, RFC 4865). */
#ifndef HOOKLINE_SMTP_HOLD_H
#define HOOKLINE_SMTP_HOLD_H

#include <stdint.h>

#include "base/check.h"
#include "base/slice.h"

/* The value of HOLDFOR: 1 to 999999999 seconds.  0 or -EINVAL. */
int smtp_hold_for_parse(struct slice value, uint64_t *ret_s) WARN_UNUSED;
/* The value of HOLDUNTIL: a date-time of RFC 3339 5.6 as seconds since 1970.
 * A leap second counts as the second before.  0 or -EINVAL. */
int smtp_hold_until_parse(struct slice value, int64_t *ret_s) WARN_UNUSED;

#endif
