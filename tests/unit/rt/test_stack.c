/* SPDX-License-Identifier: MIT */
/* test_stack.c - the pool of stacks. */
#include "rt_test.h"

#include <errno.h>
#include <sys/mman.h>
#include <unistd.h>

#include "rt/stack.h"

static unsigned owners_freed;

static void
free_owner(void *owner)
{
	(void)owner;
	owners_freed++;
}

static bool
is_mapped(const void *addr)
{
	unsigned char vec;

	return mincore((void *)(uintptr_t)addr, 1, &vec) == 0;
}

static void
takes_the_warmest(void **state)
{
	struct stack_pool pool;
	struct stack *a, *b, *c;

	(void)state;
	stack_pool_init(&pool, 100000, 2, 1, free_owner);
	assert_int_equal(pool.size % 4096, 0);
	assert_true(pool.size >= 100000);
	assert_int_equal(stack_take(&pool, &a), 0);
	assert_int_equal(stack_take(&pool, &b), 0);
	assert_int_equal(stack_take(&pool, &c), -EAGAIN);
	a->base[0] = b->base[b->size - 1] = 1; /* all of it is usable */
	assert_null(a->owner);
	a->owner = &pool;
	stack_give(&pool, b);
	stack_give(&pool, a);
	assert_int_equal(stack_take(&pool, &c), 0);
	assert_ptr_equal(c, a);
	assert_ptr_equal(c->owner, &pool);
	assert_int_equal(pool.in_use, 1);
	assert_int_equal(pool.peak, 2);
	stack_give(&pool, c);
	owners_freed = 0;
	stack_pool_done(&pool);
	assert_int_equal(owners_freed, 1);
}

static void
knows_its_guard(void **state)
{
	struct stack_pool pool;
	struct stack *a;

	(void)state;
	stack_pool_init(&pool, 65536, 2, 1, free_owner);
	assert_int_equal(stack_take(&pool, &a), 0);
	assert_true(stack_is_guard(a, a->base - 1));
	assert_true(stack_is_guard(a, a->base - STACK_GUARD_BYTES));
	assert_false(stack_is_guard(a, a->base - STACK_GUARD_BYTES - 1));
	assert_false(stack_is_guard(a, a->base));
	assert_false(stack_is_guard(a, NULL));
	stack_give(&pool, a);
	stack_pool_done(&pool);
}

static void
a_burst_goes_back(void **state)
{
	enum { BURST = 40, WARM = 4 };
	struct stack_pool pool;
	struct stack *stacks[BURST];
	char *coldest, *warmest;

	(void)state;
	stack_pool_init(&pool, 65536, BURST, WARM, free_owner);
	for (int i = 0; i < BURST; i++)
		assert_int_equal(stack_take(&pool, &stacks[i]), 0);
	for (int i = 0; i < BURST; i++)
		stack_give(&pool, stacks[i]);
	coldest = stacks[0]->base;
	warmest = stacks[BURST - 1]->base;
	/* All were needed since the last time. */
	assert_true(stack_pool_trim(&pool));
	assert_int_equal(pool.idle_count, BURST);
	/* Ten are needed now and then: those stay. */
	for (int i = 0; i < 10; i++)
		assert_int_equal(stack_take(&pool, &stacks[i]), 0);
	for (int i = 0; i < 10; i++)
		stack_give(&pool, stacks[i]);
	assert_true(stack_pool_trim(&pool));
	assert_int_equal(pool.idle_count, 10 + WARM);
	assert_false(is_mapped(coldest));
	assert_true(is_mapped(warmest));
	/* And now none. */
	assert_false(stack_pool_trim(&pool));
	assert_int_equal(pool.idle_count, WARM);
	assert_false(stack_pool_trim(&pool));
	stack_pool_done(&pool);
	assert_false(is_mapped(warmest));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(takes_the_warmest),
		cmocka_unit_test(knows_its_guard),
		cmocka_unit_test(a_burst_goes_back),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
