/* SPDX-License-Identifier: MIT */
/* test_alarm.c - timers for arbitrary times. */
#include "rt_test.h"

#define COUNT 500

static struct rt *rt;
static struct alarm alarms[COUNT];
static uint64_t last_ns;
static unsigned fired, out_of_order, too_early;

static void
on_alarm(struct alarm *alarm)
{
	fired++;
	if (alarm->at.ns < last_ns)
		out_of_order++;
	if (alarm->at.ns > test_now.ns)
		too_early++;
	last_ns = alarm->at.ns;
	if (alarm_is_set(alarm))
		out_of_order++;
}

static int
set_up(void **state)
{
	(void)state;
	memset(alarms, 0, sizeof(alarms));
	for (int i = 0; i < COUNT; i++)
		alarms[i].fn = on_alarm;
	rt = test_rt(0);
	last_ns = fired = out_of_order = too_early = 0;
	return 0;
}

static int
tear_down(void **state)
{
	(void)state;
	test_rt_done(&rt);
	return 0;
}

static struct mono
in_ms(uint64_t ms)
{
	return mono_add_ms(test_now, ms);
}

/* A spread over 0 .. 996 without repeating pattern. */
static uint64_t
spread(int i)
{
	return (uint64_t)i * 7919 % 997;
}

static void
in_order(void **state)
{
	(void)state;
	for (int i = 0; i < COUNT; i++)
		alarm_set(rt, &alarms[i], in_ms(spread(i)));
	/* Every third is set again, every fifth is cleared. */
	for (int i = 0; i < COUNT; i += 3)
		alarm_set(rt, &alarms[i], in_ms(spread(i + 100)));
	for (int i = 0; i < COUNT; i += 5) {
		alarm_clear(rt, &alarms[i]);
		alarm_clear(rt, &alarms[i]);
	}
	for (int ms = 0; ms < 1000; ms += 10)
		pass_ms(rt, 10);
	assert_int_equal(fired, COUNT - COUNT / 5);
	assert_int_equal(out_of_order, 0);
	assert_int_equal(too_early, 0);
}

static void
never_early(void **state)
{
	(void)state;
	alarm_set(rt, &alarms[0], in_ms(10));
	pass_ms(rt, 9);
	assert_int_equal(fired, 0);
	assert_true(alarm_is_set(&alarms[0]));
	pass_ms(rt, 1);
	assert_int_equal(fired, 1);
}

static void
sets_itself_again(struct alarm *alarm)
{
	if (++fired < 3)
		alarm_set(rt, alarm, mono_add_ms(alarm->at, 10));
}

static void
again_from_the_callback(void **state)
{
	(void)state;
	alarms[0].fn = sets_itself_again;
	alarm_set(rt, &alarms[0], in_ms(10));
	pass_ms(rt, 10);
	assert_int_equal(fired, 1);
	/* Late: the next one is over already. */
	pass_ms(rt, 25);
	assert_int_equal(fired, 3);
	assert_false(alarm_is_set(&alarms[0]));
}

static void
keeps_the_loop_while_set(void **state)
{
	(void)state;
	alarm_set(rt, &alarms[0], in_ms(1000));
	assert_true(uv_loop_alive(rt_loop(rt)));
	alarm_clear(rt, &alarms[0]);
	assert_false(uv_loop_alive(rt_loop(rt)));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(in_order, set_up, tear_down),
		cmocka_unit_test_setup_teardown(never_early, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
		    again_from_the_callback, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
		    keeps_the_loop_while_set, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
