/* SPDX-License-Identifier: MIT */
/* test_arena.c - zeroed memory, caps, deferred calls, one block kept. */
#include "unit.h"

#include <stdlib.h>

#include "base/arena.h"
#include "base/arena_private.h"

#define BLOCK 1024

static bool
is_zero(const unsigned char *p, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (p[i] != 0)
			return false;
	return true;
}

static void
test_takes_nothing_before_the_first_request(void **state)
{
	struct arena arena;

	(void)state;
	arena_init(&arena, BLOCK, 0);
	assert_null(arena.blocks);
	assert_false(arena_is_over(&arena));
	arena_reset(&arena);
	assert_null(arena.blocks);
	arena_done(&arena);
	arena_done(&arena);
}

static void
test_memory_is_zeroed_and_aligned(void **state)
{
	static const size_t sizes[] = { 0, 1, 7, 8, 9, 15, 16, 17, 100, 252,
		253, 500, 1000, 1008, 1009, 5000 };
	struct arena arena;

	(void)state;
	arena_init(&arena, BLOCK, 0);
	for (int round = 0; round < 3; round++) {
		for (size_t i = 0; i < ARRAY_SIZE(sizes); i++) {
			size_t n = sizes[i];
			unsigned char *p = arena_alloc(&arena, n);

			assert_non_null(p);
			assert_int_equal((uintptr_t)p % (n < 16 ? 8 : 16), 0);
			assert_true(is_zero(p, n));
			memset(p, 0xff, n); /* what the next round finds */
			(void)arena_str(&arena, SLICE_LIT("odd"));
		}
		arena_reset(&arena);
		assert_int_equal(arena.used, 0);
	}
	arena_done(&arena);
}

static void
test_requests_do_not_overlap(void **state)
{
	enum { COUNT = 400 };
	unsigned char *p[COUNT];
	struct arena arena;

	(void)state;
	arena_init(&arena, BLOCK, 0);
	for (int i = 0; i < COUNT; i++) {
		p[i] = arena_alloc(&arena, (size_t)i);
		memset(p[i], i & 0xff, (size_t)i);
	}
	for (int i = 0; i < COUNT; i++)
		for (int k = 0; k < i; k++)
			assert_int_equal(p[i][k], i & 0xff);
	arena_done(&arena);
}

static void
test_cap_is_sticky_and_memory_comes_all_the_same(void **state)
{
	struct arena arena;
	char *p;

	(void)state;
	arena_init(&arena, BLOCK, 100);
	(void)arena_alloc(&arena, 60);
	(void)arena_alloc(&arena, 40);
	assert_false(arena_is_over(&arena));
	p = arena_alloc(&arena, 1);
	assert_non_null(p);
	*p = 'x';
	assert_true(arena_is_over(&arena));
	(void)arena_alloc(&arena, 1);
	assert_true(arena_is_over(&arena));
	arena_reset(&arena);
	assert_false(arena_is_over(&arena));
	(void)arena_alloc(&arena, 100);
	assert_false(arena_is_over(&arena));
	(void)arena_alloc(&arena, 5000);
	assert_true(arena_is_over(&arena));
	arena_done(&arena);
	assert_false(arena_is_over(&arena));
}

static void
test_no_cap(void **state)
{
	struct arena arena;

	(void)state;
	arena_init(&arena, BLOCK, 0);
	(void)arena_alloc(&arena, 1 << 20);
	assert_false(arena_is_over(&arena));
	assert_int_equal(arena.used, 1 << 20);
	arena_done(&arena);
}

static void
test_array(void **state)
{
	struct arena arena;
	uint64_t *p;

	(void)state;
	arena_init(&arena, BLOCK, 0);
	p = arena_array(&arena, 10, sizeof(*p));
	assert_true(is_zero((unsigned char *)p, 10 * sizeof(*p)));
	assert_int_equal(arena.used, 80);
	arena_done(&arena);
}

static void
ask_for_too_much(void)
{
	struct arena arena;

	arena_init(&arena, BLOCK, 0);
	(void)arena_array(&arena, SIZE_MAX / 2 + 1, 2);
}

static void
ask_for_everything(void)
{
	struct arena arena;

	arena_init(&arena, BLOCK, 100);
	(void)arena_alloc(&arena, SIZE_MAX);
}

static void
test_overflow_is_out_of_memory(void **state)
{
	(void)state;
	assert_true(unit_aborts(ask_for_too_much, "out of memory"));
	assert_true(unit_aborts(ask_for_everything, "out of memory"));
}

static void
test_str_copies_and_replaces_nul(void **state)
{
	static const char bytes[] = "a\0b\0";
	struct arena arena;
	char room[] = "text";
	hl_str text;

	(void)state;
	arena_init(&arena, BLOCK, 0);
	text = arena_str(&arena, slice_of(room));
	room[0] = 'X';
	assert_string_equal(text.p, "text");
	assert_int_equal(text.n, 4);
	text = arena_str(&arena, (struct slice){ bytes, 4 });
	assert_string_equal(text.p, "a b ");
	assert_int_equal(text.n, 4);
	text = arena_str(&arena, SLICE_NONE);
	assert_string_equal(text.p, "");
	assert_int_equal(text.n, 0);
	arena_done(&arena);
}

