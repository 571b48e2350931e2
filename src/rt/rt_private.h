/* SPDX-License-Identifier: MIT */
/* rt_private.h - the bodies of struct rt and struct fiber, for rt/ alone. */
#ifndef HOOKLINE_RT_RT_PRIVATE_H
#define HOOKLINE_RT_RT_PRIVATE_H

#include <stdbool.h>
#include <stdint.h>

#include <uv.h>

#include "base/arena.h"
#include "base/list.h"

#include "rt/alarm.h"
#include "rt/fiber.h"
#include "rt/fiber_switch.h"
#include "rt/rt.h"
#include "rt/stack.h"

#define RT_MAGIC 0x52756e54u
#define FIBER_MAGIC 0x46696272u

struct rt {
	uint32_t magic;
	uv_loop_t loop;
	unsigned open_handles; /* of the four below */
	uv_idle_t idle;        /* active while there is something to resume */
	uv_timer_t
	    trim_timer; /* active while there are more stacks than warm */

	/* fiber.c */
	struct fiber_context loop_context; /* while a fiber runs */
	struct stack_pool stacks;
	struct list ready;
	unsigned ready_count;
	size_t arena_cap;
	bool fiber_wanted; /* a fiber_start failed */
	bool fiber_freed;  /* and then a fiber ended */
	void (*on_fiber_free)(void *arg);
	void *on_fiber_free_arg;

	/* alarm.c: heap[1 .. alarm_count], earliest first */
	struct alarm **alarms;
	size_t alarm_count, alarm_size;
	uv_timer_t alarm_timer;

	/* timeq.c */
	struct list timeqs;
	uint64_t timeq_due_ms; /* what the timer is set for; 0: not set */
	uv_timer_t timeq_timer;

	/* offload.c */
	struct list work_classes; /* those that have work */
	unsigned io_threads;
	bool pool_waits; /* rt_pool_open has not been called */
	unsigned work_running, work_queued;

	/* dir_sync.c */
	struct list dir_syncs; /* directories with an fsync under way */
	uint64_t dir_syncs_made, dir_syncs_asked;
};

enum fiber_state {
	FIBER_IDLE, /* in the pool */
	FIBER_RUNNING,
	FIBER_PARKED,
	FIBER_PARKED_ALWAYS, /* fiber_block_always */
	FIBER_READY
};

struct fiber {
	uint32_t magic;
	enum fiber_state state;
	struct rt *rt;
	struct stack *stack;
	struct fiber_context context; /* while not running */
	struct link ready;
	fiber_fn *fn;
	void *arg;
	void *data;
	fiber_switch_fn *on_switch; /* may be NULL */
	void *on_switch_arg;
	unsigned work_class;
	bool woken; /* since the last park ended */
	bool cancelled;
	bool shielded;
	int result;           /* why it is ready, if nobody woke it */
	struct mono deadline; /* {0}: none */
	struct mono until;    /* end of this fiber_block, {0}: none */
	struct alarm alarm;   /* the earlier of the two, while parked */
	struct arena arena;

	/* the record of its waits */
	const char *label;       /* of the next wait */
	const char *waiting_for; /* of this wait, while parked */
	const char *longest_for;
	uint64_t longest_us, waited_us;
	struct mono parked_at;
};

/* Has fiber__run_ready called at the next turn of the loop. */
void rt__run_ready_soon(struct rt *rt);
/* Has the stack pool trimmed every second until it is at rest. */
void rt__trim_soon(struct rt *rt);

/* Resumes what is ready.  Returns true if there is more for the next turn. */
bool fiber__run_ready(struct rt *rt);
/* dir_sync.c: open, fsync, close; on any thread.  0 or negative errno. */
int dir__sync_now(const char *path) WARN_UNUSED;
/* For the stack pool. */
void fiber__free(void *fiber);
/* Callbacks of the timers, set up by rt.c. */
void alarm__on_timer(uv_timer_t *timer);
void timeq__on_timer(uv_timer_t *timer);

#endif
