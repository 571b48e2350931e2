/* SPDX-License-Identifier: MIT */
/* test_call_time.c - rows of calls that decline: the record stays right. */
#include "engine_fixture.h"

#include "base/log.h"
#include "hook/call_time.h"
#include "hook/record.h"
#include "shm/running.h"
#include "shm/shm.h"
#include "shm/stats.h"

/* Four plugins; what each does when it is called, without `ctx` unless it
 * says so. */
struct act {
	uint64_t ns;    /* it computes for so long */
	unsigned ticks; /* looks of the master meanwhile */
	enum hl_verdict verdict;
	bool asks;         /* uses a function of plugin.h first ... */
	uint64_t asked_ns; /* ... and computes again */
};

static struct act acts[4];
static char order[64];      /* letters of the plugins called */
static char running_as[64]; /* what the cell said meanwhile */
static struct fixture *fx;

static enum hl_verdict
act(unsigned i, struct hl_ctx *ctx)
{
	struct shm_running cell;
	size_t n = strlen(order);

	order[n] = (char)('a' + i);
	running_as[n] = shm_running_get(fx->shm->own, &cell)
			    ? shm_stat_plugin(fx->shm->own, cell.stat)[0]
			    : '-';
	test_now.ns += acts[i].ns;
	fx->shm->own->tick += acts[i].ticks;
	if (acts[i].asks)
		EXPECT_TEXT(hl_me(ctx), "mx.example");
	test_now.ns += acts[i].asked_ns;
	return acts[i].verdict;
}

static enum hl_verdict
act_a(struct hl_ctx *ctx)
{
	return act(0, ctx);
}

static enum hl_verdict
act_b(struct hl_ctx *ctx)
{
	return act(1, ctx);
}

static enum hl_verdict
act_c(struct hl_ctx *ctx)
{
	return act(2, ctx);
}

static enum hl_verdict
act_d(struct hl_ctx *ctx)
{
	return act(3, ctx);
}

static const struct hl_plugin a = {
	.name = "a", .quit = act_a, .data = act_a, .queue = act_a, .rset = act_a
};
static const struct hl_plugin b = {
	.name = "b", .quit = act_b, .data = act_b, .queue = act_b
};
static const struct hl_plugin c = {
	.name = "c", .quit = act_c, .data = act_c, .queue = act_c
};
static const struct hl_plugin d = {
	.name = "d", .quit = act_d, .data = act_d, .queue = act_d
};
static const struct hl_plugin_entry entries[] = {
	{ sizeof(a), &a },
	{ sizeof(b), &b },
	{ sizeof(c), &c },
	{ sizeof(d), &d },
};
static const struct hl_plugin_entry *const more[] = { &entries[0], &entries[1],
	&entries[2], &entries[3], NULL };

static void
run(enum hook_id hook)
{
	memset(order, 0, sizeof(order));
	memset(running_as, 0, sizeof(running_as));
	fixture_hook(fx, hook, NULL);
}

/* Loaded, and past the runs in which each call is timed. */
static int
setup(void **state)
{
	/* Of this file, to be moved by nanoseconds. */
	static const struct clock_source source = {
		.mono = test_mono, .wall = test_wall, .random = test_random
	};

	if (fixture_setup(state) != 0)
		return -1;
	fx = *state;
	test_now.ns = 1000000000;
	clock_set_source(&source);
	log_set_level(LOG_LEVEL_INFO);
	memset(acts, 0, sizeof(acts));
	if (fixture_load(fx, "", more) != 0)
		return -1;
	for (unsigned i = 0; i < CALL_EXACT; i++) {
		run(HOOK_QUIT);
		run(HOOK_DATA);
		run(HOOK_QUEUE);
		run(HOOK_RSET);
	}
	return 0;
}

/* What is counted for a plugin; zeroes if it has no row. */
static struct shm_stat
stat_of(const char *plugin, const char *hook)
{
	struct shm_sum sum = { 0 };
	struct shm_stat ret = { 0 };

	shm_sum_add(&sum, fx->shm->own, true);
	for (unsigned i = 0; i < sum.count; i++)
		if (strcmp(sum.rows[i].name.plugin, plugin) == 0 &&
		    strcmp(sum.rows[i].name.hook, hook) == 0)
			ret = sum.rows[i].stat;
	shm_sum_done(&sum);
	return ret;
}