static void
test_printf_of_all_lengths(void **state)
{
	static const int lengths[] = { 0, 1, 254, 255, 256, 257, 2000 };
	struct arena arena;

	(void)state;
	arena_init(&arena, BLOCK, 0);
	for (size_t i = 0; i < ARRAY_SIZE(lengths); i++) {
		int n = lengths[i];
		hl_str text = arena_printf(&arena, "%*s", n, "");

		assert_int_equal(text.n, n);
		assert_int_equal(strlen(text.p), n);
	}
	assert_string_equal(
	    arena_printf(&arena, "%s-%d%c", "a", 7, '\0').p, "a-7 ");
	arena_done(&arena);
}

static char order[8];

static void
note_order(void *arg)
{
	size_t n = strlen(order);

	order[n] = *(const char *)arg;
	order[n + 1] = '\0';
}

static void
test_deferred_run_last_first_and_once(void **state)
{
	static char names[] = "abcd";
	struct arena arena;

	(void)state;
	arena_init(&arena, BLOCK, 0);
	order[0] = '\0';
	arena_defer(&arena, note_order, &names[0]);
	arena_defer(&arena, note_order, &names[1]);
	arena_defer(&arena, note_order, &names[2]);
	arena_reset(&arena);
	assert_string_equal(order, "cba");
	arena_reset(&arena);
	assert_string_equal(order, "cba");
	arena_defer(&arena, note_order, &names[3]);
	arena_done(&arena);
	assert_string_equal(order, "cbad");
	arena_done(&arena);
	assert_string_equal(order, "cbad");
}

/* Deferred functions may use the arena's memory, and the arena. */
static void
use_arena(void *arg)
{
	static char e[] = "e";
	struct arena *arena = arg;

	(void)arena_printf(arena, "%d", 42);
	arena_defer(arena, note_order, e);
}

static void
test_deferred_may_defer(void **state)
{
	struct arena arena;

	(void)state;
	arena_init(&arena, BLOCK, 0);
	order[0] = '\0';
	arena_defer(&arena, use_arena, &arena);
	arena_done(&arena);
	assert_string_equal(order, "e");
	assert_int_equal(arena.used, 0);
}

/* Large requests first, so that the kept block is not simply the first. */
/* The block that is kept holds nothing of what was in it. */
static void
test_wipe(void **state)
{
	struct arena arena;
	hl_str secret;

	(void)state;
	arena_init(&arena, 256, 0);
	(void)arena_alloc(&arena, 1000);
	secret = arena_str(&arena, SLICE_LIT("password"));
	arena_wipe(&arena);
	assert_int_equal(arena.used, 0);
#if !ARENA_ALONE /* else it is freed */
	assert_memory_equal(secret.p, "\0\0\0\0\0\0\0\0", 8);
#else
	(void)secret;
#endif
	(void)arena_str(&arena, SLICE_LIT("again"));
	arena_done(&arena);
}

static void
test_reset_keeps_one_ordinary_block(void **state)
{
	struct arena arena;
	struct arena_block *kept;

	(void)state;
	arena_init(&arena, BLOCK, 0);
	(void)arena_alloc(&arena, 5000);
	for (int i = 0; i < 100; i++)
		(void)arena_alloc(&arena, 100);
	arena_reset(&arena);
	kept = arena.blocks;
	for (int round = 0; round < 10; round++) {
		(void)arena_alloc(&arena, 200);
		(void)arena_alloc(&arena, 5000);
		arena_reset(&arena);
		assert_ptr_equal(arena.blocks, kept);
	}
	arena_done(&arena);
	assert_null(arena.blocks);
}

/* One of 600 bytes in blocks of 1024 needs no second block, even as the
 * first one. */
static void
test_first_request_opens_a_block(void **state)
{
	struct arena arena;
	struct arena_block *first;

	(void)state;
	/* There are no blocks then; cmocka's skip() is "not ok" in TAP. */
	if (ARENA_ALONE)
		return;
	arena_init(&arena, BLOCK, 0);
	(void)arena_alloc(&arena, 600);
	first = arena.blocks;
	(void)arena_alloc(&arena, 300);
	assert_ptr_equal(arena.blocks, first);
	arena_reset(&arena);
	(void)arena_alloc(&arena, 600);
	(void)arena_alloc(&arena, 500); /* alone: 400 are still free */
	(void)arena_alloc(&arena, 300);
	assert_ptr_equal(arena.blocks, first);
	arena_done(&arena);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_takes_nothing_before_the_first_request),
		cmocka_unit_test(test_memory_is_zeroed_and_aligned),
		cmocka_unit_test(test_requests_do_not_overlap),
		cmocka_unit_test(
		    test_cap_is_sticky_and_memory_comes_all_the_same),
		cmocka_unit_test(test_no_cap),
		cmocka_unit_test(test_array),
		cmocka_unit_test(test_overflow_is_out_of_memory),
		cmocka_unit_test(test_str_copies_and_replaces_nul),
		cmocka_unit_test(test_printf_of_all_lengths),
		cmocka_unit_test(test_deferred_run_last_first_and_once),
		cmocka_unit_test(test_deferred_may_defer),
		cmocka_unit_test(test_wipe),
		cmocka_unit_test(test_reset_keeps_one_ordinary_block),
		cmocka_unit_test(test_first_request_opens_a_block),
	};

	return cmocka_run_group_tests_name("base/arena", tests, NULL, NULL);
}
