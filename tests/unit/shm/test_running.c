/* SPDX-License-Identifier: MIT */
/* test_running.c - the cell of the running hook, and of one that held on. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "shm/running.h"
#include "shm/stats.h"

static struct mono
at_ms(uint64_t ms)
{
	return (struct mono){ ms * 1000000 };
}

static void
test_set_and_clear(void **state)
{
	struct shm *shm = shm_private();
	struct shm_running cell;

	(void)state;
	assert_false(shm_running_get(shm->own, &cell));
	shm_running_set(shm, 7, SLICE_LIT("s1"), SLICE_LIT("t1"), at_ms(5000));
	assert_true(shm_running_get(shm->own, &cell));
	assert_int_equal(cell.stat, 7);
	assert_string_equal(cell.sid, "s1");
	assert_string_equal(cell.tid, "t1");
	assert_int_equal(cell.since_ns, UINT64_C(5000000000));
	shm_running_clear(shm, at_ms(5001));
	assert_false(shm_running_get(shm->own, &cell));
	/* A shorter id leaves nothing of the longer one. */
	shm_running_set(shm, 8, SLICE_NONE, SLICE_NONE, at_ms(6000));
	assert_true(shm_running_get(shm->own, &cell));
	assert_string_equal(cell.sid, "");
	shm_free(&shm);
}

static void
test_next(void **state)
{
	struct shm *shm = shm_private();
	struct shm_running cell;

	(void)state;
	shm_running_set(shm, 7, SLICE_LIT("s1"), SLICE_LIT("t1"), at_ms(5000));
	shm_running_next(shm, 8);
	assert_true(shm_running_get(shm->own, &cell));
	assert_int_equal(cell.stat, 8);
	assert_string_equal(cell.sid, "s1");
	assert_int_equal(cell.since_ns, UINT64_C(5000000000));
	shm_free(&shm);
}

static void
test_long_ids_are_cut(void **state)
{
	struct shm *shm = shm_private();
	struct shm_running cell;

	(void)state;
	shm_running_set(shm, 2,
	    SLICE_LIT("0123456789012345678901234567890123456789"),
	    SLICE_LIT("0123456789012345678901234567890"), at_ms(1));
	assert_true(shm_running_get(shm->own, &cell));
	assert_string_equal(cell.sid, "0123456789012345678901234567890");
	assert_string_equal(cell.tid, "0123456789012345678901234567890");
	shm_free(&shm);
}

static void
test_held(void **state)
{
	struct shm *shm = shm_private();
	struct shm_running cell;
	uint32_t turn;

	(void)state;
	shm_running_set(shm, 3, SLICE_LIT("s"), SLICE_LIT("t"), at_ms(1000));
	shm_running_clear(shm, at_ms(1000 + SHM_HELD_MS - 1));
	assert_false(shm_held_get(shm->own, &cell));
	shm_running_set(shm, 4, SLICE_LIT("s"), SLICE_LIT("t"), at_ms(2000));
	shm_running_clear(shm, at_ms(2000 + SHM_HELD_MS));
	assert_true(shm_held_get(shm->own, &cell));
	assert_int_equal(cell.stat, 4);
	assert_int_equal(cell.held_ns, SHM_HELD_MS * UINT64_C(1000000));
	assert_string_equal(cell.sid, "s");
	turn = cell.turn;
	/* Clearing again, or a clock that went back, adds nothing. */
	shm_running_clear(shm, at_ms(9000));
	shm_running_set(shm, 5, SLICE_NONE, SLICE_NONE, at_ms(9000));
	shm_running_clear(shm, at_ms(8000));
	assert_true(shm_held_get(shm->own, &cell));
	assert_int_equal(cell.turn, turn);
	shm_free(&shm);
}

/* A worker that died while it wrote leaves an odd turn and no NUL. */
static void
test_torn_cell(void **state)
{
	struct shm *shm = shm_private();
	struct shm_running cell;

	(void)state;
	shm_running_set(shm, 6, SLICE_LIT("s"), SLICE_LIT("t"), at_ms(1));
	shm->own->running.turn++;
	memset(shm->own->running.sid, 'x', SHM_ID_MAX);
	assert_true(shm_running_get(shm->own, &cell));
	assert_int_equal(strlen(cell.sid), SHM_ID_MAX - 1);
	shm->own->running.stat = SHM_STAT_MAX;
	assert_false(shm_running_get(shm->own, &cell));
	shm_free(&shm);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_set_and_clear),
		cmocka_unit_test(test_next),
		cmocka_unit_test(test_long_ids_are_cut),
		cmocka_unit_test(test_held),
		cmocka_unit_test(test_torn_cell),
	};

	return cmocka_run_group_tests_name("running", tests, NULL, NULL);
}
