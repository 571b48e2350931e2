/* SPDX-License-Identifier: MIT */
/* test_api_answer.c - verdicts, replies, the EHLO list, levels of log lines.
 */
#include "engine_fixture.h"

#include <errno.h>

#include "../unit.h"

#include "hook/reply_view.h"

/* ---- verdicts and their texts ---- */

static unsigned place;

static enum hl_verdict
answer(struct hl_ctx *ctx)
{
	switch (place) {
	case 0:
		return hl_ok(ctx, "fine %d", 1);
	case 1:
		return hl_deny(ctx, "5.7.27", "%s", "no\nnever");
	case 2:
		return hl_denysoft(ctx, NULL, "later");
	case 3:
		return hl_deny_disconnect(ctx, NULL, "%s", "");
	case 4:
		return hl_denysoft_disconnect(ctx, "4.7.1", "gone");
	case 5:
		return hl_answer(
		    ctx, HL_DENY, HL_STR("5.1.1"), HL_STR("as the file says"));
	default:
		return HL_DECLINED;
	}
}

static const struct {
	enum hook_column column;
	const char *plugin_text;
} answers[] = {
	{ COLUMN_OK, "fine 1" },
	{ COLUMN_DENY, "no\nnever" },
	{ COLUMN_DENYSOFT, "later" },
	{ COLUMN_DENY_DISCONNECT, "" },
	{ COLUMN_DENYSOFT_DISCONNECT, "gone" },
	{ COLUMN_DENY, "as the file says" },
	{ COLUMN_NONE, "" },
};

static void
test_answers(void **state)
{
	struct fixture *f = *state;

	fixture_txn(f);
	for (place = 0; place < ARRAY_SIZE(answers); place++) {
		fixture_hook(f, HOOK_RCPT, answer);
		if (f->outcome.column != answers[place].column)
			fail_msg("answer %u", place);
		unit_slice_is("text", buf_slice(&f->plugin_text),
		    answers[place].plugin_text);
	}
}

static const struct {
	const char *text;
	int status;
	enum hl_verdict verdict;
} words[] = {
	{ "OK", 0, HL_OK },
	{ "deny", 0, HL_DENY },
	{ "DenySoft", 0, HL_DENYSOFT },
	{ "DENY_DISCONNECT", 0, HL_DENY_DISCONNECT },
	{ "DENYHARD", 0, HL_DENY_DISCONNECT },
	{ "DENYSOFT_DISCONNECT", 0, HL_DENYSOFT_DISCONNECT },
	{ "DECLINED", 0, HL_DECLINED },
	{ "DONE", 0, HL_DONE },
	{ "901", 0, HL_DENY },
	{ "909", 0, HL_DECLINED },
	{ "910", 0, HL_DONE },
	{ "0", -EINVAL, HL_DONE },
	{ "905", -EINVAL, HL_DONE },
	{ "1901", -EINVAL, HL_DONE },
	{ "", -EINVAL, HL_DONE },
	{ "no", -EINVAL, HL_DONE },
};

static void
test_verdict_words(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(words); i++) {
		enum hl_verdict got = HL_DONE;

		UNIT_CASE(words[i].text, hl_verdict_parse(str_of(words[i].text),
					     &got) == words[i].status);
		UNIT_CASE(words[i].text, got == words[i].verdict);
	}
	assert_string_equal(hl_verdict_name(HL_DENYSOFT), "DENYSOFT");
	assert_string_equal(hl_verdict_name(HL_DECLINED), "DECLINED");
}

/* ---- replies ---- */

static enum hl_verdict
reply_once(struct hl_ctx *ctx)
{
	EXPECT_INT(hl_reply(ctx, 334, NULL, "x"), -EINVAL); /* AUTH's alone */
	EXPECT_INT(hl_reply(ctx, 354, NULL, "x"), -EINVAL);
	EXPECT_INT(hl_reply(ctx, 600, NULL, "x"), -EINVAL);
	EXPECT_INT(hl_reply(ctx, 100, NULL, "x"), -EINVAL);
	EXPECT_INT(hl_reply(ctx, 550, "5.7.1", "no %s", "way"), 0);
	EXPECT_INT(hl_reply(ctx, 250, NULL, "x"), -EALREADY);
	return HL_DONE;
}

static enum hl_verdict
reply_never(struct hl_ctx *ctx)
{
	EXPECT_INT(hl_reply(ctx, 250, NULL, "x"), -EINVAL);
	return HL_DECLINED;
}

static void
test_reply(void **state)
{
	struct fixture *f = *state;

	fixture_txn(f);
	fixture_hook(f, HOOK_RCPT, reply_once);
	assert_true(f->outcome.answered);
	unit_slice_is("reply", buf_slice(&f->replies), "550 5.7.1 no way\n");
	/* Hooks that answer no command. */
	fixture_hook(f, HOOK_QUEUE_POST, reply_never);
	fixture_hook(f, HOOK_DISCONNECT, reply_never);
	f->without_session = true;
	fixture_hook(f, HOOK_INIT_WORKER, reply_never);
}

