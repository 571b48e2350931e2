/* SPDX-License-Identifier: MIT */
/* test_err.c - codes with words, and words in front of words. */
#include "unit.h"

#include <errno.h>

#include "base/err.h"

static void
test_set(void **state)
{
	struct err err = { 0 };

	(void)state;
	assert_int_equal(err_set(&err, -EINVAL, "%s:%d", "file", 3), -EINVAL);
	assert_int_equal(err.code, -EINVAL);
	assert_string_equal(err.text, "file:3");
	assert_int_equal(err_set(NULL, -EIO, "%s", "x"), -EIO);
}

static void
test_set_from_its_own_text(void **state)
{
	struct err err = { 0 };

	(void)state;
	(void)err_set(&err, -EINVAL, "inner");
	(void)err_set(&err, -EIO, "outer(%s)", err.text);
	assert_string_equal(err.text, "outer(inner)");
}

static void
test_prefix(void **state)
{
	struct err err = { 0 };

	(void)state;
	(void)err_set(&err, -ENOENT, "no such file");
	assert_int_equal(err_prefix(&err, "config/%s", "me"), -ENOENT);
	assert_string_equal(err.text, "config/me: no such file");
	assert_int_equal(err_prefix(NULL, "x"), -EINVAL);
}

static void
test_long_texts_are_cut(void **state)
{
	struct err err = { 0 };
	char text[1000];

	(void)state;
	memset(text, 'x', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	(void)err_set(&err, -EIO, "%s", text);
	assert_int_equal(strlen(err.text), sizeof(err.text) - 1);
	(void)err_set(&err, -EIO, "short");
	(void)err_prefix(&err, "%.490s", text);
	assert_int_equal(strlen(err.text), sizeof(err.text) - 1);
	assert_string_equal(err.text + 489, "x: sho");
	(void)err_prefix(&err, "%s", text);
	assert_int_equal(strlen(err.text), sizeof(err.text) - 1);
}

static void
set_success(void)
{
	struct err err;

	(void)err_set(&err, 0, "fine");
}

static void
test_success_is_no_error(void **state)
{
	(void)state;
	assert_true(unit_aborts(set_success, "err_set"));
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_set),
		cmocka_unit_test(test_set_from_its_own_text),
		cmocka_unit_test(test_prefix),
		cmocka_unit_test(test_long_texts_are_cut),
		cmocka_unit_test(test_success_is_no_error),
	};

	return cmocka_run_group_tests_name("base/err", tests, NULL, NULL);
}
