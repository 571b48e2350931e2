/* SPDX-License-Identifier: MIT */
/* calendar.h - a day and a time of day to seconds since 1970. */
#ifndef HOOKLINE_SMTP_CALENDAR_H
#define HOOKLINE_SMTP_CALENDAR_H

#include <stdbool.h>
#include <stdint.h>

/* month and day count from 1; second may be 60. */
struct calendar {
	unsigned year, month, day, hour, minute, second;
};

/* Is there such a day, of the years 0 to 9999, and such a time? */
bool calendar_is_valid(const struct calendar *c);
/* UTC, of a valid one, in the proleptic Gregorian calendar; a leap second
 * counts as the second before. */
int64_t calendar_seconds(const struct calendar *c);

#endif
