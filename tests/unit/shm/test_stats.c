/* SPDX-License-Identifier: MIT */
/* test_stats.c - numbers of pairs, histograms, percentiles, sums. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "shm/stats.h"

static void
test_define(void **state)
{
	struct shm *shm = shm_private();
	unsigned a =
	    shm_stat_define(shm, SLICE_LIT("rcpt_ok"), SLICE_LIT("rcpt"));
	unsigned b =
	    shm_stat_define(shm, SLICE_LIT("rcpt_ok"), SLICE_LIT("mail"));

	(void)state;
	assert_true(a > SHM_STAT_OTHER);
	assert_int_not_equal(a, b);
	assert_int_equal(
	    shm_stat_define(shm, SLICE_LIT("rcpt_ok"), SLICE_LIT("rcpt")), a);
	assert_string_equal(shm_stat_plugin(shm->own, a), "rcpt_ok");
	assert_string_equal(shm_stat_hook(shm->own, b), "mail");
	assert_string_equal(shm_stat_plugin(shm->own, 0), "-");
	assert_string_equal(shm_stat_hook(shm->own, SHM_STAT_OTHER), "(other)");
	assert_string_equal(shm_stat_hook(shm->own, 100000), "-");
	shm_free(&shm);
}

static void
test_define_full(void **state)
{
	struct shm *shm = shm_private();
	char name[16];

	(void)state;
	for (unsigned i = 2; i < SHM_STAT_MAX; i++) {
		(void)snprintf(name, sizeof(name), "p%u", i);
		assert_int_equal(
		    shm_stat_define(shm, slice_of(name), SLICE_LIT("rcpt")), i);
	}
	assert_int_equal(
	    shm_stat_define(shm, SLICE_LIT("more"), SLICE_LIT("rcpt")),
	    SHM_STAT_OTHER);
	shm_hook_note(shm, SHM_STAT_OTHER, SHM_OK, 1, 0);
	assert_int_equal(shm_stat_calls(&shm->own->stats[SHM_STAT_OTHER]), 1);
	shm_free(&shm);
}

static const struct {
	uint64_t us;
	unsigned bucket;
} bucket_cases[] = {
	{ 0, 0 },
	{ 1, 1 },
	{ 2, 2 },
	{ 3, 2 },
	{ 4, 3 },
	{ 1023, 10 },
	{ 1024, 11 },
	{ 134217727, 27 },
	{ 134217728, 27 },
	{ UINT64_MAX, 27 },
};

static void
test_buckets(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(bucket_cases); i++)
		assert_int_equal(shm_histogram_bucket(bucket_cases[i].us),
		    bucket_cases[i].bucket);
}

static void
test_percentiles(void **state)
{
	struct shm *shm = shm_private();
	const struct shm_stat *stat = &shm->own->stats[5];

	(void)state;
	assert_int_equal(shm_stat_percentile(stat, 500), 0);
	for (unsigned i = 0; i < 90; i++)
		shm_hook_note(shm, 5, SHM_DECLINED, 3, 0);
	for (unsigned i = 0; i < 9; i++)
		shm_hook_note(shm, 5, SHM_DENY, 1000, 900);
	shm_hook_note(shm, 5, SHM_ILLEGAL, 30000000, 0);
	assert_int_equal(shm_stat_calls(stat), 100);
	assert_int_equal(stat->verdicts[SHM_DECLINED], 90);
	assert_int_equal(stat->verdicts[SHM_DENY], 9);
	assert_int_equal(stat->verdicts[SHM_ILLEGAL], 1);
	assert_int_equal(stat->total_us, 270 + 9000 + 30000000);
	assert_int_equal(stat->waited_us, 8100);
	assert_int_equal(shm_stat_percentile(stat, 0), 4);
	assert_int_equal(shm_stat_percentile(stat, 500), 4);
	assert_int_equal(shm_stat_percentile(stat, 900), 4);
	assert_int_equal(shm_stat_percentile(stat, 901), 1024);
	assert_int_equal(shm_stat_percentile(stat, 990), 1024);
	assert_int_equal(shm_stat_percentile(stat, 999), 33554432);
	assert_int_equal(shm_stat_percentile(stat, 1000), 33554432);
	shm_free(&shm);
}

/* Workers may number the same pair differently. */
static void
test_sum(void **state)
{
	struct shm *a = shm_private(), *b = shm_private();
	struct shm_sum sum = { 0 }, all = { 0 };
	unsigned a_rcpt, a_mail, b_rcpt;

	(void)state;
	a_mail = shm_stat_define(a, SLICE_LIT("p"), SLICE_LIT("mail"));
	a_rcpt = shm_stat_define(a, SLICE_LIT("p"), SLICE_LIT("rcpt"));
	b_rcpt = shm_stat_define(b, SLICE_LIT("p"), SLICE_LIT("rcpt"));
	shm_hook_note(a, a_mail, SHM_OK, 10, 0);
	shm_hook_note(a, a_rcpt, SHM_OK, 10, 0);
	shm_hook_note(b, b_rcpt, SHM_DENY, 20, 5);
	shm_hook_note(b, SHM_STAT_OTHER, SHM_OK, 1, 0);
	shm_add(&shm_totals(a)->accepted, 3);
	shm_gauge(&shm_totals(a)->sessions, 4);
	shm_add(&shm_totals(b)->accepted, 5);
	shm_gauge(&shm_totals(b)->sessions, 6);
	shm_sum_add(&sum, a->own, true);
	shm_sum_add(&sum, b->own, false);
	assert_int_equal(sum.totals.accepted, 8);
	assert_int_equal(sum.totals.sessions, 4); /* b is dead */
	assert_int_equal(sum.count, 3);
	assert_string_equal(sum.rows[1].name.hook, "rcpt");
	assert_int_equal(shm_stat_calls(&sum.rows[1].stat), 2);
	assert_int_equal(sum.rows[1].stat.total_us, 30);
	assert_int_equal(sum.rows[1].stat.waited_us, 5);
	assert_string_equal(sum.rows[2].name.plugin, "(other)");
	shm_sum_merge(&all, &sum);
	shm_sum_merge(&all, &sum);
	assert_int_equal(all.totals.accepted, 16);
	assert_int_equal(all.count, 3);
	assert_int_equal(shm_stat_calls(&all.rows[1].stat), 4);
	shm_sum_done(&sum);
	shm_sum_done(&all);
	shm_free(&a);
	shm_free(&b);
}