static const struct {
	unsigned before, wanted;
	int status;
	unsigned after;
} changes[] = {
	{ 550, 0, 0, 550 },
	{ 550, 554, 0, 554 },
	{ 550, 450, -EINVAL, 550 },
	{ 250, 251, 0, 251 },
	{ 250, 220, -EINVAL, 250 },
	{ 220, 250, -EINVAL, 220 },
	{ 221, 221, 0, 221 },
	{ 421, 451, -EINVAL, 421 },
	{ 354, 354, 0, 354 },
};

static struct hl_reply shown;

static enum hl_verdict
change_reply(struct hl_ctx *ctx)
{
	ctx->reply = &shown;
	EXPECT_INT(hl_reply_code(&shown), changes[place].before);
	EXPECT_TEXT(hl_reply_enhanced(&shown), "2.0.0");
	EXPECT_TEXT(hl_reply_text(&shown), "one\ntwo");
	EXPECT_INT(hl_reply_set(ctx, changes[place].wanted, HL_STR("5.5.5"),
		       HL_STR("other")),
	    changes[place].status);
	EXPECT_INT(shown.code, changes[place].after);
	EXPECT_TEXT(
	    shown.text, changes[place].status == 0 ? "other" : "one\ntwo");
	ctx->reply = NULL;
	return HL_DECLINED;
}

static enum hl_verdict
change_none(struct hl_ctx *ctx)
{
	EXPECT_INT(hl_reply_set(ctx, 0, HL_STR(""), HL_STR("x")), -EINVAL);
	return HL_DECLINED;
}

static void
test_reply_set(void **state)
{
	for (place = 0; place < ARRAY_SIZE(changes); place++) {
		shown = (struct hl_reply){ changes[place].before,
			STR_LIT("2.0.0"), STR_LIT("one\ntwo") };
		fixture_hook(*state, HOOK_REPLY, change_reply);
	}
	fixture_hook(*state, HOOK_CONNECT, change_none);
}

/* ---- the EHLO list ---- */

static enum hl_verdict
edit_ehlo(struct hl_ctx *ctx)
{
	EXPECT_INT(hl_ehlo_add(ctx, HL_STR("XFOO 1 2")), 0);
	EXPECT_INT(hl_ehlo_add(ctx, HL_STR("")), -EINVAL);
	EXPECT_INT(hl_ehlo_add(ctx, HL_STR("X\nY")), -EINVAL);
	EXPECT(hl_ehlo_remove(ctx, HL_STR("size")));
	EXPECT(!hl_ehlo_remove(ctx, HL_STR("SIZE")));
	/* The greeting is no keyword. */
	EXPECT(!hl_ehlo_remove(ctx, HL_STR("mx.example")));
	return HL_DECLINED;
}

static enum hl_verdict
edit_nothing(struct hl_ctx *ctx)
{
	EXPECT_INT(hl_ehlo_add(ctx, HL_STR("XFOO")), -EINVAL);
	EXPECT(!hl_ehlo_remove(ctx, HL_STR("SIZE")));
	return HL_DECLINED;
}

static void
test_ehlo(void **state)
{
	struct fixture *f = *state;
	struct buf ehlo = BUF_INIT;

	buf_add_text(&ehlo, "mx.example hello\nPIPELINING\nSIZE 1000");
	f->conv.ehlo = &ehlo;
	fixture_hook(f, HOOK_CAPABILITIES, edit_ehlo);
	unit_slice_is(
	    "ehlo", buf_slice(&ehlo), "mx.example hello\nPIPELINING\nXFOO 1 2");
	fixture_hook(f, HOOK_CONNECT, edit_nothing);
	f->conv.ehlo = NULL;
	fixture_hook(f, HOOK_CAPABILITIES, edit_nothing);
	buf_done(&ehlo);
}

/* ---- levels ---- */

static const struct {
	const char *words;
	const char *want;
} levels[] = {
	{ "", "notice" },
	{ "loglevel 3", "error" },
	{ "loglevel +1", "info" },
	{ "loglevel -2", "error" },
	{ "loglevel -7", "emerg" },
};

static enum hl_verdict
say(struct hl_ctx *ctx)
{
	hl_log(ctx, HL_LOG_NOTICE, "%d%%", 5);
	return HL_DECLINED;
}

static void
test_loglevel(void **state)
{
	struct fixture *f = *state;

	(void)f;
	for (size_t i = 0; i < ARRAY_SIZE(levels); i++) {
		void *own;
		char want[64];

		assert_int_equal(fixture_setup(&own), 0);
		f = own;
		assert_int_equal(fixture_load(f, levels[i].words, NULL), 0);
		buf_clear(&f->log);
		fixture_hook(f, HOOK_CONNECT, say);
		(void)snprintf(want, sizeof(want), "%s sid=", levels[i].want);
		UNIT_CASE(levels[i].words, strstr(f->log.p, want) != NULL);
		UNIT_CASE(levels[i].words, strstr(f->log.p, "5%") != NULL);
		assert_int_equal(fixture_teardown(&own), 0);
	}
}

#define TEST(fn) \
	cmocka_unit_test_setup_teardown(fn, fixture_setup, fixture_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_answers),
		cmocka_unit_test(test_verdict_words),
		TEST(test_reply),
		TEST(test_reply_set),
		TEST(test_ehlo),
		cmocka_unit_test(test_loglevel),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
