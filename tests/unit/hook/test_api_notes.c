/* SPDX-License-Identifier: MIT */
/* test_api_notes.c - notes in every scope, and values. */
#include "engine_fixture.h"

#include <errno.h>

#include "mail/notes.h"

static enum hl_verdict
text_and_numbers(struct hl_ctx *ctx)
{
	static const hl_str name = { "a.b", 3 };

	EXPECT(!hl_note_has(ctx, HL_CONNECTION, name));
	EXPECT_TEXT(hl_note_text(ctx, HL_CONNECTION, name), "");
	EXPECT_INT(hl_note_int(ctx, HL_CONNECTION, name, 77), 77);
	EXPECT(hl_note_get(ctx, HL_CONNECTION, name) == NULL);
	EXPECT(!hl_note_delete(ctx, HL_CONNECTION, name));

	EXPECT_INT(hl_note_set_text(ctx, HL_CONNECTION, name, HL_STR("12")), 0);
	EXPECT_TEXT(hl_note_text(ctx, HL_CONNECTION, name), "12");
	EXPECT_INT(hl_note_int(ctx, HL_CONNECTION, name, 77), 12);

	EXPECT_INT(hl_note_set_int(ctx, HL_CONNECTION, name, -5), 0);
	EXPECT_TEXT(hl_note_text(ctx, HL_CONNECTION, name), "-5");
	EXPECT_INT(hl_note_int(ctx, HL_CONNECTION, name, 77), -5);
	EXPECT(hl_note_has(ctx, HL_CONNECTION, name));
	EXPECT(hl_note_delete(ctx, HL_CONNECTION, name));
	EXPECT(!hl_note_has(ctx, HL_CONNECTION, name));
	return HL_DECLINED;
}

static enum hl_verdict
text_outlives_replacement(struct hl_ctx *ctx)
{
	hl_str old;
	const struct hl_value *value;

	EXPECT_INT(
	    hl_note_set_text(ctx, HL_TRANSACTION, HL_STR("n"), HL_STR("first")),
	    0);
	old = hl_note_text(ctx, HL_TRANSACTION, HL_STR("n"));
	value = hl_note_get(ctx, HL_TRANSACTION, HL_STR("n"));
	EXPECT_INT(hl_note_set_text(
		       ctx, HL_TRANSACTION, HL_STR("n"), HL_STR("second")),
	    0);
	EXPECT_TEXT(old, "first");
	EXPECT_TEXT(hl_value_as_text(value), "first");
	EXPECT(hl_note_delete(ctx, HL_TRANSACTION, HL_STR("n")));
	EXPECT_TEXT(hl_value_as_text(value), "first");
	return HL_DECLINED;
}

static enum hl_verdict
no_transaction(struct hl_ctx *ctx)
{
	EXPECT_INT(
	    hl_note_set_int(ctx, HL_TRANSACTION, HL_STR("n"), 1), -EINVAL);
	EXPECT(!hl_note_has(ctx, HL_TRANSACTION, HL_STR("n")));
	EXPECT(!hl_note_delete(ctx, HL_TRANSACTION, HL_STR("n")));
	EXPECT_INT(hl_note_int(ctx, HL_TRANSACTION, HL_STR("n"), 3), 3);
	return HL_DECLINED;
}

static enum hl_verdict
no_session(struct hl_ctx *ctx)
{
	EXPECT_INT(
	    hl_note_set_int(ctx, HL_CONNECTION, HL_STR("n"), 1), -EINVAL);
	EXPECT_TEXT(hl_note_text(ctx, HL_CONNECTION, HL_STR("n")), "");
	EXPECT_INT(
	    hl_note_set_int(ctx, (enum hl_scope)7, HL_STR("n"), 1), -EINVAL);
	return HL_DECLINED;
}

static void
test_text_and_numbers(void **state)
{
	struct fixture *f = *state;

	fixture_hook(f, HOOK_CONNECT, text_and_numbers);
	fixture_hook(f, HOOK_CONNECT, no_transaction);
	fixture_txn(f);
	fixture_hook(f, HOOK_RCPT, text_outlives_replacement);
	f->without_session = true;
	fixture_hook(f, HOOK_INIT_WORKER, no_session);
}

static enum hl_verdict
set_both(struct hl_ctx *ctx)
{
	EXPECT_INT(hl_note_set_int(ctx, HL_CONNECTION, HL_STR("n"), 1), 0);
	EXPECT_INT(hl_note_set_int(ctx, HL_TRANSACTION, HL_STR("n"), 2), 0);
	return HL_DECLINED;
}

static enum hl_verdict
get_both(struct hl_ctx *ctx)
{
	EXPECT_INT(hl_note_int(ctx, HL_CONNECTION, HL_STR("n"), 0), 1);
	EXPECT_INT(hl_note_int(ctx, HL_TRANSACTION, HL_STR("n"), 0), 2);
	return HL_DECLINED;
}

