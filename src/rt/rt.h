/* SPDX-License-Identifier: MIT */
/* rt.h - the event loop of a worker, and what its fibers share.
 *
 * A worker has one struct rt: a libuv loop, the pool of fiber stacks, the
 * list of ready fibers, the alarms, the gate in front of libuv's threads.
 * All of it belongs to the thread that runs the loop; no function here or
 * in the other headers of rt/ may be called from another thread, except
 * fiber_self() (NULL there).
 *
 * Ready fibers are resumed from an idle handle of the loop, first come first
 * served, each at most once a turn of the loop: a wake costs no system call
 * and sockets are looked at between two turns.
 */
#ifndef HOOKLINE_RT_RT_H
#define HOOKLINE_RT_RT_H

#include <stdbool.h>
#include <stddef.h>

#include "base/check.h"

struct rt;
struct uv_loop_s; /* uv_loop_t */

/* Zero takes the default of each. */
struct rt_options {
	unsigned max_fibers;  /* in use at once; 8192, at most 24000 */
	unsigned io_threads;  /* threads of libuv's pool; 32, at most 1024 */
	unsigned warm_stacks; /* idle stacks that keep their pages; 32 */
	size_t stack_bytes;   /* 128 KiB; 512 KiB under sanitizers */
	size_t arena_cap;     /* cap of each call arena in bytes; none */
	bool pool_waits;      /* for rt_pool_open, see there */
};

/* Sets UV_THREADPOOL_SIZE in the environment (libuv reads it at the first
 * use of its pool, so make the first rt before that) and ignores SIGPIPE
 * and SIGXFSZ.
 * `options` may be NULL.  Does not return NULL. */
struct rt *rt_new(const struct rt_options *options);

/* Closes the loop.  No fiber may be in use, all handles of others must be
 * closed or closing.  Sets *rt NULL; NULL is fine. */
void rt_free(struct rt **rt);

/* The uv_loop_t; owned by the rt. */
struct uv_loop_s *rt_loop(struct rt *rt);

/* Before this call a rt with `pool_waits` has no thread but the loop's: what
 * is offloaded runs on a thread of its own that has ended when rt_offload
 * returns, and the loop waits for it.  So what is done to the calling thread
 * here (confinement) holds for all threads of the pool. */
void rt_pool_open(struct rt *rt);

/* Runs the loop until rt_stop or until nothing is left to wait for.
 * Returns 0 when nothing is left, 1 after rt_stop.  Never on a fiber. */
int rt_run(struct rt *rt);

/* Makes rt_run return after this turn of the loop.  Fibers stay parked;
 * rt_run may be called again. */
void rt_stop(struct rt *rt);

/* Fibers that were started and have not returned. */
unsigned rt_fibers_in_use(const struct rt *rt);
unsigned rt_fibers_peak(const struct rt *rt);

/* `fn` is called on the loop's stack when a fiber has ended after a
 * fiber_start had failed with -EAGAIN: who waits may try again now.  Called
 * once for each time that fiber_start failed and a fiber ended since; start
 * as many as succeed.  NULL: none. */
void rt_on_fiber_free(struct rt *rt, void (*fn)(void *arg), void *arg);

#endif
