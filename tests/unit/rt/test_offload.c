/* SPDX-License-Identifier: MIT */
/* test_offload.c - work on the pool, and the gate in front of it. */
#include "rt_test.h"

#include <errno.h>
#include <semaphore.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "rt/offload.h"

static struct rt *rt;
static sem_t go;
static atomic_int working, most_working, gave_up, off_fiber;

static int
set_up(void **state)
{
	(void)state;
	rt = test_rt(0);
	working = most_working = gave_up = off_fiber = 0;
	return sem_init(&go, 0, 0);
}

static int
tear_down(void **state)
{
	(void)state;
	assert_int_equal(gave_up, 0);
	assert_int_equal(rt_offload_running(rt), 0);
	assert_int_equal(rt_offload_queued(rt), 0);
	assert_true(list_is_empty(&rt->work_classes));
	test_rt_done(&rt);
	return sem_destroy(&go);
}

struct actor {
	unsigned work_class;
	int (*fn)(void *);
	struct fiber *fiber;
	bool cancel, always;
	int rc;
	bool ended;
};

/* Holds its thread until the test says go. */
static int
slow(void *arg)
{
	struct timespec end;
	int n = atomic_fetch_add(&working, 1) + 1;
	int most = atomic_load(&most_working);

	(void)arg;
	while (
	    n > most && !atomic_compare_exchange_weak(&most_working, &most, n))
		;
	(void)clock_gettime(CLOCK_REALTIME, &end);
	end.tv_sec += 20;
	if (sem_timedwait(&go, &end) == -1)
		atomic_fetch_add(&gave_up, 1);
	atomic_fetch_sub(&working, 1);
	return 1;
}

static int
quick(void *arg)
{
	(void)arg;
	atomic_fetch_add(&off_fiber, fiber_self() == NULL ? 1 : 0);
	return 5;
}

static void
offloads(void *arg)
{
	struct actor *actor = arg;

	actor->fiber = fiber_self();
	fiber_set_class(actor->fiber, actor->work_class);
	if (actor->cancel)
		fiber_cancel(actor->fiber);
	actor->rc = actor->always ? rt_offload_always(actor->fn, actor)
				  : rt_offload(actor->fn, actor);
	note("%u", actor->work_class);
	actor->ended = true;
}

static void
run_until_ended(struct actor *actor)
{
	while (!actor->ended)
		(void)uv_run(rt_loop(rt), UV_RUN_ONCE);
}

static void
returns_the_result(void **state)
{
	struct actor a = { .fn = quick };

	(void)state;
	assert_int_equal(fiber_start(rt, offloads, &a), 0);
	assert_false(a.ended);
	run_until_ended(&a);
	assert_int_equal(a.rc, 5);
	assert_int_equal(off_fiber, 1);
}

static void
never_abandoned(void **state)
{
	struct actor a = { .fn = slow };

	(void)state;
	assert_int_equal(fiber_start(rt, offloads, &a), 0);
	fiber_cancel(a.fiber);
	fiber_set_deadline(a.fiber, test_now);
	pass_ms(rt, 1000);
	assert_false(a.ended);
	assert_int_equal(sem_post(&go), 0);
	run_until_ended(&a);
	assert_int_equal(a.rc, 1);
}

static void
a_cancelled_fiber_does_not_begin(void **state)
{
	struct actor a = { .fn = quick, .cancel = true };
	struct actor b = { .fn = quick, .cancel = true, .always = true };

	(void)state;
	assert_int_equal(fiber_start(rt, offloads, &a), 0);
	assert_true(a.ended);
	assert_int_equal(a.rc, -ECANCELED);
	assert_int_equal(fiber_start(rt, offloads, &b), 0);
	run_until_ended(&b);
	assert_int_equal(b.rc, 5);
}

static void
one_class_holds_half(void **state)
{
	struct actor slows[6], other = { .work_class = 2, .fn = quick };

	(void)state;
	for (int i = 0; i < 6; i++) {
		slows[i] = (struct actor){ .work_class = 1, .fn = slow };
		assert_int_equal(fiber_start(rt, offloads, &slows[i]), 0);
	}
	assert_int_equal(rt_offload_running(rt), IO_THREADS / 2);
	assert_int_equal(rt_offload_queued(rt), 4);
	assert_int_equal(fiber_start(rt, offloads, &other), 0);
	run_until_ended(&other); /* while the slow ones hold their threads */
	assert_string_equal(trace, "2");
	for (int i = 0; i < 6; i++)
		assert_int_equal(sem_post(&go), 0);
	assert_int_equal(rt_run(rt), 0);
	assert_int_equal(most_working, IO_THREADS / 2);
	for (int i = 0; i < 6; i++)
		assert_int_equal(slows[i].rc, 1);
}

static char order[16];
static atomic_uint order_n;

