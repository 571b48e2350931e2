/* SPDX-License-Identifier: MIT */
/* test_check.c - a broken invariant names its place and ends the process. */
#include "unit.h"

#include "base/check.h"

struct thing {
	uint32_t magic;
	int before;
	int member;
};

#define THING_MAGIC 0x7468696eu

static void
fail_check(void)
{
	int one = 1;

	CHECK(one == 2);
}

static void
fail_long_check(void)
{
	char cond[2000];

	memset(cond, 'x', sizeof(cond) - 1);
	cond[sizeof(cond) - 1] = '\0';
	check_failed(cond, "file.c", 1, "func");
}

static void
reach_unreachable(void)
{
	UNREACHABLE();
}

static void
check_null(void)
{
	const struct thing *thing = NULL;

	CHECK_OBJ(thing, THING_MAGIC);
}

static void
check_wrong_magic(void)
{
	const struct thing thing = { .magic = 1 };

	CHECK_OBJ(&thing, THING_MAGIC);
}

static void
do_nothing(void)
{
}

static void
test_failures_abort_with_a_line(void **state)
{
	(void)state;
	assert_true(unit_aborts(fail_check, "test_check.c:"));
	assert_true(
	    unit_aborts(fail_check, "fail_check: check failed: one == 2\n"));
	assert_true(unit_aborts(reach_unreachable, "unreachable\n"));
	assert_true(unit_aborts(check_null, "check_null"));
	assert_true(unit_aborts(check_wrong_magic, "check_wrong_magic"));
	assert_true(unit_aborts(fail_long_check, "xxx\n"));
	assert_false(unit_aborts(do_nothing, ""));
}

static void
test_true_is_silent(void **state)
{
	struct thing thing = { .magic = THING_MAGIC };
	int calls = 0;

	(void)state;
	CHECK(++calls == 1);
	assert_int_equal(calls, 1);
	CHECK_OBJ(&thing, THING_MAGIC);
}

static void
test_container_of(void **state)
{
	struct thing thing;

	(void)state;
	assert_ptr_equal(
	    CONTAINER_OF(&thing.member, struct thing, member), &thing);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_failures_abort_with_a_line),
		cmocka_unit_test(test_true_is_silent),
		cmocka_unit_test(test_container_of),
	};

	return cmocka_run_group_tests_name("base/check", tests, NULL, NULL);
}
