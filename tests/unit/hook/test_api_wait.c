/* SPDX-License-Identifier: MIT */
/* test_api_wait.c - waiting, deadlines, cancellation, time, text, memory. */
#include "engine_fixture.h"

#include <errno.h>

static enum hl_verdict
sleep_1s(struct hl_ctx *ctx)
{
	EXPECT_INT(hl_sleep(ctx, 1000), 0);
	return HL_OK;
}

static void
test_sleep(void **state)
{
	struct fixture *f = *state;

	fixture_begin(f, HOOK_CONNECT, sleep_1s);
	fixture_pass_ms(f, 999);
	assert_false(f->is_done);
	assert_int_equal(f->parks, 1);
	fixture_pass_ms(f, 1);
	assert_true(f->is_done);
	fixture_end(f);
	assert_int_equal(f->outcome.column, COLUMN_OK);
}

static enum hl_verdict
sleep_too_long(struct hl_ctx *ctx)
{
	EXPECT_INT(hl_sleep(ctx, 60000), -ETIMEDOUT);
	/* ... and so does every later one. */
	EXPECT_INT(hl_sleep(ctx, 1), -ETIMEDOUT);
	EXPECT_INT(hl_sleep(ctx, 0), -ETIMEDOUT);
	return HL_OK;
}

static void
test_deadline(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(fixture_load(f, "hl.timeout=2", NULL), 0);
	fixture_begin(f, HOOK_CONNECT, sleep_too_long);
	fixture_pass_ms(f, 1999);
	assert_false(f->is_done);
	fixture_pass_ms(f, 2);
	fixture_end(f);
	/* connect fails softly. */
	assert_true(f->outcome.by_policy);
	assert_int_equal(f->outcome.column, COLUMN_DENYSOFT);
	assert_int_equal(f->outcome.code / 100, 4);
}

static void
test_deadline_hard(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(
	    fixture_load(f, "hl.timeout=2 hl.on_failure=hard", NULL), 0);
	fixture_begin(f, HOOK_CONNECT, sleep_too_long);
	fixture_pass_ms(f, 2001);
	fixture_end(f);
	assert_int_equal(f->outcome.column, COLUMN_DENY);
	assert_int_equal(f->outcome.code / 100, 5);
}

static enum hl_verdict
sleep_cancelled(struct hl_ctx *ctx)
{
	EXPECT_INT(hl_sleep(ctx, 60000), -ECANCELED);
	EXPECT_INT(hl_sleep(ctx, 60000), -ECANCELED);
	return HL_DECLINED;
}

static void
test_cancelled(void **state)
{
	struct fixture *f = *state;

	fixture_begin(f, HOOK_CONNECT, sleep_cancelled);
	assert_false(f->is_done);
	fixture_cancel(f);
	fixture_end(f);
}

static int
square(void *arg)
{
	int *number = arg;

	*number *= *number;
	return -EDOM;
}

static enum hl_verdict
offload(struct hl_ctx *ctx)
{
	int number = 12;

	EXPECT_INT(hl_offload(ctx, square, &number), -EDOM);
	EXPECT_INT(number, 144);
	return HL_DECLINED;
}

static void
test_offload(void **state)
{
	fixture_hook(*state, HOOK_CONNECT, offload);
}

static enum hl_verdict
offload_cancelled(struct hl_ctx *ctx)
{
	int number = 12;

	EXPECT_INT(hl_sleep(ctx, 1000), -ECANCELED);
	EXPECT_INT(hl_offload(ctx, square, &number), -ECANCELED);
	EXPECT_INT(number, 12); /* not begun */
	return HL_DECLINED;
}

static void
test_offload_cancelled(void **state)
{
	struct fixture *f = *state;

	fixture_begin(f, HOOK_CONNECT, offload_cancelled);
	fixture_cancel(f);
	fixture_end(f);
}

static enum hl_verdict
client_is_silent(struct hl_ctx *ctx)
{
	hl_str line = HL_STR("as it was");

	EXPECT_INT(hl_client_wait(ctx, 100), 0);
	EXPECT_INT(hl_client_line(ctx, 100, &line), -ETIME);
	EXPECT_TEXT(line, "as it was");
	return HL_DECLINED;
}

static enum hl_verdict
client_talks(struct hl_ctx *ctx)
{
	hl_str line;

	EXPECT_INT(hl_client_wait(ctx, 100), 1);
	EXPECT_INT(hl_client_line(ctx, 100, &line), 0);
	EXPECT_TEXT(line, "cGFzc3dvcmQ=");
	return HL_DECLINED;
}

static enum hl_verdict
no_client(struct hl_ctx *ctx)
{
	hl_str line;

	EXPECT_INT(hl_client_wait(ctx, 100), -EINVAL);
	EXPECT_INT(hl_client_line(ctx, 100, &line), -EINVAL);
	return HL_DECLINED;
}

static void
test_client(void **state)
{
	struct fixture *f = *state;

	fixture_hook(f, HOOK_CONNECT, client_is_silent);
	f->client_has_spoken = true;
	f->client_says = "cGFzc3dvcmQ=";
	fixture_hook(f, HOOK_CONNECT, client_talks);
	f->conv.ops = NULL;
	fixture_hook(f, HOOK_CONNECT, no_client);
	f->without_session = true;
	fixture_hook(f, HOOK_INIT_WORKER, no_client);
}

static enum hl_verdict
look_around(struct hl_ctx *ctx)
{
	unsigned char bytes[4] = { 0 };
	char *memory;

	EXPECT_INT(hl_now_ms(ctx), 1000);
	EXPECT_INT(hl_wall_us(ctx), 0);
	hl_random(ctx, bytes, sizeof(bytes));
	EXPECT(bytes[0] == 7 && bytes[3] == 7);
	EXPECT_TEXT(hl_printf(ctx, "%d-%s", 5, "x"), "5-x");
	EXPECT_TEXT(hl_printf(ctx, "%s", ""), "");
	EXPECT_TEXT(hl_text("abc"), "abc");
	EXPECT_TEXT(hl_text(NULL), "");
	memory = hl_alloc(ctx, 10000);
	for (int i = 0; i < 10000; i++)
		EXPECT(memory[i] == 0);
	/* Only load() may say why it failed. */
	EXPECT_INT(hl_load_error(ctx, "too late"), -EINVAL);
	return HL_DECLINED;
}

static void
test_text_and_time(void **state)
{
	fixture_hook(*state, HOOK_CONNECT, look_around);
}

static int
refuse(struct hl_ctx *ctx)
{
	return hl_load_error(ctx, "no %s, no luck", "file");
}

static void
test_load_error(void **state)
{
	struct fixture *f = *state;

	fixture_probe_load = refuse;
	assert_int_equal(fixture_load(f, "", NULL), -EINVAL);
	fixture_probe_load = NULL;
	assert_int_equal(f->faults.count, 1);
	assert_string_equal(f->faults.at[0].text.p, "probe: no file, no luck");
}

#define TEST(fn) \
	cmocka_unit_test_setup_teardown(fn, fixture_setup, fixture_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_sleep),
		TEST(test_deadline),
		TEST(test_deadline_hard),
		TEST(test_cancelled),
		TEST(test_offload),
		TEST(test_offload_cancelled),
		TEST(test_client),
		TEST(test_text_and_time),
		TEST(test_load_error),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