static void
expect_stat(const char *plugin, const char *hook, uint64_t declined,
    uint64_t at_once, uint64_t total_us)
{
	struct shm_stat stat = stat_of(plugin, hook);

	if (stat.verdicts[SHM_DECLINED] != declined ||
	    stat.histogram[0] != at_once || stat.total_us != total_us)
		fail_msg("%s %s: %llu declined, %llu at once, %llu us", plugin,
		    hook, (unsigned long long)stat.verdicts[SHM_DECLINED],
		    (unsigned long long)stat.histogram[0],
		    (unsigned long long)stat.total_us);
}

static void
test_quick(void **state)
{
	const uint64_t calls = CALL_EXACT + 3;

	(void)state;
	acts[0].ns = acts[1].ns = acts[2].ns = acts[3].ns = 249;
	for (unsigned i = 0; i < 3; i++) {
		run(HOOK_QUIT);
		assert_string_equal(order, "abcd");
		assert_string_equal(running_as, "abcd");
		assert_int_equal(fx->outcome.column, COLUMN_NONE);
		assert_string_equal(fx->outcome.plugin->name.p, "d");
	}
	expect_stat("a", "quit", calls, calls, 0);
	expect_stat("d", "quit", calls, calls, 0);
	expect_stat("(together)", "quit", 0, 0, 0);
}

static void
test_result(void **state)
{
	(void)state;
	acts[2].verdict = HL_OK;
	run(HOOK_DATA);
	assert_string_equal(order, "abc");
	assert_int_equal(fx->outcome.column, COLUMN_OK);
	assert_int_equal(fx->conv.results[HOOK_DATA].asked, 4); /* and probe */
	assert_int_equal(fx->conv.results[HOOK_DATA].column, COLUMN_OK);
	expect_stat("b", "data", CALL_EXACT + 1, CALL_EXACT + 1, 0);
	assert_int_equal(stat_of("c", "data").verdicts[SHM_OK], 1);
	expect_stat("d", "data", CALL_EXACT, CALL_EXACT, 0);
}

/* The time of a row that was slow is shown as that of several; afterwards
 * each call is timed. */
static void
test_slow_row(void **state)
{
	(void)state;
	acts[1].ns = 5000000;
	run(HOOK_QUIT);
	expect_stat("b", "quit", CALL_EXACT + 1, CALL_EXACT + 1, 0);
	expect_stat("(together)", "quit", 1, 0, 5000);
	run(HOOK_QUIT);
	expect_stat("b", "quit", CALL_EXACT + 2, CALL_EXACT + 1, 5000);
	expect_stat("a", "quit", CALL_EXACT + 2, CALL_EXACT + 2, 0);
	expect_stat("(together)", "quit", 1, 0, 5000);
	/* For as long as it is slow. */
	for (unsigned i = 0; i < 3 * CALL_EXACT; i++)
		run(HOOK_QUIT);
	expect_stat("(together)", "quit", 1, 0, 5000);
}

static void
run_quick(unsigned times)
{
	memset(acts, 0, sizeof(acts));
	while (times-- > 0)
		run(HOOK_QUIT);
}

/* What a busy machine does to rows now and then does not make each call be
 * timed; what is slow often is found. */
static void
test_pace(void **state)
{
	(void)state;
	acts[1].ns = 1000;
	run(HOOK_QUIT);
	/* The clock is read at each call: one of these, and it was noise. */
	acts[1].ns = 0;
	acts[2].ns = 50000;
	run(HOOK_QUIT);
	run_quick(CALL_EXACT - 1);
	assert_int_equal(stat_of("c", "quit").total_us, 50);
	/* Soon again: not looked into. */
	for (unsigned i = 0; i < 2; i++) {
		acts[1].ns = 1000;
		run(HOOK_QUIT);
	}
	expect_stat("(together)", "quit", 3, 0, 3);
	run_quick(CALL_ROWS);
	acts[1].ns = 1000;
	run(HOOK_QUIT);
	expect_stat("(together)", "quit", 4, 0, 4);
	/* Looked into: one of four runs is enough to go on with it ... */
	for (unsigned i = 0; i < 3 * CALL_EXACT; i++) {
		acts[1].ns = i % 4 == 0 ? 1000 : 0;
		run(HOOK_QUIT);
	}
	expect_stat("(together)", "quit", 4, 0, 4);
	assert_int_equal(stat_of("b", "quit").total_us, 3 * CALL_EXACT / 4);
	/* ... and so is one run that takes long enough. */
	for (unsigned i = 0; i < 3 * CALL_EXACT; i++) {
		acts[2].ns = i % CALL_EXACT == 0 ? 100000 : 0;
		acts[1].ns = 0;
		run(HOOK_QUIT);
	}
	expect_stat("(together)", "quit", 4, 0, 4);
	assert_int_equal(stat_of("c", "quit").total_us, 50 + 300);
}

