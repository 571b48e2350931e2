/* SPDX-License-Identifier: MIT */
/* test_respawn.c - waits after deaths, and plugins that kill. */
#include "../unit.h"

#include "proc/respawn.h"

static struct mono
at_ms(uint64_t ms)
{
	return (struct mono){ ms * 1000000 };
}

static void
test_waits(void **state)
{
	static const uint64_t waits[] = { 100, 200, 400, 800, 1600, 3200, 6400,
		10000, 10000 };
	struct respawn respawn = { 0 };

	(void)state;
	/* A long life costs nothing. */
	assert_int_equal(
	    respawn_wait(&respawn, at_ms(0), at_ms(RESPAWN_GOOD_MS)), 0);
	for (size_t i = 0; i < ARRAY_SIZE(waits); i++)
		assert_int_equal(respawn_wait(&respawn, at_ms(50000),
				     at_ms(50000 + RESPAWN_GOOD_MS - 1)),
		    waits[i]);
	assert_int_equal(respawn_wait(&respawn, at_ms(60000), at_ms(90000)), 0);
	assert_int_equal(
	    respawn_wait(&respawn, at_ms(90000), at_ms(90001)), 100);
}

static void
test_blame(void **state)
{
	struct blame blame;

	(void)state;
	blame_init(&blame);
	assert_false(blame_note(&blame, "a", at_ms(0)));
	assert_false(blame_note(&blame, "b", at_ms(10)));
	assert_false(blame_note(&blame, "a", at_ms(20)));
	assert_false(blame_note(&blame, "b", at_ms(30)));
	/* The third of each, "within a minute" included. */
	assert_true(blame_note(&blame, "a", at_ms(RESPAWN_BLAMED_WITHIN_MS)));
	assert_false(
	    blame_note(&blame, "b", at_ms(10 + RESPAWN_BLAMED_WITHIN_MS + 1)));
	/* A further one counts with the last two. */
	assert_true(
	    blame_note(&blame, "a", at_ms(RESPAWN_BLAMED_WITHIN_MS + 10)));
	assert_false(blame_note(&blame, "a", at_ms(300000)));
	blame_done(&blame);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_waits),
		cmocka_unit_test(test_blame),
	};

	return cmocka_run_group_tests_name("respawn", tests, NULL, NULL);
}
