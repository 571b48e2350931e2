/* SPDX-License-Identifier: MIT */
/* test_notes.c - notes and the account that pays for them. */
#include "unit.h"

#include <errno.h>

#include "mail/memory.h"
#include "mail/notes.h"
#include "mail/value.h"

#define KEY SLICE_LIT("key")

static void
test_account(void **state)
{
	struct memory_account account = { .cap = 100 };

	(void)state;
	assert_int_equal(memory_account_take(&account, 60), 0);
	assert_true(memory_account_has(&account, 40));
	assert_false(memory_account_has(&account, 41));
	assert_int_equal(memory_account_take(&account, 41), -E2BIG);
	assert_int_equal(memory_account_take(&account, SIZE_MAX), -E2BIG);
	assert_int_equal(account.used, 60);
	assert_true(account.over);
	assert_int_equal(memory_account_take(&account, 40), 0);
	account.over = false;
	memory_account_force(&account, 5);
	assert_true(account.over);
	assert_int_equal(account.used, 105);
	assert_false(memory_account_has(&account, 0));
	memory_account_give(&account, 105);
	assert_true(account.over);
	account = (struct memory_account){ 0 };
	assert_int_equal(memory_account_take(&account, SIZE_MAX / 2), 0);
	assert_false(account.over);
}

static struct memory_account given;

static void
give_too_much(void)
{
	memory_account_give(&given, 1);
}

static void
test_account_underflow(void **state)
{
	(void)state;
	assert_true(unit_aborts(give_too_much, "bytes <= account->used"));
}

static void
test_empty(void **state)
{
	struct memory_account account = { 0 };
	struct notes *notes = NULL;
	struct hl_value *value;
	size_t cursor = 0;
	hl_str key;

	(void)state;
	assert_null(notes_get(notes, KEY));
	assert_false(notes_has(notes, KEY));
	assert_false(notes_remove(&notes, KEY));
	assert_int_equal(notes_set(&notes, &account, KEY, NULL), 0);
	assert_int_equal(notes_count(notes), 0);
	assert_false(notes_next(notes, &cursor, &key, &value));
	notes_free(&notes);
	assert_null(notes);
	assert_int_equal(account.used, 0);
}

static void
test_set_and_get(void **state)
{
	struct memory_account account = { 0 };
	struct notes *notes = NULL;
	struct hl_value *value, *list = value_list();
	size_t cursor = 0;
	hl_str key;

	(void)state;
	assert_int_equal(
	    notes_set_text(&notes, &account, KEY, SLICE_LIT("text")), 0);
	assert_int_equal(
	    notes_set_int(&notes, &account, SLICE_LIT("n"), 42), 0);
	assert_int_equal(
	    notes_set(&notes, &account, SLICE_LIT("list"), list), 0);
	assert_true(value_is_frozen(list));
	value_unref(&list);
	assert_int_equal(notes_count(notes), 3);
	assert_true(notes_next(notes, &cursor, &key, &value));
	assert_string_equal(key.p, "key");
	assert_string_equal(value_as_text(value).p, "text");
	assert_true(notes_next(notes, &cursor, &key, &value));
	assert_int_equal(value_as_int(value), 42);
	assert_true(notes_next(notes, &cursor, &key, &value));
	assert_int_equal(value_kind(value), HL_KIND_LIST);
	assert_false(notes_next(notes, &cursor, &key, &value));
	assert_true(account.used > 0);
	assert_true(notes_remove(&notes, KEY));
	assert_false(notes_remove(&notes, KEY));
	assert_int_equal(notes_set(&notes, &account, SLICE_LIT("n"), NULL), 0);
	assert_true(notes_remove(&notes, SLICE_LIT("list")));
	/* The last one takes the table with it. */
	assert_null(notes);
	assert_int_equal(account.used, 0);
}