static void
test_row_of_one(void **state)
{
	(void)state;
	acts[0].ns = 7000;
	run(HOOK_RSET);
	expect_stat("a", "rset", CALL_EXACT + 1, CALL_EXACT, 7);
	expect_stat("(together)", "rset", 0, 0, 0);
}

static void
test_asks(void **state)
{
	(void)state;
	acts[1].asks = true;
	acts[1].asked_ns = 3000;
	run(HOOK_QUIT);
	assert_string_equal(order, "abcd");
	expect_stat("b", "quit", CALL_EXACT + 1, CALL_EXACT, 3);
	expect_stat("d", "quit", CALL_EXACT + 1, CALL_EXACT + 1, 0);
	/* What it did before the first function was a row of the two. */
	acts[1].ns = 2000;
	run(HOOK_QUIT);
	expect_stat("b", "quit", CALL_EXACT + 2, CALL_EXACT, 6);
	expect_stat("(together)", "quit", 1, 0, 2);
}

/* 40 s without a function of plugin.h: found by the tick, and too late. */
static void
test_held(void **state)
{
	struct shm_running held;

	(void)state;
	acts[2].ns = 40000000000;
	acts[2].ticks = 400;
	run(HOOK_DATA);
	assert_string_equal(order, "abc");
	assert_int_equal(fx->outcome.column, COLUMN_DENYSOFT);
	assert_true(fx->outcome.by_policy);
	assert_int_equal(stat_of("c", "data").verdicts[SHM_ILLEGAL], 1);
	expect_stat("b", "data", CALL_EXACT + 1, CALL_EXACT + 1, 0);
	expect_stat("(together)", "data", 0, 0, 0);
	assert_true(shm_held_get(fx->shm->own, &held));
	assert_string_equal(shm_stat_plugin(fx->shm->own, held.stat), "c");
	assert_true(held.held_ns == 40000000000);
}

/* Nobody has looked: it is known that one of them held the thread. */
static void
test_held_unseen(void **state)
{
	struct shm_running held;

	(void)state;
	acts[2].ns = 150000000;
	run(HOOK_QUIT);
	assert_string_equal(order, "abcd");
	assert_true(shm_held_get(fx->shm->own, &held));
	assert_string_equal(
	    shm_stat_plugin(fx->shm->own, held.stat), "(together)");
	assert_string_equal(shm_stat_hook(fx->shm->own, held.stat), "quit");
	assert_string_equal(held.sid, fx->conv.facts.sid);
	assert_false(shm_running_get(fx->shm->own, &held));
}

/* A look at a quick call is none at a long one. */
static void
test_tick(void **state)
{
	(void)state;
	acts[1].ticks = 1;
	acts[1].ns = 100;
	run(HOOK_QUIT);
	assert_string_equal(order, "abcd");
	expect_stat("b", "quit", CALL_EXACT + 1, CALL_EXACT + 1, 0);
	expect_stat("(together)", "quit", 0, 0, 0);
}

static void
count_record(void *arg, struct hl_ctx *ctx, const struct record *record)
{
	(void)ctx;
	*(uint64_t *)arg += record->us;
}

/* Who looks at single calls sees single calls. */
static void
test_watched(void **state)
{
	uint64_t us = 0;

	(void)state;
	acts[1].ns = 4000;
	record_set_listener(fx->engine, count_record, &us);
	run(HOOK_QUIT);
	record_set_listener(fx->engine, NULL, NULL);
	assert_int_equal(us, 4);
	expect_stat("b", "quit", CALL_EXACT + 1, CALL_EXACT, 4);
	expect_stat("(together)", "quit", 0, 0, 0);
}

int
main(void)
{
#define CASE(fn) cmocka_unit_test_setup_teardown(fn, setup, fixture_teardown)
	static const struct CMUnitTest tests[] = {
		CASE(test_quick),
		CASE(test_result),
		CASE(test_slow_row),
		CASE(test_pace),
		CASE(test_row_of_one),
		CASE(test_asks),
		CASE(test_held),
		CASE(test_held_unseen),
		CASE(test_tick),
		CASE(test_watched),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