static int
records_its_class(void *arg)
{
	const struct actor *actor = arg;

	order[atomic_fetch_add(&order_n, 1)] = (char)('0' + actor->work_class);
	return 0;
}

static void
classes_in_turn(void **state)
{
	struct actor slows[IO_THREADS], actors[9];

	(void)state;
	memset(order, 0, sizeof(order));
	order_n = 0;
	for (unsigned i = 0; i < IO_THREADS; i++) {
		slows[i] =
		    (struct actor){ .work_class = 8 + i % 2, .fn = slow };
		assert_int_equal(fiber_start(rt, offloads, &slows[i]), 0);
	}
	for (unsigned i = 0; i < 9; i++) {
		actors[i] = (struct actor){ .work_class = 1 + i / 3,
			.fn = records_its_class };
		assert_int_equal(fiber_start(rt, offloads, &actors[i]), 0);
	}
	assert_int_equal(rt_offload_running(rt), IO_THREADS);
	assert_int_equal(rt_offload_queued(rt), 9);
	/* One thread becomes free, and does all of it. */
	assert_int_equal(sem_post(&go), 0);
	while (
	    rt_offload_running(rt) >= IO_THREADS || rt_offload_queued(rt) > 0)
		(void)uv_run(rt_loop(rt), UV_RUN_ONCE);
	assert_string_equal(order, "123123123");
	for (unsigned i = 1; i < IO_THREADS; i++)
		assert_int_equal(sem_post(&go), 0);
	assert_int_equal(rt_run(rt), 0);
}

static pid_t worked_on;

static int
notes_its_thread(void *arg)
{
	(void)arg;
	worked_on = gettid();
	return 7;
}

/* Until rt_pool_open there is no thread when an offload has returned. */
static void
no_pool_yet(void **state)
{
	struct rt_options options = { .pool_waits = true };
	struct actor actor = { .fn = notes_its_thread };
	char path[64];

	(void)state;
	test_rt_done(&rt);
	rt = rt_new(&options);
	assert_int_equal(fiber_start(rt, offloads, &actor), 0);
	assert_true(actor.ended); /* it did not even park */
	assert_int_equal(actor.rc, 7);
	assert_int_not_equal(worked_on, gettid());
	(void)snprintf(path, sizeof(path), "/proc/self/task/%d", worked_on);
	/* The kernel removes it a moment after it was joined. */
	while (access(path, F_OK) == 0)
		;
	rt_pool_open(rt);
	actor.ended = false;
	assert_int_equal(fiber_start(rt, offloads, &actor), 0);
	assert_false(actor.ended);
	assert_int_equal(rt_run(rt), 0);
	assert_true(actor.ended);
	(void)snprintf(path, sizeof(path), "/proc/self/task/%d", worked_on);
	assert_int_equal(access(path, F_OK), 0);
}

static int then_on_loop;

static void
quick_apart(void *arg)
{
	(void)quick(arg);
}

static void
slow_apart(void *arg)
{
	(void)slow(arg);
}

static void
count(void *arg)
{
	(void)arg;
	then_on_loop++;
}

static void
without_a_fiber(void **state)
{
	(void)state;
	then_on_loop = 0;
	rt_offload_then(rt, quick_apart, count, NULL);
	assert_int_equal(then_on_loop, 0);
	while (then_on_loop == 0)
		(void)uv_run(rt_loop(rt), UV_RUN_ONCE);
	assert_int_equal(off_fiber, 1);
	assert_int_equal(rt_offload_running(rt), 0);
}

/* More than there are threads, so some of it has not even begun. */
static void
without_a_fiber_at_the_end(void **state)
{
	const struct rt_options options = { .max_fibers = 2 };

	(void)state;
	then_on_loop = 0;
	for (int i = 0; i < 9; i++)
		rt_offload_then(rt, slow_apart, count, NULL);
	assert_true(rt_offload_queued(rt) > 0);
	for (int i = 0; i < 9; i++)
		assert_int_equal(sem_post(&go), 0);
	test_rt_done(&rt);
	assert_int_equal(then_on_loop, 9);
	rt = rt_new(&options);
}

static void
without_fiber_and_pool(void **state)
{
	const struct rt_options options = { .max_fibers = 2,
		.pool_waits = true };

	(void)state;
	then_on_loop = 0;
	test_rt_done(&rt);
	rt = rt_new(&options);
	rt_offload_then(rt, quick_apart, count, NULL);
	assert_int_equal(then_on_loop, 1);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(returns_the_result),
		TEST(never_abandoned),
		TEST(a_cancelled_fiber_does_not_begin),
		TEST(one_class_holds_half),
		TEST(classes_in_turn),
		TEST(no_pool_yet),
		TEST(without_a_fiber),
		TEST(without_a_fiber_at_the_end),
		TEST(without_fiber_and_pool),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
