/* SPDX-License-Identifier: MIT */
/* test_list.c - the intrusive list. */
#include "unit.h"

#include "base/list.h"

struct item {
	int number;
	struct link link;
};

static struct item *
item_of(struct link *link)
{
	return CONTAINER_OF(link, struct item, link);
}

static int
digits(struct list *list)
{
	int value = 0;

	LIST_FOR_EACH (link, safe, list)
		value = value * 10 + item_of(link)->number;
	return value;
}

static void
test_order(void **state)
{
	struct item items[3] = { { .number = 1 }, { .number = 2 },
		{ .number = 3 } };
	struct list list;

	(void)state;
	list_init(&list);
	assert_true(list_is_empty(&list));
	assert_null(list_first(&list));
	assert_null(list_pop_front(&list));
	list_push_back(&list, &items[1].link);
	list_push_back(&list, &items[2].link);
	list_push_front(&list, &items[0].link);
	assert_int_equal(digits(&list), 123);
	assert_ptr_equal(list_first(&list), &items[0].link);
	assert_ptr_equal(list_pop_front(&list), &items[0].link);
	assert_false(link_is_linked(&items[0].link));
	assert_int_equal(digits(&list), 23);
}

static void
test_removal(void **state)
{
	struct item items[4] = { { .number = 1 }, { .number = 2 },
		{ .number = 3 }, { .number = 4 } };
	struct list list;

	(void)state;
	list_init(&list);
	for (size_t i = 0; i < ARRAY_SIZE(items); i++)
		list_push_back(&list, &items[i].link);
	list_remove(&items[1].link);
	list_remove(&items[1].link); /* again: nothing happens */
	assert_int_equal(digits(&list), 134);
	LIST_FOR_EACH (link, safe, &list)
		if (item_of(link)->number != 3)
			list_remove(link);
	assert_int_equal(digits(&list), 3);
	list_remove(&items[2].link);
	assert_true(list_is_empty(&list));
	list_push_back(&list, &items[1].link);
	assert_int_equal(digits(&list), 2);
}

static void
link_twice(void)
{
	struct item item = { 0 };
	struct list list;

	list_init(&list);
	list_push_back(&list, &item.link);
	list_push_back(&list, &item.link);
}

static void
test_linking_twice_aborts(void **state)
{
	(void)state;
	assert_true(unit_aborts(link_twice, "link_is_linked"));
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_order),
		cmocka_unit_test(test_removal),
		cmocka_unit_test(test_linking_twice_aborts),
	};

	return cmocka_run_group_tests_name("base/list", tests, NULL, NULL);
}