/* What is counted apart is not seen apart. */
static void
test_quick(void **state)
{
	struct shm *shm = shm_private();
	unsigned a = shm_stat_define(shm, SLICE_LIT("p"), SLICE_LIT("rcpt"));
	struct shm_sum sum = { 0 };
	struct shm_stat stat;

	(void)state;
	shm_hook_note_quick(shm, a);
	shm_hook_note_quick(shm, a);
	shm_hook_note(shm, a, SHM_DECLINED, 3, 0);
	shm_hook_note_quick(shm, SHM_STAT_OTHER);
	shm_stat_get(shm->own, a, &stat);
	assert_int_equal(stat.verdicts[SHM_DECLINED], 3);
	assert_int_equal(stat.histogram[0], 2);
	assert_int_equal(stat.total_us, 3);
	shm_sum_add(&sum, shm->own, true);
	assert_int_equal(sum.count, 2);
	assert_string_equal(sum.rows[0].name.plugin, "(other)");
	assert_int_equal(shm_stat_calls(&sum.rows[0].stat), 1);
	assert_int_equal(shm_stat_calls(&sum.rows[1].stat), 3);
	assert_int_equal(shm_stat_percentile(&sum.rows[1].stat, 500), 1);
	shm_sum_done(&sum);
	shm_free(&shm);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_define),
		cmocka_unit_test(test_define_full),
		cmocka_unit_test(test_buckets),
		cmocka_unit_test(test_percentiles),
		cmocka_unit_test(test_sum),
		cmocka_unit_test(test_quick),
	};

	return cmocka_run_group_tests_name("stats", tests, NULL, NULL);
}
