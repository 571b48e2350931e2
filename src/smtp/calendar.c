/* SPDX-License-Identifier: MIT */
/* calendar.c - a day and a time of day to seconds since 1970. */
#include "smtp/calendar.h"

static unsigned
days_of_month(const struct calendar *c)
{
	static const unsigned char days[] = { 31, 28, 31, 30, 31, 30, 31, 31,
		30, 31, 30, 31 };
	bool leap =
	    (c->year % 4 == 0 && c->year % 100 != 0) || c->year % 400 == 0;

	return days[c->month - 1] + (c->month == 2 && leap ? 1U : 0U);
}

/* Days since 1970: years begin in March, so that the leap day is the last of
 * one.  400 of them, all cycles of 146,097 days, are added for January of the
 * year 0. */
static int64_t
days_since_1970(const struct calendar *c)
{
	int64_t year = (int64_t)c->year - (c->month <= 2) + 400;
	int64_t month = (int64_t)c->month + (c->month <= 2 ? 9 : -3);

	return 365 * year + year / 4 - year / 100 + year / 400 +
	       (153 * month + 2) / 5 + (int64_t)c->day - 1 - 719468 - 146097;
}

bool
calendar_is_valid(const struct calendar *c)
{
	return c->year <= 9999 && c->month >= 1 && c->month <= 12 &&
	       c->day >= 1 && c->day <= days_of_month(c) && c->hour <= 23 &&
	       c->minute <= 59 && c->second <= 60;
}

int64_t
calendar_seconds(const struct calendar *c)
{
	unsigned second = c->second == 60 ? 59 : c->second;

	return days_since_1970(c) * 86400 + (int64_t)c->hour * 3600 +
	       (int64_t)c->minute * 60 + (int64_t)second;
}
