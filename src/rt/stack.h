/* SPDX-License-Identifier: MIT */
/* stack.h - pool of fiber stacks.
 *
 * A stack is a mapping of its own: a guard that no access survives, above it
 * `size` bytes of which only touched pages count.
 *
 *	map          base                       base + size
 *	| guard      | ......... grows down <<< |
 *
 * Idle stacks are used again last in, first out (warm pages).  After a burst
 * the pool shrinks: stack_pool_trim, called now and then, unmaps what was
 * never needed since the call before, all but `warm`.  So a pool whose use
 * goes up and down all the time keeps its stacks, and one at rest gives its
 * memory back.
 */
#ifndef HOOKLINE_RT_STACK_H
#define HOOKLINE_RT_STACK_H

#include <stdbool.h>
#include <stddef.h>

#include "base/check.h"
#include "base/list.h"

/* Frames of plugins that were built without stack probes may step over
 * something: address space is cheap, so the guard is wider than a page. */
#define STACK_GUARD_BYTES ((size_t)64 << 10)

struct stack {
	struct link link; /* while idle */
	void *owner;      /* the user's; stays while the stack is idle */
	char *base;
	size_t size;
	unsigned valgrind_id;
};

struct stack_pool {
	struct list idle; /* warmest first */
	unsigned idle_count;
	unsigned idle_low; /* fewest idle since the last trim */
	unsigned in_use;
	unsigned peak; /* most in use ever */
	unsigned max;
	unsigned warm;
	size_t size;
	void (*free_owner)(void *owner);
};

/* size  bytes of each stack, rounded up to pages
 * max   in use at once
 * warm  idle ones that trimming leaves alone
 * free_owner  is called for a stack with an owner before it is unmapped */
void stack_pool_init(struct stack_pool *pool, size_t size, unsigned max,
    unsigned warm, void (*free_owner)(void *owner));
/* None may be in use. */
void stack_pool_done(struct stack_pool *pool);

/* An idle stack, with the owner it had, or a new one without.
 * Returns 0; -EAGAIN `max` are in use; -ENOMEM. */
int stack_take(struct stack_pool *pool, struct stack **ret) WARN_UNUSED;
void stack_give(struct stack_pool *pool, struct stack *stack);

/* Unmaps at most 512.  Returns true while there are more than `warm` idle. */
bool stack_pool_trim(struct stack_pool *pool);

/* `addr` is in the guard of `stack`.  Async-signal-safe. */
bool stack_is_guard(const struct stack *stack, const void *addr);

#endif
