/* SPDX-License-Identifier: MIT */
/* test_api_filter.c - hl_reject, hl_is_immune, hl_karma, hl_date_parse;
 * lists by domain. */
#include <errno.h>

#include <hookline/policy.h>

#include "engine_fixture.h"

static struct fixture *f;

static int
set_up(void **state)
{
	int rc = fixture_setup(state);

	f = *state;
	fixture_probe_load = NULL;
	return rc;
}

/* ---- hl_reject ---- */

static struct hl_reject how;

static enum hl_verdict
reject(struct hl_ctx *ctx)
{
	return hl_reject(ctx, &how, "5.1.8", "no %s", "way");
}

static bool
was_logged(const char *text)
{
	return memmem(f->log.p, f->log.n, text, strlen(text)) != NULL;
}

static void
test_reject(void **state)
{
	/* default, perm, temp, disconnect, temp_disconnect, hard, soft */
	static const enum hook_column columns[] = { COLUMN_DENY, COLUMN_DENY,
		COLUMN_DENYSOFT, COLUMN_DENY_DISCONNECT,
		COLUMN_DENYSOFT_DISCONNECT, COLUMN_DENY, COLUMN_DENYSOFT };

	(void)state;
	for (unsigned i = 0; i < ARRAY_SIZE(columns); i++) {
		how = (struct hl_reject){ HL_REJECT_NOW, i };
		fixture_hook(f, HOOK_MAIL, reject);
		assert_int_equal(f->outcome.column, columns[i]);
		assert_true(
		    slice_eq_text(buf_slice(&f->plugin_text), "no way"));
		assert_true(slice_eq_text(buf_slice(&f->enhanced), "5.1.8"));
	}
	/* It has its line already: event=reject. */
	assert_false(was_logged("text=\"fail"));
}

static void
test_tolerate(void **state)
{
	(void)state;
	how = (struct hl_reject){ HL_REJECT_NEVER, HL_REJECT_DEFAULT };
	fixture_hook(f, HOOK_MAIL, reject);
	assert_int_equal(f->outcome.column, COLUMN_NONE);
	assert_true(was_logged("text=\"fail, tolerated, no way\""));
}

static enum hl_verdict
look_naughty(struct hl_ctx *ctx)
{
	EXPECT_TEXT(hl_note_text(ctx, HL_CONNECTION, HL_STR("naughty")),
	    "no way\nno way");
	/* The first one says how. */
	EXPECT_TEXT(
	    hl_note_text(ctx, HL_CONNECTION, HL_STR("naughty_reject_type")),
	    "disconnect");
	return HL_DECLINED;
}

static void
test_naughty(void **state)
{
	(void)state;
	for (unsigned type = HL_REJECT_DISCONNECT;
	     type <= HL_REJECT_TEMP_DISCONNECT; type++) {
		how = (struct hl_reject){ HL_REJECT_NAUGHTY, type };
		fixture_hook(f, HOOK_MAIL, reject);
		assert_int_equal(f->outcome.column, COLUMN_NONE);
	}
	assert_true(was_logged("text=\"fail, NAUGHTY, no way\""));
	fixture_hook(f, HOOK_MAIL, look_naughty);
}

/* ---- hl_is_immune, hl_karma ---- */

static enum hl_verdict
be_immune(struct hl_ctx *ctx)
{
	hl_str one = HL_STR("1");

	EXPECT(!hl_is_immune(ctx));
	hl_relay_client_set(ctx, true);
	EXPECT(hl_is_immune(ctx));
	hl_relay_client_set(ctx, false);
	EXPECT_INT(hl_note_set_text(
		       ctx, HL_TRANSACTION, HL_STR("whitelistsender"), one),
	    0);
	EXPECT(hl_is_immune(ctx));
	EXPECT(hl_note_delete(ctx, HL_TRANSACTION, HL_STR("whitelistsender")));
	EXPECT(!hl_is_immune(ctx));
	EXPECT_INT(
	    hl_note_set_text(ctx, HL_CONNECTION, HL_STR("whitelisthost"), one),
	    0);
	EXPECT(hl_is_immune(ctx));
	return HL_DECLINED;
}

