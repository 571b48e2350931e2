/* SPDX-License-Identifier: MIT */
/* test_api_filter.c - hl_reject, hl_is_immune, hl_karma, hl_date_parse;
 * lists by domain, hl_ip_compare, hl_peer_client; hl_list_answer of
 * api_decide.c. */
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
		assert_true(slice_eq_text(buf_slice(&f->enhanced),
		    columns[i] == COLUMN_DENYSOFT ||
			    columns[i] == COLUMN_DENYSOFT_DISCONNECT
			? "4.1.8"
			: "5.1.8"));
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

/* ---- hl_ip_compare ---- */

static void
test_ip_compare(void **state)
{
	static const struct {
		const char *a, *b;
		enum hl_ip_match want;
	} cases[] = {
		{ "192.0.2.1", "192.0.2.1", HL_IP_SAME },
		{ "192.0.2.1", "192.0.2.200", HL_IP_NEAR },
		{ "192.0.2.1", "192.0.3.1", HL_IP_OTHER },
		{ "2001:db8::1", "2001:0DB8:0::1", HL_IP_SAME },
		{ "2001:db8::1", "2001:db8::ffff:1", HL_IP_NEAR },
		{ "2001:db8::1", "2001:db8:0:1::1", HL_IP_OTHER },
		{ "2001:db8::1", "192.0.2.1", HL_IP_OTHER },
		{ "192.0.2.1", "", HL_IP_OTHER },
		{ "host", "host", HL_IP_OTHER },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		if (hl_ip_compare(hl_text(cases[i].a), hl_text(cases[i].b)) !=
		    cases[i].want)
			fail_msg("case '%s', '%s'", cases[i].a, cases[i].b);
}

/* ---- hl_peer_client ---- */

static const char *want_client;

static enum hl_verdict
see_client(struct hl_ctx *ctx)
{
	EXPECT_TEXT(hl_peer_client(ctx), want_client);
	return HL_DECLINED;
}

static void
test_peer_client(void **state)
{
	static const struct {
		const char *ip, *want;
	} cases[] = {
		{ "192.0.2.1", "192.0.2.1" },
		{ "2001:db8::1", "2001:db8::/64" },
		{ "2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64" },
		{ "unix", "unix" },
		{ "", "" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		f->conv.facts.peer_ip = str_of(cases[i].ip);
		want_client = cases[i].want;
		fixture_hook(f, HOOK_CONNECT, see_client);
	}
}

/* ---- lists that decide ---- */

static int
check_lines(struct hl_ctx *ctx)
{
	hl_list_check_answers(ctx, "map", hl_config_list(ctx, "map"));
	return 0;
}

static size_t line;

static enum hl_verdict
answer_line(struct hl_ctx *ctx)
{
	return hl_list_answer(ctx, "map", hl_config_list(ctx, "map"), line,
	    "5.1.1", "usual text");
}

static void
test_answers(void **state)
{
	static const struct {
		enum hook_column column;
		const char *text, *enhanced;
	} want[] = {
		{ COLUMN_OK, "", "2.1.5" },
		{ COLUMN_DENY, "No  such user.", "5.1.1" },
		{ COLUMN_DENYSOFT, "usual text", "4.7.1" },
		{ COLUMN_DENY_DISCONNECT, "usual text", "5.1.1" },
		{ COLUMN_NONE, "", "" },
		{ COLUMN_NONE, "", "" },
		{ COLUMN_NONE, "", "" },
		{ COLUMN_NONE, "", "" },
	};
	const struct conf_faults *faults;

	(void)state;
	fixture_write(f, "map",
	    "a OK\nb  DENY \t No  such user. \nc denysoft\nd 903\n"
	    "e DECLINED x\nf NO way\ng\n");
	fixture_probe_load = check_lines;
	for (line = 0; line < ARRAY_SIZE(want); line++) {
		fixture_hook(f, HOOK_RCPT, answer_line);
		assert_int_equal(f->outcome.column, want[line].column);
		if (want[line].column == COLUMN_NONE)
			continue;
		assert_true(
		    slice_eq_text(buf_slice(&f->plugin_text), want[line].text));
		if (!slice_eq_text(
			buf_slice(&f->enhanced), want[line].enhanced))
			fail_msg("line %zu: %.*s", line, (int)f->enhanced.n,
			    f->enhanced.p);
	}
	faults = conf_faults(f->engine->conf);
	assert_int_equal(faults->count, 2);
	assert_int_equal(faults->at[0].line, 6);
	assert_non_null(strstr(faults->at[0].text.p, "NO is no verdict; "));
	assert_int_equal(faults->at[1].line, 7);
	assert_non_null(strstr(faults->at[1].text.p, "no verdict behind g; "));
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
		TEST(test_ip_compare),
		TEST(test_peer_client),
		TEST(test_answers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
