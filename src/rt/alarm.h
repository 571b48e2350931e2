/* SPDX-License-Identifier: MIT */
/* alarm.h - one-shot timers for arbitrary times.
 *
 * A binary heap with one uv_timer in front of it, so that what waits needs no
 * libuv handle of its own (handles end asynchronously, fibers do not).
 * O(log n); setting one makes no system call.  For many deadlines of one
 * length see timeq.h.
 */
#ifndef HOOKLINE_RT_ALARM_H
#define HOOKLINE_RT_ALARM_H

#include <stdbool.h>
#include <stddef.h>

#include "base/clock.h"

struct rt;

/* Embedded in its owner, zeroed at first; cleared before that goes. */
struct alarm {
	struct mono at;
	void (*fn)(struct alarm *); /* on the loop's stack, alarm not set */
	size_t pos;                 /* place in the heap, 0: not set */
};

/* Calls alarm->fn at `at` or soon after, never before.  Sets it anew if it is
 * set.  A set alarm keeps the loop running. */
void alarm_set(struct rt *rt, struct alarm *alarm, struct mono at);
/* Clearing one that is not set is fine. */
void alarm_clear(struct rt *rt, struct alarm *alarm);

static inline bool
alarm_is_set(const struct alarm *alarm)
{
	return alarm->pos != 0;
}

#endif
