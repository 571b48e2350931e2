/* SPDX-License-Identifier: MIT */
/* stack.c - see stack.h. */
#include "rt/stack.h"

#include <errno.h>
#include <stdint.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/mem.h"
#include "rt/sanitizers.h"

/* About a millisecond of munmap. */
#define TRIM_MAX 512

void
stack_pool_init(struct stack_pool *pool, size_t size, unsigned max,
    unsigned warm, void (*free_owner)(void *owner))
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);

	*pool = (struct stack_pool){
		.max = max,
		.warm = warm,
		.size = (size + page - 1) / page * page,
		.free_owner = free_owner,
	};
	list_init(&pool->idle);
}

static struct stack *
stack_map(size_t size)
{
	struct stack *stack;
	char *map = mmap(NULL, STACK_GUARD_BYTES + size, PROT_NONE,
	    MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_STACK, -1, 0);

	if (map == MAP_FAILED)
		return NULL;
	if (mprotect(map + STACK_GUARD_BYTES, size, PROT_READ | PROT_WRITE) ==
	    -1) {
		(void)munmap(map, STACK_GUARD_BYTES + size);
		return NULL;
	}
	stack = mem_alloc(sizeof(*stack));
	stack->base = map + STACK_GUARD_BYTES;
	stack->size = size;
	stack->valgrind_id =
	    VALGRIND_STACK_REGISTER(stack->base, stack->base + size);
#ifdef HOOKLINE_ASAN
	__lsan_register_root_region(stack->base, size);
#endif
	return stack;
}

static void
stack_unmap(struct stack_pool *pool, struct stack *stack)
{
	if (stack->owner != NULL)
		pool->free_owner(stack->owner);
	VALGRIND_STACK_DEREGISTER(stack->valgrind_id);
#ifdef HOOKLINE_ASAN
	__lsan_unregister_root_region(stack->base, stack->size);
	/* The next mapping here may be anything. */
	__asan_unpoison_memory_region(stack->base, stack->size);
#endif
	CHECK(munmap(stack->base - STACK_GUARD_BYTES,
		  STACK_GUARD_BYTES + stack->size) == 0);
	mem_free(stack);
}

static struct stack *
idle_stack(struct link *link)
{
	return CONTAINER_OF(link, struct stack, link);
}

static void
unmap_coldest(struct stack_pool *pool)
{
	struct link *last = pool->idle.head.prev;

	list_remove(last);
	pool->idle_count--;
	stack_unmap(pool, idle_stack(last));
}

void
stack_pool_done(struct stack_pool *pool)
{
	CHECK(pool->in_use == 0);
	while (pool->idle_count > 0)
		unmap_coldest(pool);
}

int
stack_take(struct stack_pool *pool, struct stack **ret)
{
	struct stack *stack;

	if (pool->in_use >= pool->max)
		return -EAGAIN;
	if (pool->idle_count > 0) {
		stack = idle_stack(list_pop_front(&pool->idle));
		pool->idle_count--;
		if (pool->idle_low > pool->idle_count)
			pool->idle_low = pool->idle_count;
	} else {
		stack = stack_map(pool->size);
		if (stack == NULL)
			return -ENOMEM;
	}
	pool->in_use++;
	if (pool->peak < pool->in_use)
		pool->peak = pool->in_use;
	*ret = stack;
	return 0;
}

void
stack_give(struct stack_pool *pool, struct stack *stack)
{
	CHECK(pool->in_use > 0);
	pool->in_use--;
	pool->idle_count++;
	list_push_front(&pool->idle, &stack->link);
}

bool
stack_pool_trim(struct stack_pool *pool)
{
	unsigned n = 0;

	if (pool->idle_low > pool->warm)
		n = pool->idle_low - pool->warm;
	if (n > TRIM_MAX)
		n = TRIM_MAX;
	for (; n > 0; n--)
		unmap_coldest(pool);
	pool->idle_low = pool->idle_count;
	return pool->idle_count > pool->warm;
}

bool
stack_is_guard(const struct stack *stack, const void *addr)
{
	uintptr_t base = (uintptr_t)stack->base;
	uintptr_t at = (uintptr_t)addr;

	return at < base && at >= base - STACK_GUARD_BYTES;
}
