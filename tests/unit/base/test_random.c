/* SPDX-License-Identifier: MIT */
/* test_random.c - that chance is chance, in a child too. */
#include "unit.h"

#include <stdlib.h>

#include "base/clock.h"

static void
test_all_lengths_are_filled(void **state)
{
	static const size_t lengths[] = { 1, 8, 64, 65, 255, 256, 257, 5000 };
	static unsigned char bytes[5001], seen[5001];

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(lengths); i++) {
		size_t n = lengths[i];

		memset(seen, 0, sizeof(seen));
		/* Each byte is other than 0 in one of 8 tries. */
		for (int round = 0; round < 8; round++) {
			memset(bytes, 0, sizeof(bytes));
			random_bytes(bytes, n);
			assert_int_equal(bytes[n], 0);
			for (size_t k = 0; k < n; k++)
				seen[k] |= bytes[k];
		}
		for (size_t k = 0; k < n; k++)
			assert_int_not_equal(seen[k], 0);
	}
	random_bytes(NULL, 0);
}

static int
compare_u64(const void *a, const void *b)
{
	uint64_t x, y;

	memcpy(&x, a, sizeof(x));
	memcpy(&y, b, sizeof(y));
	return x < y ? -1 : x > y;
}

static void
test_numbers_do_not_repeat(void **state)
{
	static uint64_t numbers[1000];

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(numbers); i++)
		numbers[i] = random_u64();
	qsort(numbers, ARRAY_SIZE(numbers), sizeof(numbers[0]), compare_u64);
	for (size_t i = 1; i < ARRAY_SIZE(numbers); i++)
		assert_true(numbers[i - 1] != numbers[i]);
}

/* Parent and child must not take the same bytes from the stock. */
static void
test_child_differs(void **state)
{
	uint64_t mine[4], childs[4];
	int fds[2], status;
	pid_t pid;

	(void)state;
	(void)random_u64(); /* there is a stock */
	assert_int_equal(pipe2(fds, O_CLOEXEC), 0);
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		random_bytes(childs, sizeof(childs));
		_exit(write(fds[1], childs, sizeof(childs)) != sizeof(childs));
	}
	random_bytes(mine, sizeof(mine));
	assert_int_equal(read(fds[0], childs, sizeof(childs)), sizeof(childs));
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	for (size_t i = 0; i < ARRAY_SIZE(mine); i++)
		for (size_t k = 0; k < ARRAY_SIZE(childs); k++)
			assert_true(mine[i] != childs[k]);
	(void)close(fds[0]);
	(void)close(fds[1]);
}

static void
test_below(void **state)
{
	unsigned count[6] = { 0 };

	(void)state;
	assert_int_equal(random_below(1), 0);
	for (int i = 0; i < 6000; i++) {
		uint64_t n = random_below(6);

		assert_true(n < 6);
		count[n]++;
	}
	/* 1,000 expected; off by ten standard deviations is 290. */
	for (int i = 0; i < 6; i++)
		assert_in_range(count[i], 710, 1290);
	for (int i = 0; i < 100; i++)
		assert_true(random_below(UINT64_MAX) < UINT64_MAX);
}

static uint64_t next_number;

static void
count_up(void *bytes, size_t n)
{
	assert_int_equal(n, sizeof(next_number));
	memcpy(bytes, &next_number, n);
	next_number++;
}

/* 2^64 mod 3 = 1: the number 0 alone is thrown away. */
static void
test_below_is_even(void **state)
{
	static const struct clock_source counting = { .random = count_up };

	(void)state;
	clock_set_source(&counting);
	next_number = 0;
	assert_int_equal(random_below(3), 1);
	assert_int_equal(random_below(3), 2);
	assert_int_equal(random_below(3), 0);
	assert_int_equal(next_number, 4);
	clock_set_source(NULL);
}

static void
ask_below_zero(void)
{
	(void)random_below(0);
}

static void
test_below_zero_aborts(void **state)
{
	(void)state;
	assert_true(unit_aborts(ask_below_zero, "random_below"));
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_all_lengths_are_filled),
		cmocka_unit_test(test_numbers_do_not_repeat),
		cmocka_unit_test(test_child_differs),
		cmocka_unit_test(test_below),
		cmocka_unit_test(test_below_is_even),
		cmocka_unit_test(test_below_zero_aborts),
	};

	return cmocka_run_group_tests_name("base/random", tests, NULL, NULL);
}
