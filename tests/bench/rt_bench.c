/* SPDX-License-Identifier: MIT */
/* rt_bench.c - what fibers and their loop cost.
 *
 * Prints nanoseconds of processor time for each operation (the least of
 * several rounds, since what disturbs a measurement only ever makes it
 * longer), and the memory of parked fibers.
 */
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <uv.h>

#include "rt/fiber.h"
#include "rt/fiber_switch.h"
#include "rt/offload.h"
#include "rt/stack.h"
#include "rt/timeq.h"
#include "rt/wait.h"

#define ROUNDS 9
#define SLEEPERS 1000
#define PARKED 5000

static struct rt *rt;
static struct fiber_context here, there;
static struct timeq *queue;
static struct timeq_entry entries[256];

static uint64_t
cpu_ns(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

/* ---- one operation each; `n` times ---- */

static void
bounce(void)
{
	for (;;)
		fiber_context_switch(&there, &here);
}

static void
switch_and_back(unsigned n)
{
	while (n-- > 0)
		fiber_context_switch(&here, &there);
}

static void
nothing(void *arg)
{
	(void)arg;
}

static void
start_and_end(unsigned n)
{
	while (n-- > 0)
		if (fiber_start(rt, nothing, NULL) != 0)
			UNREACHABLE();
}

static void
yields(void *arg)
{
	unsigned n = *(const unsigned *)arg;

	while (n-- > 0)
		(void)fiber_yield();
}

static void
yield_n(unsigned fibers, unsigned n)
{
	unsigned each = n / fibers;

	for (unsigned i = 0; i < fibers; i++)
		if (fiber_start(rt, yields, &each) != 0)
			UNREACHABLE();
	(void)rt_run(rt);
}

static void
yield_alone(unsigned n)
{
	yield_n(1, n);
}

static void
yield_hundred(unsigned n)
{
	yield_n(100, n);
}

static void
wakes_itself(void *arg)
{
	unsigned n = *(const unsigned *)arg;

	while (n-- > 0) {
		struct waiter *waiter = waiter_new();

		waiter_done(waiter, 0);
		(void)!waiter_wait(waiter, 1000);
		waiter_unref(&waiter);
	}
}

static void
waiter_done_before(unsigned n)
{
	if (fiber_start(rt, wakes_itself, &n) != 0)
		UNREACHABLE();
}

static void
sleeps(void *arg)
{
	unsigned n = *(const unsigned *)arg;

	while (n-- > 0)
		(void)fiber_sleep(1 + n % 7);
}

static void
sleep_thousand(unsigned n)
{
	unsigned each = n / SLEEPERS;

	for (unsigned i = 0; i < SLEEPERS; i++)
		if (fiber_start(rt, sleeps, &each) != 0)
			UNREACHABLE();
	(void)rt_run(rt);
}

static int
no_work(void *arg)
{
	(void)arg;
	return 0;
}

static void
offloads(void *arg)
{
	unsigned n = *(const unsigned *)arg;

	while (n-- > 0)
		(void)rt_offload(no_work, NULL);
}

static void
offload_n(unsigned fibers, unsigned n)
{
	unsigned each = n / fibers;

	for (unsigned i = 0; i < fibers; i++)
		if (fiber_start(rt, offloads, &each) != 0)
			UNREACHABLE();
	(void)rt_run(rt);
}

static void
offload_alone(unsigned n)
{
	offload_n(1, n);
}

static void
offload_fifty(unsigned n)
{
	offload_n(50, n);
}

static void
on_due(struct timeq_entry *entry, void *arg)
{
	(void)entry;
	(void)arg;
}

static void
arm(unsigned n)
{
	while (n-- > 0)
		timeq_arm(queue, &entries[n * 31 % 256]);
}

static const struct {
	const char *name;
	void (*fn)(unsigned n);
	unsigned n;
} operations[] = {
	{ "switch to a stack and back", switch_and_back, 200000 },
	{ "start a fiber that returns", start_and_end, 100000 },
	{ "yield, one fiber (a turn of the loop each)", yield_alone, 20000 },
	{ "yield, 100 fibers", yield_hundred, 100000 },
	{ "waiter that is done already", waiter_done_before, 100000 },
	{ "sleep of 1 to 7 ms, 1000 fibers", sleep_thousand, 10000 },
	{ "offload and back, one at a time", offload_alone, 3000 },
	{ "offload and back, 50 fibers", offload_fifty, 10000 },
	{ "arm a deadline, 256 entries", arm, 200000 },
};

static void
measure(void)
{
	for (size_t i = 0; i < ARRAY_SIZE(operations); i++) {
		double least = 0;

		for (int round = 0; round < ROUNDS; round++) {
			uint64_t begin = cpu_ns();
			double ns;

			operations[i].fn(operations[i].n);
			ns = (double)(cpu_ns() - begin) / operations[i].n;
			if (round == 0 || ns < least)
				least = ns;
		}
		printf("%9.1f ns  %s\n", least, operations[i].name);
	}
}

/* ---- memory ---- */

static long
resident_kib(void)
{
	long pages = 0, resident = 0;
	FILE *file = fopen("/proc/self/statm", "r");

	if (file == NULL || fscanf(file, "%ld %ld", &pages, &resident) != 2)
		resident = 0;
	if (file != NULL)
		(void)fclose(file);
	return resident * (sysconf(_SC_PAGESIZE) / 1024);
}

static void
parks(void *arg)
{
	(void)arg;
	(void)fiber_sleep(300);
}

static void
on_rest(uv_timer_t *timer)
{
	uv_close((uv_handle_t *)timer, NULL);
}

static void
memory(void)
{
	uv_timer_t rest;
	long before = resident_kib(), parked;

	for (unsigned i = 0; i < PARKED; i++)
		if (fiber_start(rt, parks, NULL) != 0)
			UNREACHABLE();
	parked = resident_kib();
	/* The pool looks once a second. */
	(void)uv_timer_init(rt_loop(rt), &rest);
	(void)uv_timer_start(&rest, on_rest, 14000, 0);
	(void)rt_run(rt);
	printf("%9.1f KiB a parked fiber (%d), %ld KiB more than before when "
	       "they are gone\n",
	    (double)(parked - before) / PARKED, PARKED,
	    resident_kib() - before);
}

int
main(void)
{
	struct stack_pool pool;
	struct stack *stack;

	rt = rt_new(NULL);
	queue = timeq_new(rt, 300000, on_due, NULL);
	stack_pool_init(&pool, 65536, 1, 1, NULL);
	if (stack_take(&pool, &stack) != 0)
		return 1;
	fiber_context_init(&there, stack->base, stack->size, bounce);
	printf("fiber backend: %s\n", fiber_backend_name);
	memory(); /* first: measuring leaves warm stacks */
	measure();
	for (size_t i = 0; i < ARRAY_SIZE(entries); i++)
		timeq_cancel(&entries[i]);
	timeq_free(&queue);
	rt_free(&rt);
	stack_give(&pool, stack);
	stack_pool_done(&pool);
	return 0;
}
