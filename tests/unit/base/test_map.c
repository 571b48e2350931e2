/* SPDX-License-Identifier: MIT */
/* test_map.c - keys, order, removal, churn. */
#include "unit.h"

#include "base/clock.h"
#include "base/map.h"
#include "base/mem.h"

static int values[100];
static int freed;

static void
count_free(void *value)
{
	freed++;
	(*(int *)value)++;
}

static struct slice
key_of(char room[16], unsigned number)
{
	int n = snprintf(room, 16, "key%u", number);

	return (struct slice){ room, (size_t)n };
}

static void
test_set_get_remove(void **state)
{
	struct map *map = map_new(NULL);

	(void)state;
	assert_null(map_get(map, SLICE_LIT("a")));
	assert_false(map_remove(map, SLICE_LIT("a")));
	map_set(map, SLICE_LIT("a"), &values[0]);
	map_set(map, SLICE_LIT(""), &values[1]);
	map_set(map, SLICE_LIT("null"), NULL);
	assert_ptr_equal(map_get(map, SLICE_LIT("a")), &values[0]);
	assert_ptr_equal(map_get(map, SLICE_LIT("")), &values[1]);
	assert_ptr_equal(map_get(map, SLICE_NONE), &values[1]);
	assert_null(map_get(map, SLICE_LIT("null")));
	assert_true(map_has(map, SLICE_LIT("null")));
	assert_false(map_has(map, SLICE_LIT("A")));
	assert_int_equal(map_count(map), 3);
	assert_true(map_remove(map, SLICE_LIT("a")));
	assert_false(map_has(map, SLICE_LIT("a")));
	assert_int_equal(map_count(map), 2);
	map_free(&map);
	assert_null(map);
	map_free(&map);
}

static void
test_no_map_is_empty(void **state)
{
	size_t cursor = 0;
	void *value;
	hl_str key;

	(void)state;
	assert_null(map_get(NULL, SLICE_LIT("a")));
	assert_false(map_has(NULL, SLICE_LIT("a")));
	assert_int_equal(map_count(NULL), 0);
	assert_int_equal(map_memory(NULL), 0);
	assert_false(map_next(NULL, &cursor, &key, &value));
}

static void
test_keys_are_copied_bytes(void **state)
{
	struct map *map = map_new(NULL);
	char key[] = "a\0b";

	(void)state;
	map_set(map, (struct slice){ key, 3 }, &values[0]);
	map_set(map, (struct slice){ key, 1 }, &values[1]);
	key[0] = 'x';
	assert_ptr_equal(map_get(map, (struct slice){ "a\0b", 3 }), &values[0]);
	assert_ptr_equal(map_get(map, SLICE_LIT("a")), &values[1]);
	map_free(&map);
}

static void
test_values_are_freed_once(void **state)
{
	struct map *map = map_new(count_free);

	(void)state;
	memset(values, 0, sizeof(values));
	freed = 0;
	map_set(map, SLICE_LIT("a"), &values[0]);
	map_set(map, SLICE_LIT("a"), &values[0]); /* the same: kept */
	assert_int_equal(freed, 0);
	map_set(map, SLICE_LIT("a"), &values[1]);
	assert_int_equal(freed, 1);
	map_set(map, SLICE_LIT("b"), &values[2]);
	assert_true(map_remove(map, SLICE_LIT("a")));
	assert_int_equal(freed, 2);
	map_free(&map);
	assert_int_equal(freed, 3);
	for (int i = 0; i < 3; i++)
		assert_int_equal(values[i], 1);
}

/* Through the small form, the border and several sizes of the index. */
static void
test_many_keys_in_order(void **state)
{
	enum { COUNT = 3000 };
	struct map *map = map_new(NULL);
	size_t cursor = 0;
	char room[16];
	void *value;
	hl_str key;

	(void)state;
	for (unsigned i = 0; i < COUNT; i++) {
		map_set(map, key_of(room, i), &values[i % 100]);
		assert_int_equal(map_count(map), i + 1);
		for (unsigned k = i < 40 ? 0 : i - 3; k <= i; k++)
			assert_ptr_equal(
			    map_get(map, key_of(room, k)), &values[k % 100]);
		assert_false(map_has(map, key_of(room, i + 1)));
	}
	for (unsigned i = 0; i < COUNT; i++) {
		assert_true(map_next(map, &cursor, &key, &value));
		unit_slice_is("key", key_of(room, i), key.p);
		assert_ptr_equal(value, &values[i % 100]);
	}
	assert_false(map_next(map, &cursor, &key, &value));
	map_free(&map);
}

static void
test_removal_keeps_the_order_of_the_rest(void **state)
{
	static const unsigned counts[] = { 3, 8, 9, 50, 1000 };
	char room[16];

	(void)state;
	for (size_t c = 0; c < ARRAY_SIZE(counts); c++) {
		struct map *map = map_new(NULL);
		size_t cursor = 0, n = 0;
		void *value;
		hl_str key;

		for (unsigned i = 0; i < counts[c]; i++)
			map_set(map, key_of(room, i), NULL);
		for (unsigned i = 0; i < counts[c]; i += 2)
			assert_true(map_remove(map, key_of(room, i)));
		map_set(map, SLICE_LIT("key0"), NULL); /* now the last */
		for (unsigned i = 1; i < counts[c]; i += 2, n++) {
			assert_true(map_next(map, &cursor, &key, &value));
			unit_slice_is("key", key_of(room, i), key.p);
		}
		assert_true(map_next(map, &cursor, &key, &value));
		assert_string_equal(key.p, "key0");
		assert_false(map_next(map, &cursor, &key, &value));
		assert_int_equal(map_count(map), n + 1);
		map_free(&map);
	}
}

