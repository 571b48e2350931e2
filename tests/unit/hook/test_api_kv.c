/* SPDX-License-Identifier: MIT */
/* test_api_kv.c - hl_kv_* against a real state process. */
#include "engine_fixture.h"

#include "../state/state_test.h"

#include <errno.h>

#include "hook/kv.h"

static struct state_process process;

static int
set_up(void **state)
{
	struct fixture *f;

	state_init(&process);
	state_start(&process);
	fixture_probe_load = NULL;
	if (fixture_setup(state) < 0)
		return -1;
	f = *state;
	f->engine->kv = kv_new(f->rt, process.dir);
	return 0;
}

static int
tear_down(void **state)
{
	int status = fixture_teardown(state);

	state_done(&process);
	return status;
}

static enum hl_verdict
use_all(struct hl_ctx *ctx)
{
	hl_str t = HL_STR("seen"), k = HL_STR("key"), got = HL_STR("before");
	int64_t sum = 0;

	EXPECT_INT(hl_kv_get(ctx, t, k, &got), 0);
	EXPECT_TEXT(got, "before");
	EXPECT_INT(hl_kv_put(ctx, t, k, HL_STR("value"), 0), 0);
	EXPECT_INT(hl_kv_get(ctx, t, k, &got), 1);
	EXPECT_TEXT(got, "value");
	EXPECT_INT(hl_kv_swap(ctx, t, k, HL_STR("x"), HL_STR("y"), 0), -EEXIST);
	EXPECT_INT(hl_kv_swap(ctx, t, k, HL_STR("value"), HL_STR(""), 0), 0);
	EXPECT_INT(hl_kv_get(ctx, t, k, &got), 1);
	EXPECT_TEXT(got, "");
	EXPECT_INT(hl_kv_delete(ctx, t, k), 1);
	EXPECT_INT(hl_kv_delete(ctx, t, k), 0);
	EXPECT_INT(hl_kv_add(ctx, t, k, 40, 60, &sum), 0);
	EXPECT_INT(sum, 40);
	EXPECT_INT(hl_kv_add(ctx, t, k, 2, 60, NULL), 0);
	EXPECT_INT(hl_kv_get(ctx, t, k, &got), 1);
	EXPECT_TEXT(got, "42");
	EXPECT_INT(hl_kv_get(ctx, HL_STR("other"), k, &got), 0);
	EXPECT_INT(hl_kv_put(ctx, t, HL_STR(""), k, 0), -EINVAL);
	return HL_DECLINED;
}

static void
test_all(void **state)
{
	fixture_hook(*state, HOOK_CONNECT, use_all);
}

/* ---- plugins do not meet ---- */

static char saw[32];

static enum hl_verdict
neighbour_connect(struct hl_ctx *ctx)
{
	hl_str got = HL_STR("nothing");

	EXPECT(hl_kv_get(ctx, HL_STR("t"), HL_STR("k"), &got) >= 0);
	(void)snprintf(saw, sizeof(saw), "%s", got.p);
	return HL_DECLINED;
}

static const struct hl_plugin neighbour = { .name = "neighbour",
	.about = "looks at the same table",
	.connect = neighbour_connect };
static const struct hl_plugin_entry neighbour_entry = {
	sizeof(struct hl_plugin), &neighbour
};

static enum hl_verdict
put_mine(struct hl_ctx *ctx)
{
	EXPECT_INT(
	    hl_kv_put(ctx, HL_STR("t"), HL_STR("k"), HL_STR("mine"), 0), 0);
	return HL_DECLINED;
}

static void
test_plugins_do_not_meet(void **state)
{
	static const struct hl_plugin_entry *const more[] = { &neighbour_entry,
		NULL };
	struct fixture *f = *state;

	assert_int_equal(fixture_load(f, "", more), 0);
	fixture_hook(f, HOOK_CONNECT, put_mine);
	assert_string_equal(saw, "nothing");
}

static enum hl_verdict
put_large(struct hl_ctx *ctx)
{
	size_t n = STATE_VALUE_MAX;
	char *bytes = hl_alloc(ctx, n + 2);
	hl_str got = HL_STR("");

	memset(bytes, 'v', n + 1);
	EXPECT_INT(hl_kv_put(ctx, HL_STR("t"), HL_STR("k"),
		       (hl_str){ bytes, n + 1 }, 0),
	    -E2BIG);
	bytes[n] = '\0';
	EXPECT_INT(
	    hl_kv_put(ctx, HL_STR("t"), HL_STR("k"), (hl_str){ bytes, n }, 0),
	    0);
	EXPECT_INT(hl_kv_get(ctx, HL_STR("t"), HL_STR("k"), &got), 1);
	EXPECT_INT((long long)got.n, (long long)n);
	EXPECT_INT(
	    hl_kv_get(ctx, (hl_str){ bytes, 300 }, HL_STR("k"), &got), -E2BIG);
	return HL_DECLINED;
}

static void
test_large(void **state)
{
	fixture_hook(*state, HOOK_CONNECT, put_large);
}

static enum hl_verdict
ask_nobody(struct hl_ctx *ctx)
{
	hl_str got = HL_STR("before");
	int64_t sum = 7;

	EXPECT_INT(hl_kv_get(ctx, HL_STR("t"), HL_STR("k"), &got), -EAGAIN);
	EXPECT_TEXT(got, "before");
	EXPECT_INT(hl_kv_put(ctx, HL_STR("t"), HL_STR("k"), got, 0), -EAGAIN);
	EXPECT_INT(
	    hl_kv_add(ctx, HL_STR("t"), HL_STR("k"), 1, 0, &sum), -EAGAIN);
	EXPECT_INT(sum, 7);
	return HL_DECLINED;
}

/* As in `check` and `try`: there is none. */
static void
test_without_state_process(void **state)
{
	struct fixture *f = *state;

	kv_free(&f->engine->kv);
	fixture_hook(f, HOOK_CONNECT, ask_nobody);
}

#define T(fn) cmocka_unit_test_setup_teardown(fn, set_up, tear_down)

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		T(test_all),
		T(test_plugins_do_not_meet),
		T(test_large),
		T(test_without_state_process),
	};

	return cmocka_run_group_tests_name("hook/api_kv", tests, NULL, NULL);
}
