/* SPDX-License-Identifier: MIT */
/* alarm.c - see alarm.h.
 *
 * libuv's clock is the time of the last turn of the loop, so its timer may
 * fire before `at`; alarm__on_timer asks the clock and sets it again.  The
 * timer is set anew only when an alarm comes to the front; when that one is
 * cleared it fires for nothing, once.
 */
#include "rt/alarm.h"

#include "base/mem.h"
#include "rt/rt_private.h"

static void
place(struct rt *rt, struct alarm *alarm, size_t pos)
{
	rt->alarms[pos] = alarm;
	alarm->pos = pos;
}

/* Moves `alarm`, whose place is the hole `pos`, up or down to where it
 * belongs. */
static void
sift_up(struct rt *rt, struct alarm *alarm, size_t pos)
{
	while (pos > 1 && mono_is_before(alarm->at, rt->alarms[pos / 2]->at)) {
		place(rt, rt->alarms[pos / 2], pos);
		pos /= 2;
	}
	place(rt, alarm, pos);
}

static void
sift_down(struct rt *rt, struct alarm *alarm, size_t pos)
{
	size_t child;

	while ((child = pos * 2) <= rt->alarm_count) {
		if (child < rt->alarm_count &&
		    mono_is_before(
			rt->alarms[child + 1]->at, rt->alarms[child]->at))
			child++;
		if (!mono_is_before(rt->alarms[child]->at, alarm->at))
			break;
		place(rt, rt->alarms[child], pos);
		pos = child;
	}
	place(rt, alarm, pos);
}

static void
heap_add(struct rt *rt, struct alarm *alarm)
{
	if (rt->alarm_count + 1 >= rt->alarm_size) {
		rt->alarm_size = rt->alarm_size * 2 + 64;
		rt->alarms = mem_grow(
		    rt->alarms, rt->alarm_size * sizeof(struct alarm *));
	}
	sift_up(rt, alarm, ++rt->alarm_count);
}

static void
heap_remove(struct rt *rt, struct alarm *alarm)
{
	size_t pos = alarm->pos;
	struct alarm *last = rt->alarms[rt->alarm_count--];

	alarm->pos = 0;
	if (last == alarm)
		return;
	if (pos > 1 && mono_is_before(last->at, rt->alarms[pos / 2]->at))
		sift_up(rt, last, pos);
	else
		sift_down(rt, last, pos);
}

static void
set_timer(struct rt *rt, struct mono now)
{
	uint64_t ms = 1;

	if (rt->alarm_count == 0) {
		(void)uv_timer_stop(&rt->alarm_timer);
		return;
	}
	if (mono_is_before(now, rt->alarms[1]->at))
		ms = (mono_since_us(rt->alarms[1]->at, now) + 1000) / 1000;
	(void)uv_timer_start(&rt->alarm_timer, alarm__on_timer, ms, 0);
}

void
alarm_set(struct rt *rt, struct alarm *alarm, struct mono at)
{
	if (alarm->pos != 0)
		heap_remove(rt, alarm);
	alarm->at = at;
	heap_add(rt, alarm);
	if (alarm->pos == 1)
		set_timer(rt, mono_now());
}

void
alarm_clear(struct rt *rt, struct alarm *alarm)
{
	if (alarm->pos == 0)
		return;
	heap_remove(rt, alarm);
	if (rt->alarm_count == 0)
		(void)uv_timer_stop(&rt->alarm_timer);
}

void
alarm__on_timer(uv_timer_t *timer)
{
	struct rt *rt = timer->data;
	struct mono now = mono_now();

	while (rt->alarm_count > 0 && !mono_is_before(now, rt->alarms[1]->at)) {
		struct alarm *alarm = rt->alarms[1];

		heap_remove(rt, alarm);
		alarm->fn(alarm);
	}
	set_timer(rt, now);
}