static void
test_scopes_are_apart(void **state)
{
	struct fixture *f = *state;

	fixture_txn(f);
	fixture_hook(f, HOOK_MAIL, set_both);
	/* Another hook, another fiber. */
	fixture_hook(f, HOOK_DATA, get_both);
	assert_int_equal(notes_count(f->conv.notes), 1);
	assert_int_equal(notes_count(f->conv.txn->notes), 1);
	assert_true(f->conv.account.used > 0);
}

static enum hl_verdict
too_much(struct hl_ctx *ctx)
{
	static char big[8192];

	memset(big, 'x', sizeof(big) - 1);
	big[sizeof(big) - 1] = '\0';
	EXPECT_INT(
	    hl_note_set_text(ctx, HL_CONNECTION, HL_STR("n"), HL_STR("kept")),
	    0);
	EXPECT_INT(
	    hl_note_set_text(ctx, HL_CONNECTION, HL_STR("n"), hl_text(big)),
	    -E2BIG);
	EXPECT_TEXT(hl_note_text(ctx, HL_CONNECTION, HL_STR("n")), "kept");
	EXPECT_INT(hl_note_set_int(ctx, HL_CONNECTION, HL_STR(""), 1), -EINVAL);
	return HL_DECLINED;
}

static void
test_over_the_cap(void **state)
{
	struct fixture *f = *state;

	fixture_hook(f, HOOK_CONNECT, too_much);
	assert_true(f->conv.account.over);
}

static enum hl_verdict
build(struct hl_ctx *ctx)
{
	struct hl_value *map = hl_value_map(ctx), *list = hl_value_list(ctx);
	struct hl_value *text = hl_value_text(ctx, HL_STR("42"));

	EXPECT_INT(hl_value_append(list, text), 0);
	EXPECT_INT(hl_value_append(list, hl_value_int(ctx, -1)), 0);
	EXPECT_INT(hl_value_put(map, HL_STR("items"), list), 0);
	/* Stored: it does not change any more. */
	EXPECT_INT(hl_value_append(list, text), -EINVAL);
	EXPECT_INT(hl_value_append(map, text), -EINVAL);
	EXPECT_INT(hl_value_put(list, HL_STR("k"), text), -EINVAL);
	EXPECT_INT(hl_value_append(text, text), -EINVAL);
	EXPECT_INT(hl_value_append(NULL, text), -EINVAL);
	EXPECT_INT(hl_value_put(map, HL_STR("k"), NULL), -EINVAL);
	EXPECT_INT(hl_value_put(map, HL_STR("k"), map), -EINVAL);
	EXPECT_INT(hl_note_set(ctx, HL_CONNECTION, HL_STR("tree"), map), 0);
	EXPECT_INT(hl_value_put(map, HL_STR("k"), text), -EINVAL);
	return HL_DECLINED;
}

static enum hl_verdict
walk(struct hl_ctx *ctx)
{
	const struct hl_value *map =
	    hl_note_get(ctx, HL_CONNECTION, HL_STR("tree"));
	const struct hl_value *list = hl_value_find(map, HL_STR("items"));

	EXPECT_INT(hl_value_kind(map), HL_KIND_MAP);
	EXPECT_INT(hl_value_count(map), 1);
	EXPECT_TEXT(hl_value_key_at(map, 0), "items");
	EXPECT_TEXT(hl_value_key_at(map, 1), "");
	EXPECT(hl_value_at(map, 0) == list);
	EXPECT_INT(hl_value_kind(list), HL_KIND_LIST);
	EXPECT_INT(hl_value_count(list), 2);
	EXPECT_INT(hl_value_kind(hl_value_at(list, 0)), HL_KIND_TEXT);
	EXPECT_INT(hl_value_kind(hl_value_at(list, 1)), HL_KIND_INT);
	EXPECT_INT(hl_value_as_int(hl_value_at(list, 0)), 42);
	EXPECT_INT(hl_value_as_int(hl_value_at(list, 1)), -1);
	EXPECT_TEXT(hl_value_as_text(hl_value_at(list, 1)), "");
	EXPECT(hl_value_at(list, 2) == NULL);
	EXPECT(hl_value_find(list, HL_STR("items")) == NULL);
	EXPECT_TEXT(hl_note_text(ctx, HL_CONNECTION, HL_STR("tree")), "");
	/* What is not there reads as nothing. */
	EXPECT_TEXT(hl_value_as_text(NULL), "");
	EXPECT_INT(hl_value_as_int(NULL), 0);
	EXPECT_INT(hl_value_count(NULL), 0);
	EXPECT(hl_value_find(NULL, HL_STR("x")) == NULL);
	/* NULL takes it away. */
	EXPECT_INT(hl_note_set(ctx, HL_CONNECTION, HL_STR("tree"), NULL), 0);
	EXPECT(!hl_note_has(ctx, HL_CONNECTION, HL_STR("tree")));
	EXPECT_INT(hl_value_count(map), 1);
	return HL_DECLINED;
}

