/* SPDX-License-Identifier: MIT */
/* test_wait.c - one-shot waits and sleep. */
#include "rt_test.h"

#include <errno.h>

#include "base/mem.h"
#include "rt/wait.h"

static struct rt *rt;
static unsigned destroyed;

static void
destroy(struct waiter *waiter)
{
	destroyed++;
	mem_free(waiter);
}

static int
set_up(void **state)
{
	(void)state;
	rt = test_rt(0);
	destroyed = 0;
	return 0;
}

static int
tear_down(void **state)
{
	(void)state;
	test_rt_done(&rt);
	return 0;
}

struct actor {
	struct waiter *waiter;
	struct fiber *fiber;
	uint64_t timeout_ms;
	bool always;
	int rc, result;
	bool ended;
};

static struct waiter *
new_waiter(void)
{
	struct waiter *waiter = mem_alloc(sizeof(*waiter));

	waiter_init(waiter, destroy);
	return waiter;
}

static void
waits(void *arg)
{
	struct actor *actor = arg;

	actor->fiber = fiber_self();
	if (actor->always)
		waiter_wait_always(actor->waiter);
	else
		actor->rc = waiter_wait(actor->waiter, actor->timeout_ms);
	actor->result = actor->waiter->result;
	waiter_unref(&actor->waiter);
	actor->ended = true;
}

static void
done_before(void **state)
{
	struct actor a = { .waiter = new_waiter() };

	(void)state;
	waiter_done(a.waiter, 7);
	assert_int_equal(fiber_start(rt, waits, &a), 0);
	assert_true(a.ended);
	assert_int_equal(a.rc, 0);
	assert_int_equal(a.result, 7);
	assert_int_equal(destroyed, 1);
}

static void
done_while_parked(void **state)
{
	struct actor a = { .waiter = new_waiter() };

	(void)state;
	assert_int_equal(fiber_start(rt, waits, &a), 0);
	fiber_wake(a.fiber); /* of somebody else */
	turn(rt);
	assert_false(a.ended);
	waiter_done(a.waiter, -5);
	assert_false(waiter_is_abandoned(a.waiter));
	assert_int_equal(destroyed, 0);
	turn(rt);
	assert_true(a.ended);
	assert_int_equal(a.rc, 0);
	assert_int_equal(a.result, -5);
	assert_int_equal(destroyed, 1);
}

static void
done_after(void **state)
{
	struct actor a = { .waiter = new_waiter(), .timeout_ms = 10 };
	struct waiter *theirs = a.waiter;

	(void)state;
	assert_int_equal(fiber_start(rt, waits, &a), 0);
	pass_ms(rt, 10);
	assert_true(a.ended);
	assert_int_equal(a.rc, -ETIME);
	assert_int_equal(rt_fibers_in_use(rt), 0);
	assert_int_equal(destroyed, 0);
	assert_true(waiter_is_abandoned(theirs));
	waiter_done(theirs, 1);
	assert_int_equal(destroyed, 1);
}

static void
timeout_is_for_the_whole(void **state)
{
	struct actor a = { .waiter = new_waiter(), .timeout_ms = 10 };
	struct waiter *theirs = a.waiter;

	(void)state;
	assert_int_equal(fiber_start(rt, waits, &a), 0);
	for (int i = 0; i < 9; i++) {
		pass_ms(rt, 1);
		fiber_wake(a.fiber);
		turn(rt);
	}
	assert_false(a.ended);
	pass_ms(rt, 1);
	assert_true(a.ended);
	assert_int_equal(a.rc, -ETIME);
	waiter_done(theirs, 0);
}

static void
cancelled_while_parked(void **state)
{
	struct actor a = { .waiter = new_waiter() };
	struct waiter *theirs = a.waiter;

	(void)state;
	assert_int_equal(fiber_start(rt, waits, &a), 0);
	fiber_cancel(a.fiber);
	turn(rt);
	assert_int_equal(a.rc, -ECANCELED);
	waiter_done(theirs, 0);
	assert_int_equal(destroyed, 1);
}

static void
done_and_cancelled_at_once(void **state)
{
	struct actor a = { .waiter = new_waiter() };

	(void)state;
	assert_int_equal(fiber_start(rt, waits, &a), 0);
	fiber_cancel(a.fiber);
	waiter_done(a.waiter, 3);
	turn(rt);
	assert_int_equal(a.rc, 0); /* the result is not thrown away */
	assert_int_equal(a.result, 3);
}

static void
always_means_always(void **state)
{
	struct actor a = { .waiter = new_waiter(), .always = true };

	(void)state;
	assert_int_equal(fiber_start(rt, waits, &a), 0);
	fiber_cancel(a.fiber);
	fiber_set_deadline(a.fiber, test_now);
	fiber_wake(a.fiber);
	pass_ms(rt, 100);
	assert_false(a.ended);
	waiter_done(a.waiter, 4);
	turn(rt);
	assert_int_equal(a.result, 4);
}

static void
sleeps(void *arg)
{
	struct actor *actor = arg;

	actor->fiber = fiber_self();
	actor->rc = fiber_sleep(actor->timeout_ms);
	note("%s", fiber_waited_for(actor->fiber));
	actor->ended = true;
}

static void
sleep_is_not_shortened(void **state)
{
	struct actor a = { .timeout_ms = 10 };

	(void)state;
	assert_int_equal(fiber_start(rt, sleeps, &a), 0);
	pass_ms(rt, 4);
	fiber_wake(a.fiber);
	turn(rt);
	pass_ms(rt, 5);
	assert_false(a.ended);
	pass_ms(rt, 1);
	assert_true(a.ended);
	assert_int_equal(a.rc, 0);
	assert_string_equal(trace, "sleep");
}

static void
sleep_ends_early_with_the_fiber(void **state)
{
	struct actor a = { .timeout_ms = 10 }, b = { .timeout_ms = 10 };

	(void)state;
	assert_int_equal(fiber_start(rt, sleeps, &a), 0);
	fiber_set_deadline(a.fiber, mono_add_ms(test_now, 3));
	pass_ms(rt, 3);
	assert_int_equal(a.rc, -ETIMEDOUT);
	assert_int_equal(fiber_start(rt, sleeps, &b), 0);
	fiber_cancel(b.fiber);
	turn(rt);
	assert_int_equal(b.rc, -ECANCELED);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(done_before),
		TEST(done_while_parked),
		TEST(done_after),
		TEST(timeout_is_for_the_whole),
		TEST(cancelled_while_parked),
		TEST(done_and_cancelled_at_once),
		TEST(always_means_always),
		TEST(sleep_is_not_shortened),
		TEST(sleep_ends_early_with_the_fiber),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
