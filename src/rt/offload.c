/* SPDX-License-Identifier: MIT */
/* offload.c - see offload.h.
 *
 * No more work is handed to libuv than it has threads: its own queue stays
 * empty, and the order is ours.  A class exists while it has work.
 */
#include "rt/offload.h"

#include "base/mem.h"
#include "rt/rt_private.h"

struct work_class {
	struct link link; /* in rt->work_classes; the next in turn first */
	unsigned key;
	unsigned running;
	struct list queue;
};

/* Lives on the stack of the fiber that waits for it, or on the heap if nobody
 * does; that one cannot go before on_done, which is the last that libuv does
 * with the request. */
struct work {
	uv_work_t request;
	struct link link; /* in class->queue */
	struct rt *rt;
	struct work_class *class;
	struct fiber *fiber; /* NULL: then() */
	int (*fn)(void *arg);
	void *arg;
	int result;
	bool done;
	void (*fn_apart)(void *arg); /* of rt_offload_then */
	void (*then)(void *arg);
};

static struct work_class *
class_of(struct rt *rt, unsigned key)
{
	struct work_class *class;

	LIST_FOR_EACH (link, next, &rt->work_classes) {
		class = CONTAINER_OF(link, struct work_class, link);
		if (class->key == key)
			return class;
	}
	class = mem_alloc(sizeof(*class));
	class->key = key;
	list_init(&class->queue);
	list_push_back(&rt->work_classes, &class->link);
	return class;
}

static unsigned
class_limit(const struct rt *rt)
{
	return rt->io_threads > 1 ? rt->io_threads / 2 : 1;
}

/* NULL if no class may start anything. */
static struct work_class *
next_class(struct rt *rt)
{
	LIST_FOR_EACH (link, next, &rt->work_classes) {
		struct work_class *class =
		    CONTAINER_OF(link, struct work_class, link);

		if (class->running < class_limit(rt) &&
		    !list_is_empty(&class->queue))
			return class;
	}
	return NULL;
}

/* On a thread of the pool. */
static void
on_work(uv_work_t *request)
{
	struct work *work = CONTAINER_OF(request, struct work, request);

	if (work->fiber != NULL)
		work->result = work->fn(work->arg);
	else
		work->fn_apart(work->arg);
}

static void on_done(uv_work_t *request, int status);

static void
start_what_may(struct rt *rt)
{
	struct work_class *class;

	while (rt->work_running < rt->io_threads &&
	       (class = next_class(rt)) != NULL) {
		struct work *work = CONTAINER_OF(
		    list_pop_front(&class->queue), struct work, link);

		rt->work_queued--;
		rt->work_running++;
		class->running++;
		/* Behind the other classes. */
		list_remove(&class->link);
		list_push_back(&rt->work_classes, &class->link);
		CHECK(uv_queue_work(
			  &rt->loop, &work->request, on_work, on_done) == 0);
	}
}

static void
on_done(uv_work_t *request, int status)
{
	struct work *work = CONTAINER_OF(request, struct work, request);
	struct work_class *class = work->class;
	struct rt *rt = work->rt;

	CHECK(status == 0); /* never cancelled */
	work->done = true;
	rt->work_running--;
	if (--class->running == 0 && list_is_empty(&class->queue)) {
		list_remove(&class->link);
		mem_free(class);
	}
	start_what_may(rt);
	if (work->fiber != NULL) {
		fiber_wake(work->fiber);
		return;
	}
	work->then(work->arg);
	mem_free(work);
}

static void
work_queue(struct work *work, unsigned class)
{
	work->class = class_of(work->rt, class);
	list_push_back(&work->class->queue, &work->link);
	work->rt->work_queued++;
	start_what_may(work->rt);
}

static void
on_own_thread(void *arg)
{
	struct work *work = arg;

	work->result = work->fn(work->arg);
}

/* The pool has not begun (rt_pool_open). */
static int
run_alone(struct work *work)
{
	uv_thread_t thread;

	if (uv_thread_create(&thread, on_own_thread, work) < 0)
		return work->fn(work->arg);
	CHECK(uv_thread_join(&thread) == 0);
	return work->result;
}

int
rt_offload_always(int (*fn)(void *arg), void *arg)
{
	struct fiber *fiber = fiber_self();
	struct work work = { .fiber = fiber, .fn = fn, .arg = arg };

	CHECK(fiber != NULL);
	work.rt = fiber->rt;
	if (work.rt->pool_waits)
		return run_alone(&work);
	work_queue(&work, fiber->work_class);
	while (!work.done) {
		if (fiber->label == NULL)
			fiber_label_wait("offload");
		fiber_block_always();
	}
	return work.result;
}

int
rt_offload(int (*fn)(void *arg), void *arg)
{
	int rc = fiber_check();

	return rc < 0 ? rc : rt_offload_always(fn, arg);
}

void
rt_offload_then(
    struct rt *rt, void (*fn)(void *arg), void (*then)(void *arg), void *arg)
{
	struct work *work;

	if (rt->pool_waits) {
		fn(arg);
		then(arg);
		return;
	}
	work = mem_alloc(sizeof(*work));
	work->rt = rt;
	work->fn_apart = fn;
	work->then = then;
	work->arg = arg;
	work_queue(work, 0);
}

unsigned
rt_offload_queued(const struct rt *rt)
{
	return rt->work_queued;
}

unsigned
rt_offload_running(const struct rt *rt)
{
	return rt->work_running;
}
