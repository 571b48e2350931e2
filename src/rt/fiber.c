/* SPDX-License-Identifier: MIT */
/* fiber.c - see fiber.h.
 *
 * A fiber struct belongs to its stack for as long as that is mapped, and the
 * function fiber_main never returns: a fiber that is used again goes on
 * behind the switch with which it ended.
 *
 * Everything that makes a fiber ready goes through make_ready, everything
 * that runs one through resume, everything that suspends one through
 * suspend.
 */
#include "rt/fiber.h"

#include <errno.h>

#include "base/mem.h"
#include "rt/rt_private.h"

#define ARENA_BLOCK 4096

/* Of this thread; on others (libuv's pool) always NULL. */
static _Thread_local struct fiber *current;

struct fiber *
fiber_self(void)
{
	return current;
}

/* The fiber that calls a BLOCKS function. */
static struct fiber *
running(void)
{
	CHECK(current != NULL); /* a loop function called a BLOCKS one */
	return current;
}

static bool
is_set(struct mono t)
{
	return t.ns != 0;
}

static bool
is_over(struct mono t, struct mono now)
{
	return is_set(t) && !mono_is_before(now, t);
}

/* ---- from state to state ---- */

static void
make_ready(struct fiber *fiber, int result)
{
	struct rt *rt = fiber->rt;

	alarm_clear(rt, &fiber->alarm);
	fiber->state = FIBER_READY;
	fiber->result = result;
	list_push_back(&rt->ready, &fiber->ready);
	rt->ready_count++;
	rt__run_ready_soon(rt);
}

static void
finish(struct fiber *fiber)
{
	struct rt *rt = fiber->rt;

	stack_give(&rt->stacks, fiber->stack);
	rt__trim_soon(rt);
	if (rt->fiber_wanted) {
		rt->fiber_wanted = false;
		rt->fiber_freed = true;
		rt__run_ready_soon(rt);
	}
}

static void
resume(struct fiber *fiber)
{
	CHECK(current == NULL);
	current = fiber;
	fiber->state = FIBER_RUNNING;
	fiber_context_switch(&fiber->rt->loop_context, &fiber->context);
	current = NULL;
	if (fiber->state == FIBER_IDLE)
		finish(fiber);
}

static void
suspend(struct fiber *fiber)
{
	if (fiber->on_switch != NULL)
		fiber->on_switch(fiber->on_switch_arg, false);
	fiber_context_switch(&fiber->context, &fiber->rt->loop_context);
	if (fiber->on_switch != NULL)
		fiber->on_switch(fiber->on_switch_arg, true);
}

bool
fiber__run_ready(struct rt *rt)
{
	unsigned n = rt->ready_count;

	for (; n > 0; n--) {
		struct link *link = list_pop_front(&rt->ready);

		rt->ready_count--;
		resume(CONTAINER_OF(link, struct fiber, ready));
	}
	if (rt->fiber_freed) {
		rt->fiber_freed = false;
		if (rt->on_fiber_free != NULL)
			rt->on_fiber_free(rt->on_fiber_free_arg);
	}
	return rt->ready_count > 0 || rt->fiber_freed;
}

/* ---- start and end ---- */

static void
fiber_main(void)
{
	struct fiber *fiber = current;

	for (;;) {
		fiber->fn(fiber->arg);
		fiber->on_switch = NULL;
		arena_reset(&fiber->arena);
		fiber->state = FIBER_IDLE;
		suspend(fiber);
	}
}

static void
on_alarm(struct alarm *alarm)
{
	struct fiber *fiber = CONTAINER_OF(alarm, struct fiber, alarm);

	/* Both may be over: then the deadline counts. */
	make_ready(
	    fiber, is_over(fiber->deadline, mono_now()) ? -ETIMEDOUT : -ETIME);
}

