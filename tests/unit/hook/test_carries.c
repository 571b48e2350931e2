/* SPDX-License-Identifier: MIT */
/* test_carries.c - what a chain of queue plugins carries. */
#include "engine_fixture.h"

#include "unit.h"

#include "base/arena.h"
#include "hook/carries.h"
#include "hook/chain.h"

#define PLUGINS 3

static enum hl_verdict
decline(struct hl_ctx *ctx)
{
	(void)ctx;
	return HL_DECLINED;
}

static const struct {
	const char *name;
	uint64_t carries[PLUGINS];
	bool queues[PLUGINS];
	uint64_t want;
} cases[] = {
	{ .name = "no queue plugin",
	    .carries = { ~UINT64_C(0), 0, 0 },
	    .want = 0 },
	{ .name = "one",
	    .carries = { HL_CARRIES_DSN },
	    .queues = { true },
	    .want = HL_CARRIES_DSN },
	{ .name = "what both carry",
	    .carries = { HL_CARRIES_DSN | HL_CARRIES_SMTPUTF8, 0,
		HL_CARRIES_SMTPUTF8 | HL_CARRIES_BINARYMIME },
	    .queues = { true, false, true },
	    .want = HL_CARRIES_SMTPUTF8 },
	{ .name = "the last carries nothing",
	    .carries = { ~UINT64_C(0), ~UINT64_C(0), 0 },
	    .queues = { true, true, true },
	    .want = 0 },
};

static void
test_chains(void **state)
{
	struct fixture *f = *state;

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct plugin plugins[PLUGINS] = { 0 };
		struct plugin *at[PLUGINS];
		struct chain_set set = { .plugins = at, .count = PLUGINS };
		struct arena arena;

		for (size_t k = 0; k < PLUGINS; k++) {
			plugins[k].name = STR_LIT("p");
			plugins[k].desc.carries = cases[i].carries[k];
			if (cases[i].queues[k])
				plugins[k].desc.queue = decline;
			at[k] = &plugins[k];
		}
		arena_init(&arena, 1024, 0);
		chain_set_build(&set, &arena, f->shm);
		UNIT_CASE(cases[i].name, set.carries == cases[i].want);
		arena_done(&arena);
	}
}

static void
test_text(void **state)
{
	struct buf text = BUF_INIT;

	(void)state;
	carries_text(0, &text);
	unit_slice_is("none", buf_slice(&text), "nothing");
	buf_clear(&text);
	carries_text(HL_CARRIES_DSN, &text);
	unit_slice_is("one", buf_slice(&text), "DSN");
	buf_clear(&text);
	carries_text(~UINT64_C(0), &text);
	unit_slice_is("all", buf_slice(&text),
	    "SMTPUTF8 DSN BINARYMIME REQUIRETLS MT-PRIORITY FUTURERELEASE");
	buf_done(&text);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
		    test_chains, fixture_setup, fixture_teardown),
		cmocka_unit_test(test_text),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
