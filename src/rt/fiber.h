/* SPDX-License-Identifier: MIT */
/* fiber.h - straight-line code that parks instead of blocking the loop.
 *
 * States of a fiber:
 *
 *	idle --start--> running --block--> parked --wake/timer/cancel--> ready
 *	  ^                |  ^                                            |
 *	  +----returns-----+  +-------------- the loop resumes ------------+
 *
 * One thread, one running fiber: between two calls marked BLOCKS nothing
 * else runs.  Fibers are resumed by the loop only, never by each other, so
 * resumes do not nest.
 *
 * Waiting works like a condition variable:
 *	register (a link in a list, a struct waiter);
 *	while (!happened) { rc = fiber_block(ms); if (rc < 0) break; }
 *	deregister;
 * A wake that comes before the park is kept, and fiber_block returns 0 at
 * once.  A wake may also be meant for an outer wait of the same fiber, hence
 * the loop; struct waiter (wait.h) does all of this for one-shot events.
 *
 * Who may wake: fiber structs are used again after their function returned,
 * so a pointer to a fiber may be kept only while that fiber is inside the
 * function which registered it.  Whoever registers detaches before it
 * returns, on every path.  What cannot be detached (a request that is under
 * way in libuv or c-ares) goes through a struct waiter, which is counted and
 * forgets its fiber when that stops waiting.
 *
 * A wake wins: when a wake and a timeout, a deadline or a cancellation meet
 * before the fiber runs again, fiber_block returns 0.  The deadline and the
 * cancellation are not lost, the next call returns them.
 */
#ifndef HOOKLINE_RT_FIBER_H
#define HOOKLINE_RT_FIBER_H

#include <stdbool.h>
#include <stdint.h>

#include "base/check.h"
#include "base/clock.h"

#include "rt.h"

struct arena;
struct fiber;

typedef void fiber_fn(void *arg);

/* Starts fn(arg) on a fiber of its own.  On the loop's stack: runs it at
 * once until it parks or returns.  On a fiber: it is put behind the ready
 * ones.  Returns 0; -EAGAIN at max_fibers (see rt_on_fiber_free); -ENOMEM no
 * stack could be mapped. */
int fiber_start(struct rt *rt, fiber_fn *fn, void *arg) WARN_UNUSED;

/* NULL on the loop's stack and on other threads. */
struct fiber *fiber_self(void);
struct rt *fiber_rt(const struct fiber *fiber);

/* Marks it ready if it is parked, else its next park returns at once.  Never
 * switches: call it from loop callbacks (those of c-ares too) and from other
 * fibers. */
void fiber_wake(struct fiber *fiber);

/* Parks the running fiber until fiber_wake.
 * timeout_ms  0: none
 * Returns 0 woken; -ETIME `timeout_ms` are over; -ETIMEDOUT the fiber's
 * deadline is over; -ECANCELED cancelled and not shielded.  Without a wake
 * pending, the last two are looked at before parking, in the order
 * cancellation, deadline; when timeout and deadline are both over it is the
 * deadline. */
int fiber_block(uint64_t timeout_ms) BLOCKS WARN_UNUSED;

/* Parks until woken; neither deadline nor cancellation end it (offload, file
 * work). */
void fiber_block_always(void) BLOCKS;

/* Lets the other ready fibers and the sockets go first.  Returns as
 * fiber_check afterwards; keeps a pending wake. */
int fiber_yield(void) BLOCKS;

/* What fiber_block would return without parking: 0, -ECANCELED, -ETIMEDOUT.
 * For calls that may be answered without waiting (a cache, a buffer) and must
 * fail all the same.  On a fiber. */
int fiber_check(void);

/* Sticky; ends a fiber_block it is parked in.  Harmless on a fiber that is
 * already cancelled. */
void fiber_cancel(struct fiber *fiber);
/* On: cancellation is kept back until off (queue hooks).  Does not nest. */
void fiber_shield(struct fiber *fiber, bool on);
/* Forgets the cancellation; the clean-up hooks after 'gone' block again. */
void fiber_uncancel(struct fiber *fiber);
/* Set and not shielded. */
bool fiber_is_cancelled(const struct fiber *fiber);

/* The hook's deadline.  {0}: none. */
void fiber_set_deadline(struct fiber *fiber, struct mono deadline);
struct mono fiber_deadline(const struct fiber *fiber);

/* The call arena.  Reset by whoever runs commands, and when the fiber's
 * function returns; its deferred functions run on the fiber and must not
 * block. */
struct arena *fiber_arena(struct fiber *fiber);

/* Overwrites what calls that have returned left behind on the stack, 24 KiB
 * deep: registers that were saved while they held a secret, too. */
void fiber_wipe_stack(void);

/* One pointer for whoever started the fiber; NULL at first. */
void fiber_set_data(struct fiber *fiber, void *data);
void *fiber_data(const struct fiber *fiber);

/* `fn` is called on the fiber, with false just before it is suspended and
 * with true when it runs again.  It must not block.  Forgotten when the
 * fiber's function returns; NULL ends it. */
typedef void fiber_switch_fn(void *arg, bool running);
void fiber_on_switch(struct fiber *fiber, fiber_switch_fn *fn, void *arg);

/* Whose work this is (a plugin's number, 0: the core's): one class holds at
 * most half of the pool's threads (offload.h).  0 at first. */
void fiber_set_class(struct fiber *fiber, unsigned work_class);
unsigned fiber_class(const struct fiber *fiber);

/* For the record of a hook call.  The label (a static string: "dns",
 * "sleep") holds for the next wait of the running fiber. */
void fiber_label_wait(const char *what);
/* Microseconds parked since the last reset, and the label of the longest of
 * these waits; while it is parked, of this wait.  NULL: none. */
uint64_t fiber_waited_us(const struct fiber *fiber);
const char *fiber_waited_for(const struct fiber *fiber);
void fiber_waited_reset(struct fiber *fiber);

/* For a SIGSEGV handler on a sigaltstack: the running fiber if `addr` is in
 * the guard below its stack, else NULL.  Async-signal-safe. */
struct fiber *fiber_of_fault(const void *addr);
/* Bytes of the running fiber's stack that are left; 0 off fibers. */
size_t fiber_stack_left(void);

#endif