static void
test_removal_during_the_walk(void **state)
{
	struct map *map = map_new(NULL);
	size_t cursor = 0;
	unsigned seen = 0;
	char room[16];
	void *value;
	hl_str key;

	(void)state;
	for (unsigned i = 0; i < 100; i++)
		map_set(map, key_of(room, i), NULL);
	while (map_next(map, &cursor, &key, &value)) {
		unit_slice_is("key", key_of(room, seen), key.p);
		assert_true(map_remove(map, slice_str(key)));
		seen++;
	}
	assert_int_equal(seen, 100);
	assert_int_equal(map_count(map), 0);
	map_free(&map);
}

/* What notes do all day: keys come and go for ever. */
static void
churn(unsigned kept)
{
	struct map *map = map_new(NULL);
	size_t bound = 0;
	char room[16];

	for (unsigned i = 0; i < kept; i++)
		map_set(map, key_of(room, i), &values[1]);
	for (unsigned i = 0; i < 100000; i++) {
		map_set(map, key_of(room, kept + i), &values[0]);
		assert_true(map_remove(map, key_of(room, kept + i)));
		if (i == 5000)
			bound = map_memory(map);
		assert_true(i < 5000 || map_memory(map) <= bound);
	}
	assert_int_equal(map_count(map), kept);
	for (unsigned i = 0; i < kept; i++)
		assert_ptr_equal(map_get(map, key_of(room, i)), &values[1]);
	map_free(&map);
}

static void
test_churn_does_not_grow(void **state)
{
	static const unsigned kept[] = { 0, 1, 3, 4, 7, 8, 15, 16, 500 };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(kept); i++)
		churn(kept[i]);
}

static void
test_memory_shrinks_after_a_flood(void **state)
{
	struct map *map = map_new(NULL);
	size_t most;
	char room[16];

	(void)state;
	for (unsigned i = 0; i < 10000; i++)
		map_set(map, key_of(room, i), NULL);
	most = map_memory(map);
	for (unsigned i = 0; i < 10000; i++)
		assert_true(map_remove(map, key_of(room, i)));
	for (unsigned i = 0; i < 10000; i++) {
		map_set(map, key_of(room, i), NULL);
		assert_true(map_remove(map, key_of(room, i)));
	}
	assert_true(map_memory(map) < most / 100);
	map_free(&map);
}

static void
test_small_maps_are_small(void **state)
{
	struct map *map = map_new(NULL);

	(void)state;
	assert_in_range(map_memory(map), 1, 64);
	for (unsigned i = 0; i < 4; i++) {
		char room[16];

		map_set(map, key_of(room, i), NULL);
	}
	assert_in_range(map_memory(map), 1, 200);
	map_free(&map);
}

/* Against the plainest model there is: random operations on 40 keys. */
static void
test_agrees_with_a_model(void **state)
{
	struct map *map = map_new(NULL);
	int *model[40] = { 0 };
	char room[16];
	size_t count = 0;

	(void)state;
	for (int i = 0; i < 20000; i++) {
		unsigned k = (unsigned)random_below(ARRAY_SIZE(model));
		/* Now mostly filling, now mostly emptying. */
		bool set = random_below(8) < (i / 500 % 2 == 0 ? 6u : 2u);

		if (set) {
			count += model[k] == NULL ? 1 : 0;
			model[k] = &values[random_below(100)];
			map_set(map, key_of(room, k), model[k]);
		} else {
			bool was = map_remove(map, key_of(room, k));

			assert_int_equal(was, model[k] != NULL);
			count -= was ? 1 : 0;
			model[k] = NULL;
		}
		k = (unsigned)random_below(ARRAY_SIZE(model));
		assert_ptr_equal(map_get(map, key_of(room, k)), model[k]);
		assert_int_equal(map_count(map), count);
	}
	map_free(&map);
}

static void
use_after_free(void)
{
	/* Not a map at all: the magic number is looked at. */
	static uint64_t room[32];

	(void)map_get((const struct map *)(const void *)room, SLICE_LIT("a"));
}

static void
test_other_objects_are_refused(void **state)
{
	(void)state;
	assert_true(unit_aborts(use_after_free, "map_get"));
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_set_get_remove),
		cmocka_unit_test(test_no_map_is_empty),
		cmocka_unit_test(test_keys_are_copied_bytes),
		cmocka_unit_test(test_values_are_freed_once),
		cmocka_unit_test(test_many_keys_in_order),
		cmocka_unit_test(test_removal_keeps_the_order_of_the_rest),
		cmocka_unit_test(test_removal_during_the_walk),
		cmocka_unit_test(test_churn_does_not_grow),
		cmocka_unit_test(test_memory_shrinks_after_a_flood),
		cmocka_unit_test(test_small_maps_are_small),
		cmocka_unit_test(test_agrees_with_a_model),
		cmocka_unit_test(test_other_objects_are_refused),
	};

	return cmocka_run_group_tests_name("base/map", tests, NULL, NULL);
}