static struct fiber *
fiber_new(struct rt *rt, struct stack *stack)
{
	struct fiber *fiber = mem_alloc(sizeof(*fiber));

	fiber->magic = FIBER_MAGIC;
	fiber->rt = rt;
	fiber->stack = stack;
	fiber->alarm.fn = on_alarm;
	arena_init(&fiber->arena, ARENA_BLOCK, rt->arena_cap);
	fiber_context_init(
	    &fiber->context, stack->base, stack->size, fiber_main);
	stack->owner = fiber;
	return fiber;
}

void
fiber__free(void *owner)
{
	struct fiber *fiber = owner;

	CHECK(fiber->state == FIBER_IDLE);
	arena_done(&fiber->arena);
	fiber->magic = 0;
	mem_free(fiber);
}

int
fiber_start(struct rt *rt, fiber_fn *fn, void *arg)
{
	struct stack *stack;
	struct fiber *fiber;
	int rc;

	CHECK_OBJ(rt, RT_MAGIC);
	rc = stack_take(&rt->stacks, &stack);
	if (rc < 0) {
		rt->fiber_wanted = true;
		return rc;
	}
	fiber = stack->owner;
	if (fiber == NULL)
		fiber = fiber_new(rt, stack);
	fiber->fn = fn;
	fiber->arg = arg;
	fiber->data = NULL;
	fiber->work_class = 0;
	fiber->woken = fiber->cancelled = fiber->shielded = false;
	fiber->deadline = fiber->until = (struct mono){ 0 };
	fiber->label = NULL;
	fiber_waited_reset(fiber);
	if (current == NULL)
		resume(fiber);
	else
		make_ready(fiber, 0);
	return 0;
}

/* ---- park and wake ---- */

void
fiber_wake(struct fiber *fiber)
{
	CHECK_OBJ(fiber, FIBER_MAGIC);
	CHECK(fiber->state != FIBER_IDLE); /* a wake that was not detached */
	fiber->woken = true;
	if (fiber->state == FIBER_PARKED || fiber->state == FIBER_PARKED_ALWAYS)
		make_ready(fiber, 0);
}

static int
check(const struct fiber *fiber, struct mono now)
{
	if (fiber->cancelled && !fiber->shielded)
		return -ECANCELED;
	return is_over(fiber->deadline, now) ? -ETIMEDOUT : 0;
}

static void
set_alarm(struct fiber *fiber)
{
	struct mono at = fiber->until;

	if (!is_set(at) ||
	    (is_set(fiber->deadline) && mono_is_before(fiber->deadline, at)))
		at = fiber->deadline;
	if (is_set(at))
		alarm_set(fiber->rt, &fiber->alarm, at);
	else
		alarm_clear(fiber->rt, &fiber->alarm);
}

/* Suspends as `state`; returns why it was made ready, 0: woken. */
static int
park(struct fiber *fiber, enum fiber_state state, struct mono now)
{
	uint64_t us;

	fiber->state = state;
	fiber->parked_at = now;
	fiber->waiting_for = fiber->label != NULL ? fiber->label : "event";
	suspend(fiber);
	us = mono_since_us(mono_now(), fiber->parked_at);
	fiber->waited_us += us;
	if (us >= fiber->longest_us) {
		fiber->longest_us = us;
		fiber->longest_for = fiber->waiting_for;
	}
	fiber->waiting_for = fiber->label = NULL;
	return fiber->woken ? 0 : fiber->result;
}

int
fiber_block(uint64_t timeout_ms)
{
	struct fiber *fiber = running();
	int rc = 0;

	if (!fiber->woken) {
		struct mono now = mono_now();

		rc = check(fiber, now);
		if (rc == 0) {
			fiber->until = (struct mono){ 0 };
			if (timeout_ms > 0)
				fiber->until = mono_add_ms(now, timeout_ms);
			set_alarm(fiber);
			rc = park(fiber, FIBER_PARKED, now);
		}
	}
	fiber->woken = false;
	fiber->label = NULL;
	return rc;
}