static enum hl_verdict
too_deep(struct hl_ctx *ctx)
{
	struct hl_value *inner = hl_value_list(ctx);
	int status = 0;

	for (int i = 1; i < 16; i++) {
		struct hl_value *outer = hl_value_list(ctx);

		EXPECT_INT(hl_value_append(outer, inner), 0);
		inner = outer;
	}
	status = hl_value_append(hl_value_list(ctx), inner);
	EXPECT_INT(status, -EINVAL);
	return HL_DECLINED;
}

static void
test_values(void **state)
{
	struct fixture *f = *state;

	fixture_hook(f, HOOK_CONNECT, build);
	fixture_hook(f, HOOK_CONNECT, walk);
	fixture_hook(f, HOOK_CONNECT, too_deep);
	assert_null(f->conv.notes);
	assert_int_equal(f->conv.account.used, 0);
}

static enum hl_verdict
rcpt_notes(struct hl_ctx *ctx)
{
	struct hl_rcpt *rcpt = hl_rcpt_at(ctx, 0);
	struct hl_value *seven = hl_value_int(ctx, 7);

	EXPECT(hl_rcpt_note_get(ctx, rcpt, HL_STR("n")) == NULL);
	EXPECT_INT(hl_rcpt_note_set(ctx, rcpt, HL_STR("n"), seven), 0);
	EXPECT_INT(
	    hl_value_as_int(hl_rcpt_note_get(ctx, rcpt, HL_STR("n"))), 7);
	EXPECT(!hl_note_has(ctx, HL_TRANSACTION, HL_STR("n")));
	EXPECT_INT(hl_rcpt_note_set(ctx, rcpt, HL_STR("n"), NULL), 0);
	EXPECT(hl_rcpt_note_get(ctx, rcpt, HL_STR("n")) == NULL);
	EXPECT_INT(hl_rcpt_note_set(ctx, rcpt, HL_STR("n"), seven), 0);
	EXPECT_INT(hl_rcpt_note_set(ctx, NULL, HL_STR("n"), seven), -EINVAL);
	EXPECT(hl_rcpt_note_get(ctx, NULL, HL_STR("n")) == NULL);
	EXPECT_INT(hl_rcpt_remove(ctx, rcpt), 0);
	EXPECT(hl_rcpt_note_get(ctx, rcpt, HL_STR("n")) == NULL);
	EXPECT_INT(hl_rcpt_note_set(ctx, rcpt, HL_STR("n"), seven), -EINVAL);
	EXPECT_INT(hl_rcpt_remove(ctx, rcpt), 0);
	EXPECT_INT(hl_rcpt_count(ctx), 0);
	return HL_DECLINED;
}

static void
test_rcpt_notes(void **state)
{
	struct fixture *f = *state;

	fixture_txn(f);
	fixture_hook(f, HOOK_DATA, rcpt_notes);
}

static enum hl_verdict
refuse(struct hl_ctx *ctx)
{
	return hl_deny(ctx, NULL, "no");
}

static enum hl_verdict
results(struct hl_ctx *ctx)
{
	static const hl_str name = { "hl.result.connect.probe", 23 };
	const struct hl_value *value;

	EXPECT_TEXT(hl_note_text(ctx, HL_CONNECTION, name), "DENY");
	EXPECT_TEXT(hl_note_text(ctx, HL_TRANSACTION, name), "DENY");
	EXPECT(hl_note_has(ctx, HL_CONNECTION, name));
	value = hl_note_get(ctx, HL_CONNECTION, name);
	EXPECT_TEXT(hl_value_as_text(value), "DENY");
	EXPECT_INT(
	    hl_note_set_text(ctx, HL_CONNECTION, name, HL_STR("OK")), -EROFS);
	EXPECT(!hl_note_delete(ctx, HL_CONNECTION, name));
	EXPECT(!hl_note_has(
	    ctx, HL_CONNECTION, HL_STR("hl.result.connect.other")));
	EXPECT(
	    !hl_note_has(ctx, HL_CONNECTION, HL_STR("hl.result.queue.probe")));
	EXPECT(!hl_note_has(
	    ctx, HL_CONNECTION, HL_STR("hl.result.nonsense.probe")));
	EXPECT(!hl_note_has(ctx, HL_CONNECTION, HL_STR("hl.result.connect")));
	EXPECT(!hl_note_has(ctx, HL_CONNECTION, HL_STR("hl.result.connect.")));
	EXPECT(!hl_note_has(ctx, HL_CONNECTION, HL_STR("hl.result.")));
	return HL_DECLINED;
}

static void
test_results(void **state)
{
	struct fixture *f = *state;

	fixture_hook(f, HOOK_CONNECT, refuse);
	assert_int_equal(f->outcome.column, COLUMN_DENY);
	fixture_txn(f);
	fixture_hook(f, HOOK_DISCONNECT, results);
}

#define TEST(fn) \
	cmocka_unit_test_setup_teardown(fn, fixture_setup, fixture_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_text_and_numbers),
		TEST(test_scopes_are_apart),
		TEST(test_over_the_cap),
		TEST(test_values),
		TEST(test_rcpt_notes),
		TEST(test_results),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
