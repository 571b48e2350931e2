/* SPDX-License-Identifier: MIT */
/* test_timeq.c - queues of deadlines. */
#include "rt_test.h"

#include "rt/timeq.h"

struct session {
	const char *name;
	struct timeq_entry entry;
	struct timeq *again;  /* armed there when due */
	struct session *kill; /* cancelled when due */
};

static struct rt *rt;
static struct timeq *fast, *slow, *never;

static void
on_due(struct timeq_entry *entry, void *arg)
{
	struct session *s = CONTAINER_OF(entry, struct session, entry);

	note("%s:%s%s", (const char *)arg, s->name,
	    timeq_is_armed(entry) ? "!" : "");
	if (s->again != NULL)
		timeq_arm(s->again, entry);
	if (s->kill != NULL)
		timeq_cancel(&s->kill->entry);
}

static struct timeq *
queue(uint64_t timeout_ms, const char *name)
{
	return timeq_new(rt, timeout_ms, on_due, (void *)(uintptr_t)name);
}

static int
set_up(void **state)
{
	(void)state;
	rt = test_rt(0);
	fast = queue(100, "fast");
	slow = queue(1000, "slow");
	never = queue(0, "never");
	return 0;
}

static int
tear_down(void **state)
{
	(void)state;
	timeq_free(&fast);
	timeq_free(&slow);
	timeq_free(&never);
	assert_null(fast);
	test_rt_done(&rt);
	return 0;
}

/* The loop's clock, moved by hand. */
static void
move_ms(uint64_t ms)
{
	rt->loop.time += ms;
}

/* What the loop does when its timer is due; false: it is not. */
static bool
fire(void)
{
	if (!uv_is_active((uv_handle_t *)&rt->timeq_timer) ||
	    rt->timeq_due_ms > rt->loop.time)
		return false;
	(void)uv_timer_stop(&rt->timeq_timer);
	timeq__on_timer(&rt->timeq_timer);
	return true;
}

static void
in_order(void **state)
{
	struct session a = { .name = "a" }, b = { .name = "b" },
		       c = { .name = "c" };

	(void)state;
	timeq_arm(slow, &a.entry);
	timeq_arm(fast, &b.entry);
	move_ms(50);
	timeq_arm(fast, &c.entry);
	move_ms(49);
	assert_false(fire());
	move_ms(1);
	assert_true(fire());
	assert_string_equal(trace, "fast:b");
	assert_false(timeq_is_armed(&b.entry));
	move_ms(50);
	assert_true(fire());
	move_ms(850);
	assert_true(fire());
	assert_string_equal(trace, "fast:b fast:c slow:a");
	assert_false(uv_is_active((uv_handle_t *)&rt->timeq_timer));
}

static void
arming_again_moves_to_the_tail(void **state)
{
	struct session a = { .name = "a" }, b = { .name = "b" };

	(void)state;
	timeq_arm(fast, &a.entry);
	timeq_arm(fast, &b.entry);
	move_ms(60);
	timeq_arm(fast, &a.entry);
	move_ms(40);
	assert_true(fire());
	assert_string_equal(trace, "fast:b");
	move_ms(60);
	assert_true(fire());
	assert_string_equal(trace, "fast:b fast:a");
}

static void
from_one_queue_to_another(void **state)
{
	struct session a = { .name = "a" };

	(void)state;
	timeq_arm(slow, &a.entry);
	timeq_arm(fast, &a.entry); /* earlier than the timer is set for */
	move_ms(100);
	assert_true(fire());
	assert_string_equal(trace, "fast:a");
	timeq_arm(fast, &a.entry);
	timeq_arm(never, &a.entry);
	assert_false(timeq_is_armed(&a.entry));
}

static void
cancelled_ones_do_not_fire(void **state)
{
	struct session a = { .name = "a" }, b = { .name = "b" };

	(void)state;
	timeq_cancel(&a.entry);
	timeq_arm(fast, &a.entry);
	move_ms(10);
	timeq_arm(fast, &b.entry);
	timeq_cancel(&a.entry);
	timeq_cancel(&a.entry);
	move_ms(90);
	assert_true(fire()); /* for a, which is gone */
	assert_string_equal(trace, "");
	move_ms(10);
	assert_true(fire());
	assert_string_equal(trace, "fast:b");
}

static void
callbacks_change_queues(void **state)
{
	struct session a = { .name = "a" }, b = { .name = "b" },
		       c = { .name = "c" };

	(void)state;
	a.again = fast; /* itself */
	a.kill = &b;    /* the next in the same turn */
	c.again = slow;
	timeq_arm(fast, &a.entry);
	timeq_arm(fast, &b.entry);
	timeq_arm(fast, &c.entry);
	move_ms(150);
	assert_true(fire());
	assert_string_equal(trace, "fast:a fast:c");
	a.again = c.again = NULL;
	move_ms(100);
	assert_true(fire());
	move_ms(900);
	assert_true(fire());
	assert_string_equal(trace, "fast:a fast:c fast:a slow:c");
}

static void
arming_leaves_the_timer_alone(void **state)
{
	struct session a = { .name = "a" }, b = { .name = "b" };
	uint64_t due_ms;

	(void)state;
	timeq_arm(fast, &a.entry);
	due_ms = rt->timeq_timer.timeout;
	for (int i = 0; i < 50; i++) {
		move_ms(1);
		timeq_arm(fast, &a.entry);
		timeq_arm(slow, &b.entry);
	}
	assert_int_equal(rt->timeq_timer.timeout, due_ms);
	timeq_cancel(&a.entry);
	timeq_cancel(&b.entry);
	/* Nothing armed, or not: it does not hold the loop. */
	assert_false(uv_loop_alive(rt_loop(rt)));
}

static void
stop(struct timeq_entry *entry, void *arg)
{
	(void)entry;
	note("due");
	uv_close(arg, NULL);
}

/* Once with the loop's own clock. */
static void
real_clock(void **state)
{
	struct timeq *q;
	struct timeq_entry entry = { 0 };
	uv_async_t keeps_running;

	(void)state;
	assert_int_equal(uv_async_init(rt_loop(rt), &keeps_running, NULL), 0);
	q = timeq_new(rt, 2, stop, &keeps_running);
	timeq_arm(q, &entry);
	assert_int_equal(rt_run(rt), 0);
	assert_string_equal(trace, "due");
	timeq_free(&q);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(in_order),
		TEST(arming_again_moves_to_the_tail),
		TEST(from_one_queue_to_another),
		TEST(cancelled_ones_do_not_fire),
		TEST(callbacks_change_queues),
		TEST(arming_leaves_the_timer_alone),
		TEST(real_clock),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