static void
test_immune(void **state)
{
	(void)state;
	fixture_txn(f);
	fixture_hook(f, HOOK_RCPT, be_immune);
	assert_true(was_logged("skip, relay client"));
	assert_true(was_logged("skip, whitelisted sender"));
	assert_true(was_logged("skip, whitelisted host"));
}

static enum hl_verdict
be_naughty(struct hl_ctx *ctx)
{
	hl_str name = HL_STR("naughty");

	EXPECT(!hl_is_naughty(ctx));
	EXPECT_INT(hl_note_set_text(ctx, HL_CONNECTION, name, HL_STR("0")), 0);
	EXPECT(!hl_is_naughty(ctx));
	how = (struct hl_reject){ HL_REJECT_NAUGHTY, HL_REJECT_DEFAULT };
	EXPECT_INT(reject(ctx), HL_DECLINED);
	EXPECT_TEXT(hl_note_text(ctx, HL_CONNECTION, name), "no way");
	EXPECT(hl_is_naughty(ctx));
	return HL_DECLINED;
}

static void
test_is_naughty(void **state)
{
	(void)state;
	fixture_hook(f, HOOK_CONNECT, be_naughty);
}

static enum hl_verdict
add_results(struct hl_ctx *ctx)
{
	hl_str name = HL_STR("authentication_results");

	hl_auth_results_add(ctx, HL_STR("iprev=pass"));
	EXPECT_TEXT(hl_note_text(ctx, HL_CONNECTION, name), "iprev=pass");
	hl_auth_results_add(ctx, HL_STR("spf=none"));
	EXPECT_TEXT(
	    hl_note_text(ctx, HL_CONNECTION, name), "iprev=pass; spf=none");
	return HL_DECLINED;
}

static void
test_results(void **state)
{
	(void)state;
	fixture_hook(f, HOOK_CONNECT, add_results);
}

static enum hl_verdict
change_karma(struct hl_ctx *ctx)
{
	hl_str name = HL_STR("karma");

	hl_karma(ctx, -2);
	EXPECT_INT(hl_note_int(ctx, HL_CONNECTION, name, 0), -2);
	hl_karma(ctx, 5);
	EXPECT_INT(hl_note_int(ctx, HL_CONNECTION, name, 0), 3);
	return HL_DECLINED;
}

static void
test_karma(void **state)
{
	(void)state;
	fixture_hook(f, HOOK_CONNECT, change_karma);
}

/* ---- lists ---- */

static enum hl_verdict
look_up(struct hl_ctx *ctx)
{
	const struct hl_list *list = hl_config_list(ctx, "hosts");

	EXPECT(hl_list_has_domain(list, HL_STR("Example.com")));
	EXPECT(!hl_list_has_domain(list, HL_STR("x.example.com")));
	EXPECT(hl_list_has_domain(list, HL_STR("a.b.example.net")));
	EXPECT(!hl_list_has_domain(list, HL_STR("example.net")));
	EXPECT(!hl_list_has_domain(list, HL_STR("")));
	EXPECT_TEXT(hl_list_rest(list, 0), "two  words");
	EXPECT_TEXT(hl_list_rest(list, 1), "");
	EXPECT_TEXT(hl_list_rest(list, 2), "");
	return HL_DECLINED;
}

static void
test_lists(void **state)
{
	(void)state;
	fixture_write(f, "hosts", "example.com \t two  words\n.example.net\n");
	fixture_hook(f, HOOK_CONNECT, look_up);
}

#define TEST(name) \
	cmocka_unit_test_setup_teardown(name, set_up, fixture_teardown)

static void
test_date(void **state)
{
	int64_t seconds = 7;

	(void)state;
	assert_int_equal(hl_date_parse(HL_STR("today"), &seconds), -EINVAL);
	assert_int_equal(seconds, 7);
	assert_int_equal(hl_date_parse(HL_STR("Sat, 28 Nov 2026\n 09:18:49 "
					      "-0100 (over there)"),
			     &seconds),
	    0);
	assert_int_equal(seconds, 1795861129);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		TEST(test_reject),
		TEST(test_tolerate),
		TEST(test_naughty),
		TEST(test_immune),
		TEST(test_results),
		TEST(test_is_naughty),
		TEST(test_karma),
		TEST(test_lists),
		TEST(test_date),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
