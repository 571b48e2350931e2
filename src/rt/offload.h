/* SPDX-License-Identifier: MIT */
/* offload.h - work that would hold the loop, done by libuv's threads.
 *
 * The gate in front of the pool keeps one slow plugin or disk from taking
 * all threads: work belongs to the class of its fiber (fiber_set_class), a
 * class runs on at most half of the threads (if there is but one, on that),
 * the rest queues here and is started in turn among the classes that have
 * work.
 *
 * Nothing is ever abandoned: the fiber stays parked until the work is done,
 * whatever happens to the session, so `arg` may live on its stack.
 */
#ifndef HOOKLINE_RT_OFFLOAD_H
#define HOOKLINE_RT_OFFLOAD_H

#include "base/check.h"

struct rt;

/* Runs fn(arg) on a thread of the pool and returns what it returned.  A
 * fiber that is cancelled or past its deadline does not begin: -ECANCELED,
 * -ETIMEDOUT, and fn was not called. */
int rt_offload(int (*fn)(void *arg), void *arg) BLOCKS;

/* The same, begun in any case: clean-up. */
int rt_offload_always(int (*fn)(void *arg), void *arg) BLOCKS;

/* For who is no fiber: runs fn(arg) on a thread of the pool, as work of class
 * 0, then then(arg) on the loop; all of it at once while there is no pool
 * (rt_pool_open).  rt_free waits for it. */
void rt_offload_then(
    struct rt *rt, void (*fn)(void *arg), void (*then)(void *arg), void *arg);

/* Work that waits in the gate, and work handed to the pool. */
unsigned rt_offload_queued(const struct rt *rt);
unsigned rt_offload_running(const struct rt *rt);

#endif
