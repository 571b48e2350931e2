/* SPDX-License-Identifier: MIT */
/* fiber_switch.c - see fiber_switch.h. */
#include "rt/fiber_switch.h"

#include <stdint.h>

#include "rt/sanitizers.h"

/* Who switches to whom: set just before the jump, read just behind it, on the
 * other stack.  Nothing runs in between. */
static _Thread_local struct {
	struct fiber_context *from, *to;
} passing;

static void
leave(struct fiber_context *from, struct fiber_context *to)
{
	passing.from = from;
	passing.to = to;
#ifdef HOOKLINE_ASAN
	__sanitizer_start_switch_fiber(
	    &from->fake_stack, to->stack, to->stack_size);
#endif
}

static void
arrive(void)
{
#ifdef HOOKLINE_ASAN
	/* Tells the bounds of the stack we come from, too: that is how those
	 * of the thread's own are learned. */
	__sanitizer_finish_switch_fiber(passing.to->fake_stack,
	    &passing.from->stack, &passing.from->stack_size);
#endif
}

static void
begin(void)
{
	arrive();
	passing.to->entry();
	UNREACHABLE();
}

#ifdef HOOKLINE_FCONTEXT

const char fiber_backend_name[] = "fcontext";

/* <boost/context/detail/fcontext.hpp> is C++; these two are plain C. */
struct fcontext_transfer {
	void *context;
	void *data;
};
struct fcontext_transfer jump_fcontext(void *to, void *data);
void *make_fcontext(
    void *top, size_t size, void (*fn)(struct fcontext_transfer));

static void
begin_fcontext(struct fcontext_transfer transfer)
{
	passing.from->resume = transfer.context;
	begin();
}

void
fiber_context_init(
    struct fiber_context *ctx, void *stack, size_t size, void (*entry)(void))
{
	*ctx = (struct fiber_context){
		.resume =
		    make_fcontext((char *)stack + size, size, begin_fcontext),
		.entry = entry,
		.stack = stack,
		.stack_size = size,
	};
}

void
fiber_context_switch(struct fiber_context *from, struct fiber_context *to)
{
	struct fcontext_transfer transfer;

	leave(from, to);
	transfer = jump_fcontext(to->resume, NULL);
	passing.from->resume = transfer.context;
	arrive();
}

#else

#include <ucontext.h>

const char fiber_backend_name[] = "ucontext";

/* A suspended context is saved on its own stack: in the frame of
 * fiber_context_switch, and before the first switch at the stack's top. */
void
fiber_context_init(
    struct fiber_context *ctx, void *stack, size_t size, void (*entry)(void))
{
	size_t room = (sizeof(ucontext_t) + 63) & ~(size_t)63;
	ucontext_t *first = (void *)((char *)stack + size - room);

	CHECK(getcontext(first) == 0);
	first->uc_stack.ss_sp = stack;
	first->uc_stack.ss_size = size - room;
	first->uc_link = NULL;
	makecontext(first, begin, 0);
	*ctx = (struct fiber_context){
		.resume = first,
		.entry = entry,
		.stack = stack,
		.stack_size = size,
	};
}

void
fiber_context_switch(struct fiber_context *from, struct fiber_context *to)
{
	ucontext_t here;

	/* AddressSanitizer's swapcontext unpoisons the stack of a context that
	 * names one; ours are in use. */
	here.uc_stack = (stack_t){ .ss_sp = NULL, .ss_size = 0 };
	here.uc_link = NULL;
	/* cppcheck-suppress autoVariables ; used until we are back here only */
	from->resume = &here;
	leave(from, to);
	CHECK(swapcontext(&here, to->resume) == 0);
	arrive();
}

#endif

#ifdef HOOKLINE_ASAN
/* Fake stacks would move every local variable of a fiber to the heap and
 * keep it there while the fiber is parked. */
__attribute__((visibility("default"), used)) const char *__asan_default_options(
    void);
const char *
__asan_default_options(void)
{
	return "detect_stack_use_after_return=0";
}
#endif
