/* SPDX-License-Identifier: MIT */
/* wait.h - waiting for one thing, once.
 *
 * A struct waiter is a counted heap object with two owners: the fiber that
 * waits and whoever will complete it.  The completion may come before the
 * fiber waits, while it is parked, or after it gave up:
 *
 *	struct waiter *w = waiter_new();
 *	start_something(..., w);		// later: waiter_done(w, result)
 *	rc = waiter_wait(w, 3000);
 *	if (rc == 0)
 *		rc = w->result;
 *	waiter_unref(&w);
 *
 * It may be the first member of a larger heap object that holds the
 * arguments and the answer (a libuv request, a DNS reply): waiter_init with
 * a function that frees the whole.
 */
#ifndef HOOKLINE_RT_WAIT_H
#define HOOKLINE_RT_WAIT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/check.h"

struct fiber;

struct waiter {
	uint32_t magic;
	unsigned refs;
	struct fiber *fiber; /* NULL: nobody is parked on it */
	void (*destroy)(struct waiter *);
	bool done;
	bool abandoned;
	int result; /* valid once done */
};

/* Two references: the fiber's and the completer's. */
struct waiter *waiter_new(void);
/* For one embedded at the beginning of a mem_alloc'd object; `destroy` is called
 * with the last reference and frees the object. */
void waiter_init(struct waiter *waiter, void (*destroy)(struct waiter *));
void waiter_unref(struct waiter **waiter);

/* Waits until waiter_done, once.  Returns 0 done (see `result`), also on a
 * fiber that is cancelled or late when it was done before; else as
 * fiber_block, and the waiter counts as abandoned: a later waiter_done only
 * drops the reference.  timeout_ms is for the whole wait; 0: none. */
int waiter_wait(struct waiter *waiter, uint64_t timeout_ms) BLOCKS WARN_UNUSED;
/* The same, ended by nothing but waiter_done. */
void waiter_wait_always(struct waiter *waiter) BLOCKS;

/* Once, by the completer, on the loop's stack or on a fiber; drops the
 * completer's reference. */
void waiter_done(struct waiter *waiter, int result);
/* For the completer: nobody will look at the result any more. */
bool waiter_is_abandoned(const struct waiter *waiter);

/* Sleeps at least `ms`; 0 yields.  Returns 0; -ECANCELED; -ETIMEDOUT. */
int fiber_sleep(uint64_t ms) BLOCKS;

#endif