void
fiber_block_always(void)
{
	struct fiber *fiber = running();

	if (!fiber->woken)
		(void)park(fiber, FIBER_PARKED_ALWAYS, mono_now());
	fiber->woken = false;
	fiber->label = NULL;
}

int
fiber_yield(void)
{
	struct fiber *fiber = running();

	make_ready(fiber, 0);
	suspend(fiber);
	return fiber_check();
}

int
fiber_check(void)
{
	struct fiber *fiber = running();

	return check(
	    fiber, is_set(fiber->deadline) ? mono_now() : (struct mono){ 0 });
}

/* ---- what ends a wait ---- */

static void
deliver_cancel(struct fiber *fiber)
{
	if (fiber->state == FIBER_PARKED && fiber->cancelled &&
	    !fiber->shielded)
		make_ready(fiber, -ECANCELED);
}

void
fiber_cancel(struct fiber *fiber)
{
	CHECK_OBJ(fiber, FIBER_MAGIC);
	CHECK(fiber->state != FIBER_IDLE);
	fiber->cancelled = true;
	deliver_cancel(fiber);
}

void
fiber_shield(struct fiber *fiber, bool on)
{
	CHECK_OBJ(fiber, FIBER_MAGIC);
	fiber->shielded = on;
	deliver_cancel(fiber);
}

void
fiber_uncancel(struct fiber *fiber)
{
	CHECK_OBJ(fiber, FIBER_MAGIC);
	fiber->cancelled = false;
}

bool
fiber_is_cancelled(const struct fiber *fiber)
{
	return fiber->cancelled && !fiber->shielded;
}

void
fiber_set_deadline(struct fiber *fiber, struct mono deadline)
{
	CHECK_OBJ(fiber, FIBER_MAGIC);
	fiber->deadline = deadline;
	if (fiber->state == FIBER_PARKED)
		set_alarm(fiber);
}

struct mono
fiber_deadline(const struct fiber *fiber)
{
	return fiber->deadline;
}

/* ---- what a fiber carries ---- */

struct rt *
fiber_rt(const struct fiber *fiber)
{
	return fiber->rt;
}

struct arena *
fiber_arena(struct fiber *fiber)
{
	return &fiber->arena;
}

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wframe-larger-than=" /* that is its purpose */
__attribute__((noinline)) void
fiber_wipe_stack(void)
{
	char room[24 * 1024];

	secret_wipe(room, sizeof(room));
}
#pragma GCC diagnostic pop

void
fiber_on_switch(struct fiber *fiber, fiber_switch_fn *fn, void *arg)
{
	fiber->on_switch = fn;
	fiber->on_switch_arg = arg;
}

void
fiber_set_data(struct fiber *fiber, void *data)
{
	fiber->data = data;
}

void *
fiber_data(const struct fiber *fiber)
{
	return fiber->data;
}

void
fiber_set_class(struct fiber *fiber, unsigned work_class)
{
	fiber->work_class = work_class;
}

unsigned
fiber_class(const struct fiber *fiber)
{
	return fiber->work_class;
}

void
fiber_label_wait(const char *what)
{
	running()->label = what;
}

uint64_t
fiber_waited_us(const struct fiber *fiber)
{
	uint64_t us = fiber->waited_us;

	if (fiber->waiting_for != NULL)
		us += mono_since_us(mono_now(), fiber->parked_at);
	return us;
}

const char *
fiber_waited_for(const struct fiber *fiber)
{
	return fiber->waiting_for != NULL ? fiber->waiting_for
					  : fiber->longest_for;
}

void
fiber_waited_reset(struct fiber *fiber)
{
	fiber->waited_us = fiber->longest_us = 0;
	fiber->longest_for = fiber->waiting_for = NULL;
}

struct fiber *
fiber_of_fault(const void *addr)
{
	if (current == NULL || !stack_is_guard(current->stack, addr))
		return NULL;
	return current;
}

size_t
fiber_stack_left(void)
{
	const char *here = __builtin_frame_address(0);

	return current != NULL ? (size_t)(here - current->stack->base) : 0;
}
