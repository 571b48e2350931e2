/* SPDX-License-Identifier: MIT */
/* test_mem.c - heap memory that is zeroed and never NULL. */
#include "unit.h"

#include "base/mem.h"

static void
test_zeroed(void **state)
{
	char *p = mem_alloc(100);
	uint32_t *a = mem_array(10, sizeof(*a));

	(void)state;
	for (int i = 0; i < 100; i++)
		assert_int_equal(p[i], 0);
	for (int i = 0; i < 10; i++)
		assert_int_equal(a[i], 0);
	mem_free(p);
	mem_free(a);
}

static void
test_nothing_is_something(void **state)
{
	void *p = mem_alloc(0), *q = mem_array(0, 8), *r = mem_grow(NULL, 0);

	(void)state;
	assert_non_null(p);
	assert_non_null(q);
	assert_non_null(r);
	mem_free(p);
	mem_free(q);
	mem_free(r);
	mem_free(NULL);
}

static void
test_grow_keeps(void **state)
{
	char *p = mem_grow(NULL, 4);

	(void)state;
	memcpy(p, "abc", 4);
	p = mem_grow(p, 100000);
	assert_string_equal(p, "abc");
	mem_free(p);
}

static void
test_dup(void **state)
{
	char *p = mem_dup(SLICE_LIT("text")), *q = mem_dup(SLICE_NONE);

	(void)state;
	assert_string_equal(p, "text");
	assert_string_equal(q, "");
	mem_free(p);
	mem_free(q);
}

static void
overflow_array(void)
{
	(void)mem_array(SIZE_MAX / 2 + 1, 2);
}

static void
test_overflow_is_out_of_memory(void **state)
{
	(void)state;
	assert_true(unit_aborts(overflow_array, "out of memory"));
}

static void
test_wipe(void **state)
{
	char secret[16] = "secret";

	(void)state;
	secret_wipe(secret, sizeof(secret));
	for (size_t i = 0; i < sizeof(secret); i++)
		assert_int_equal(secret[i], 0);
	secret_wipe(NULL, 0);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_zeroed),
		cmocka_unit_test(test_nothing_is_something),
		cmocka_unit_test(test_grow_keeps),
		cmocka_unit_test(test_dup),
		cmocka_unit_test(test_overflow_is_out_of_memory),
		cmocka_unit_test(test_wipe),
	};

	return cmocka_run_group_tests_name("base/mem", tests, NULL, NULL);
}
