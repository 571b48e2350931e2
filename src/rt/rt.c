/* SPDX-License-Identifier: MIT */
/* rt.c - see rt.h. */
#include "rt/rt.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "rt/rt_private.h"
#include "rt/sanitizers.h"

#define DEFAULT_MAX_FIBERS 8192
#define MOST_FIBERS 24000 /* two mappings each; vm.max_map_count is 65,530 */
#define DEFAULT_IO_THREADS 32
#define MOST_IO_THREADS 1024 /* libuv's limit */
#define DEFAULT_WARM_STACKS 32
#ifdef HOOKLINE_ASAN
#define DEFAULT_STACK_BYTES ((size_t)512 << 10)
#else
#define DEFAULT_STACK_BYTES ((size_t)128 << 10)
#endif
#define TRIM_MS 1000
#define LEAST_STACK_BYTES ((size_t)16 << 10)

static unsigned
option(unsigned given, unsigned normal, unsigned most)
{
	if (given == 0)
		return normal;
	return given < most ? given : most;
}

static void
on_idle(uv_idle_t *idle)
{
	if (!fiber__run_ready(idle->data))
		(void)uv_idle_stop(idle);
}

/* An active idle handle keeps the loop from waiting in epoll_wait, and is
 * called before it: from a callback of poll that is after the timers of the
 * next turn, from a timer's in the same turn. */
void
rt__run_ready_soon(struct rt *rt)
{
	(void)uv_idle_start(&rt->idle, on_idle);
}

static void
on_trim(uv_timer_t *timer)
{
	struct rt *rt = timer->data;

	if (!stack_pool_trim(&rt->stacks))
		(void)uv_timer_stop(timer);
}

void
rt__trim_soon(struct rt *rt)
{
	if (rt->stacks.idle_count > rt->stacks.warm &&
	    !uv_is_active((uv_handle_t *)&rt->trim_timer))
		(void)uv_timer_start(
		    &rt->trim_timer, on_trim, TRIM_MS, TRIM_MS);
}

static void
open_handles(struct rt *rt)
{
	CHECK(uv_loop_init(&rt->loop) == 0);
	rt->loop.data = rt;
	CHECK(uv_idle_init(&rt->loop, &rt->idle) == 0);
	CHECK(uv_timer_init(&rt->loop, &rt->trim_timer) == 0);
	CHECK(uv_timer_init(&rt->loop, &rt->alarm_timer) == 0);
	CHECK(uv_timer_init(&rt->loop, &rt->timeq_timer) == 0);
	rt->idle.data = rt->trim_timer.data = rt;
	rt->alarm_timer.data = rt->timeq_timer.data = rt;
	rt->open_handles = 4;
	uv_unref((uv_handle_t *)&rt->trim_timer);
	uv_unref((uv_handle_t *)&rt->timeq_timer);
}

static void
set_pool_size(unsigned threads)
{
	char text[16];
	const char *old = getenv("UV_THREADPOOL_SIZE");

	(void)snprintf(text, sizeof(text), "%u", threads);
	if (old == NULL || strcmp(old, text) != 0)
		CHECK(setenv("UV_THREADPOOL_SIZE", text, 1) == 0);
}

struct rt *
rt_new(const struct rt_options *options)
{
	static const struct rt_options defaults;
	const struct rt_options *o = options != NULL ? options : &defaults;
	struct rt *rt = mem_alloc(sizeof(*rt));
	size_t stack = o->stack_bytes;

	if (stack == 0)
		stack = DEFAULT_STACK_BYTES;
	if (stack < LEAST_STACK_BYTES)
		stack = LEAST_STACK_BYTES;
	rt->magic = RT_MAGIC;
	rt->arena_cap = o->arena_cap;
	rt->pool_waits = o->pool_waits;
	rt->io_threads =
	    option(o->io_threads, DEFAULT_IO_THREADS, MOST_IO_THREADS);
	set_pool_size(rt->io_threads);
	(void)signal(SIGPIPE, SIG_IGN);
	(void)signal(SIGXFSZ, SIG_IGN); /* the write fails: EFBIG */
	list_init(&rt->ready);
	list_init(&rt->timeqs);
	list_init(&rt->work_classes);
	list_init(&rt->dir_syncs);
	stack_pool_init(&rt->stacks, stack,
	    option(o->max_fibers, DEFAULT_MAX_FIBERS, MOST_FIBERS),
	    option(o->warm_stacks, DEFAULT_WARM_STACKS, MOST_FIBERS),
	    fiber__free);
	open_handles(rt);
	return rt;
}

static void
on_closed(uv_handle_t *handle)
{
	struct rt *rt = handle->data;

	rt->open_handles--;
}

void
rt_free(struct rt **rtp)
{
	struct rt *rt = *rtp;

	if (rt == NULL)
		return;
	CHECK_OBJ(rt, RT_MAGIC);
	CHECK(fiber_self() == NULL);
	CHECK(rt->stacks.in_use == 0);
	CHECK(list_is_empty(&rt->timeqs));
	*rtp = NULL;
	/* Of rt_offload_then: all else is some fiber's. */
	while (rt->work_running > 0)
		(void)uv_run(&rt->loop, UV_RUN_ONCE);
	uv_close((uv_handle_t *)&rt->idle, on_closed);
	uv_close((uv_handle_t *)&rt->trim_timer, on_closed);
	uv_close((uv_handle_t *)&rt->alarm_timer, on_closed);
	uv_close((uv_handle_t *)&rt->timeq_timer, on_closed);
	/* Ours need one turn; those that others are closing may need more. */
	while (uv_run(&rt->loop, UV_RUN_NOWAIT) != 0 && rt->open_handles > 0)
		;
	if (uv_loop_close(&rt->loop) != 0) {
		uv_print_all_handles(&rt->loop, stderr);
		UNREACHABLE(); /* somebody's handle is still open */
	}
	stack_pool_done(&rt->stacks);
	mem_free(rt->alarms);
	rt->magic = 0;
	mem_free(rt);
}

struct uv_loop_s *
rt_loop(struct rt *rt)
{
	CHECK_OBJ(rt, RT_MAGIC);
	return &rt->loop;
}

void
rt_pool_open(struct rt *rt)
{
	CHECK_OBJ(rt, RT_MAGIC);
	rt->pool_waits = false;
}

int
rt_run(struct rt *rt)
{
	CHECK_OBJ(rt, RT_MAGIC);
	CHECK(fiber_self() == NULL);
	return uv_run(&rt->loop, UV_RUN_DEFAULT) != 0;
}

void
rt_stop(struct rt *rt)
{
	CHECK_OBJ(rt, RT_MAGIC);
	uv_stop(&rt->loop);
}

unsigned
rt_fibers_in_use(const struct rt *rt)
{
	return rt->stacks.in_use;
}

unsigned
rt_fibers_peak(const struct rt *rt)
{
	return rt->stacks.peak;
}

void
rt_on_fiber_free(struct rt *rt, void (*fn)(void *arg), void *arg)
{
	rt->on_fiber_free = fn;
	rt->on_fiber_free_arg = arg;
}
