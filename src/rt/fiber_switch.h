/* SPDX-License-Identifier: MIT */
/* fiber_switch.h - from one stack to another; nothing else.
 *
 * Two backends, chosen at build time (fiber_backend): Boost.Context's
 * assembly, and ucontext for platforms without it.  Both tell the sanitizers
 * and valgrind what happens.  Knows neither fibers nor the loop.
 */
#ifndef HOOKLINE_RT_FIBER_SWITCH_H
#define HOOKLINE_RT_FIBER_SWITCH_H

#include <stddef.h>

#include "base/check.h"

/* A place to come back to.  Zeroed for the stack that the thread began on;
 * fiber_context_init for one of ours.  Fields are private. */
struct fiber_context {
	void *resume; /* the backend's; valid while suspended */
	void (*entry)(void);
	const void *stack; /* lowest address; learned for the thread's own */
	size_t stack_size;
	void *fake_stack; /* AddressSanitizer's */
};

/* The first switch to `ctx` calls entry() on the `size` bytes at `stack`;
 * entry must not return. */
void fiber_context_init(
    struct fiber_context *ctx, void *stack, size_t size, void (*entry)(void));

/* Suspends the running context into `from` and goes on in `to`; returns when
 * something switches to `from`.  Signal masks are the thread's, not the
 * context's, and are not to be changed by fibers. */
void fiber_context_switch(struct fiber_context *from, struct fiber_context *to);

/* "fcontext" or "ucontext". */
extern const char fiber_backend_name[];

#endif
