/* SPDX-License-Identifier: MIT */
/* timeq.c - see timeq.h. */
#include "rt/timeq.h"

#include "base/mem.h"
#include "rt/rt_private.h"

struct timeq {
	struct link link; /* in rt->timeqs */
	struct rt *rt;
	uint64_t timeout_ms;
	timeq_fn *on_due;
	void *arg;
	struct list entries; /* by due_ms */
};

struct timeq *
timeq_new(struct rt *rt, uint64_t timeout_ms, timeq_fn *on_due, void *arg)
{
	struct timeq *queue = mem_alloc(sizeof(*queue));

	queue->rt = rt;
	queue->timeout_ms = timeout_ms;
	queue->on_due = on_due;
	queue->arg = arg;
	list_init(&queue->entries);
	list_push_back(&rt->timeqs, &queue->link);
	return queue;
}

void
timeq_free(struct timeq **queuep)
{
	struct timeq *queue = *queuep;

	if (queue == NULL)
		return;
	CHECK(list_is_empty(&queue->entries));
	*queuep = NULL;
	list_remove(&queue->link);
	mem_free(queue);
}

static struct timeq_entry *
first_entry(struct timeq *queue)
{
	struct link *link = list_first(&queue->entries);

	return link != NULL ? CONTAINER_OF(link, struct timeq_entry, link)
			    : NULL;
}

static void
set_timer(struct rt *rt, uint64_t due_ms, uint64_t now_ms)
{
	rt->timeq_due_ms = due_ms;
	(void)uv_timer_start(&rt->timeq_timer, timeq__on_timer,
	    due_ms > now_ms ? due_ms - now_ms : 1, 0);
}

void
timeq_arm(struct timeq *queue, struct timeq_entry *entry)
{
	struct rt *rt = queue->rt;
	uint64_t now_ms = uv_now(&rt->loop);

	list_remove(&entry->link);
	if (queue->timeout_ms == 0)
		return;
	entry->due_ms = now_ms + queue->timeout_ms;
	list_push_back(&queue->entries, &entry->link);
	if (rt->timeq_due_ms == 0 || entry->due_ms < rt->timeq_due_ms)
		set_timer(rt, entry->due_ms, now_ms);
}

void
timeq_cancel(struct timeq_entry *entry)
{
	list_remove(&entry->link);
}

bool
timeq_is_armed(const struct timeq_entry *entry)
{
	return link_is_linked(&entry->link);
}

static void
expire(struct timeq *queue, uint64_t now_ms)
{
	struct timeq_entry *entry;

	while (
	    (entry = first_entry(queue)) != NULL && entry->due_ms <= now_ms) {
		list_remove(&entry->link);
		queue->on_due(entry, queue->arg);
	}
}

void
timeq__on_timer(uv_timer_t *timer)
{
	struct rt *rt = timer->data;
	uint64_t now_ms = uv_now(&rt->loop);
	uint64_t due_ms = 0;

	rt->timeq_due_ms = 0;
	LIST_FOR_EACH (link, next, &rt->timeqs) {
		expire(CONTAINER_OF(link, struct timeq, link), now_ms);
	}
	/* Only now: a callback may have armed entries of any queue. */
	LIST_FOR_EACH (link, next, &rt->timeqs) {
		struct timeq_entry *entry =
		    first_entry(CONTAINER_OF(link, struct timeq, link));

		if (entry != NULL && (due_ms == 0 || entry->due_ms < due_ms))
			due_ms = entry->due_ms;
	}
	if (due_ms != 0)
		set_timer(rt, due_ms, now_ms);
}