/* A reader that is parked keeps what it got. */
static void
test_get_outlives_replacement(void **state)
{
	struct memory_account account = { 0 };
	struct notes *notes = NULL;
	struct hl_value *value;

	(void)state;
	assert_int_equal(
	    notes_set_text(&notes, &account, KEY, SLICE_LIT("old")), 0);
	value = notes_get(notes, KEY);
	assert_int_equal(
	    notes_set_text(&notes, &account, KEY, SLICE_LIT("new")), 0);
	assert_string_equal(value_as_text(value).p, "old");
	notes_free(&notes);
	assert_string_equal(value_as_text(value).p, "old");
	value_unref(&value);
	assert_int_equal(account.used, 0);
}

static void
test_set_the_same_again(void **state)
{
	struct memory_account account = { 0 };
	struct notes *notes = NULL;
	struct hl_value *value = value_list();
	size_t used;

	(void)state;
	assert_int_equal(notes_set(&notes, &account, KEY, value), 0);
	used = account.used;
	assert_int_equal(notes_set(&notes, &account, KEY, value), 0);
	assert_int_equal(account.used, used);
	value_unref(&value);
	notes_free(&notes); /* a leak is found by the sanitizer */
}

static void
test_bad_keys(void **state)
{
	struct memory_account account = { 0 };
	struct notes *notes = NULL;
	char key[1025];

	(void)state;
	memset(key, 'k', sizeof(key));
	assert_int_equal(
	    notes_set_int(&notes, &account, SLICE_NONE, 1), -EINVAL);
	assert_int_equal(notes_set_int(&notes, &account,
			     (struct slice){ key, sizeof(key) }, 1),
	    -EINVAL);
	assert_int_equal(
	    notes_set_int(&notes, &account, SLICE_LIT("a\0b"), 1), -EINVAL);
	assert_null(notes);
	assert_int_equal(
	    notes_set_int(&notes, &account, (struct slice){ key, 1024 }, 1), 0);
	notes_free(&notes);
}

static void
test_cap(void **state)
{
	static const char big[4000] = { 'x' };
	struct memory_account account = { .cap = 1000 };
	struct notes *notes = NULL;
	struct hl_value *value;
	size_t used;

	(void)state;
	assert_int_equal(notes_set_text(&notes, &account, KEY,
			     (struct slice){ big, sizeof(big) }),
	    -E2BIG);
	assert_null(notes);
	assert_true(account.over);
	account.over = false;
	assert_int_equal(
	    notes_set_text(&notes, &account, KEY, SLICE_LIT("old")), 0);
	used = account.used;
	assert_int_equal(notes_set_text(&notes, &account, KEY,
			     (struct slice){ big, sizeof(big) }),
	    -E2BIG);
	assert_true(account.over);
	assert_int_equal(account.used, used);
	value = notes_get(notes, KEY);
	assert_string_equal(value_as_text(value).p, "old");
	value_unref(&value);
	/* Replacing needs room for the difference only. */
	account.over = false;
	account.cap = used;
	assert_int_equal(
	    notes_set_text(&notes, &account, KEY, SLICE_LIT("new")), 0);
	assert_false(account.over);
	notes_free(&notes);
	assert_int_equal(account.used, 0);
}

/* What is replaced for ever does not grow. */
static void
test_replacing_is_bounded(void **state)
{
	struct memory_account account = { .cap = 2000 };
	struct notes *notes = NULL;
	char key[16];

	(void)state;
	for (int i = 0; i < 5000; i++) {
		(void)snprintf(key, sizeof(key), "k%d", i % 7);
		assert_int_equal(
		    notes_set_int(&notes, &account, slice_of(key), i), 0);
		if (i % 3 == 0)
			(void)notes_remove(&notes, slice_of(key));
	}
	assert_false(account.over);
	notes_free(&notes);
	assert_int_equal(account.used, 0);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_account),
		cmocka_unit_test(test_account_underflow),
		cmocka_unit_test(test_empty),
		cmocka_unit_test(test_set_and_get),
		cmocka_unit_test(test_get_outlives_replacement),
		cmocka_unit_test(test_set_the_same_again),
		cmocka_unit_test(test_bad_keys),
		cmocka_unit_test(test_cap),
		cmocka_unit_test(test_replacing_is_bounded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
