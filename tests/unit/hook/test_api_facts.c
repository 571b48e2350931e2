/* SPDX-License-Identifier: MIT */
/* test_api_facts.c - facts, memory of plugins, addresses, verdicts,
 * recipients. */
#include "engine_fixture.h"

#include <errno.h>
#include <string.h>

#include "smtp/params.h"

/* ---- facts ---- */

static enum hl_verdict
facts(struct hl_ctx *ctx)
{
	EXPECT_TEXT(hl_plugin_name(ctx), "probe");
	EXPECT_TEXT(hl_hook_name(ctx), "connect");
	EXPECT_TEXT(hl_peer_ip(ctx), "192.0.2.1");
	EXPECT_INT(hl_peer_port(ctx), 4000);
	EXPECT_TEXT(hl_local_ip(ctx), "192.0.2.9");
	EXPECT_INT(hl_local_port(ctx), 25);
	EXPECT_INT(hl_peer_connections(ctx), 0);
	EXPECT_INT(hl_peer_connections_max(ctx), 3);
	hl_peer_connections_allow(ctx, 5);
	EXPECT_INT(hl_peer_connections_max(ctx), 3);
	EXPECT_TEXT(hl_listener(ctx), "mx");
	EXPECT_TEXT(hl_helo(ctx), "client.example");
	EXPECT(hl_is_esmtp(ctx));
	EXPECT_TEXT(hl_me(ctx), "mx.example");
	EXPECT_INT(hl_session_id(ctx).n, 13);
	EXPECT_TEXT(hl_txn_id(ctx), "");
	EXPECT_TEXT(hl_command_line(ctx), "");
	EXPECT_INT(hl_phase(ctx), HL_PHASE_MAIL);
	EXPECT(!hl_relay_client(ctx));
	hl_relay_client_set(ctx, true);
	EXPECT(hl_relay_client(ctx));
	EXPECT(hl_tls(ctx) == NULL);
	EXPECT_TEXT(hl_auth_user(ctx), "");
	EXPECT_TEXT(hl_auth_mechanism(ctx), "");
	EXPECT(hl_sender(ctx) == NULL);
	EXPECT_INT(hl_param_count(hl_params(ctx)), 0);
	EXPECT_INT(hl_param_count(hl_sender_params(ctx)), 0);
	EXPECT_INT(hl_rcpt_count(ctx), 0);
	EXPECT(hl_rcpt_at(ctx, 0) == NULL);
	EXPECT(hl_txn_mem(ctx) == NULL);
	return HL_DECLINED;
}

static enum hl_verdict
no_facts(struct hl_ctx *ctx)
{
	EXPECT_TEXT(hl_peer_ip(ctx), "");
	EXPECT_TEXT(hl_local_ip(ctx), "");
	EXPECT_INT(hl_peer_connections(ctx), 0);
	EXPECT_TEXT(hl_listener(ctx), "");
	EXPECT_TEXT(hl_helo(ctx), "");
	EXPECT_TEXT(hl_session_id(ctx), "");
	EXPECT_TEXT(hl_command_line(ctx), "");
	EXPECT_TEXT(hl_auth_user(ctx), "");
	EXPECT_TEXT(hl_me(ctx), "configured.example");
	hl_relay_client_set(ctx, true);
	EXPECT(!hl_relay_client(ctx));
	EXPECT(hl_session_mem(ctx) == NULL);
	EXPECT(hl_txn_mem(ctx) == NULL);
	return HL_DECLINED;
}

static void
test_facts(void **state)
{
	struct fixture *f = *state;

	fixture_write(f, "max_per_client", "3\n");
	fixture_write(f, "me", "configured.example\n");
	f->conv.facts.peer.port = 4000;
	f->conv.facts.local.port = 25;
	f->conv.facts.listener = STR_LIT("mx");
	f->conv.facts.helo = STR_LIT("client.example");
	f->conv.facts.esmtp = true;
	f->conv.facts.phase = HL_PHASE_MAIL;
	fixture_hook(f, HOOK_CONNECT, facts);
	f->without_session = true;
	fixture_hook(f, HOOK_INIT_WORKER, no_facts);
}

/* ---- memory of a plugin ---- */

struct memory {
	int count;
};

static unsigned mem_fault;

static enum hl_verdict
count_up(struct hl_ctx *ctx)
{
	struct memory *session = hl_session_mem(ctx), *txn = hl_txn_mem(ctx);
	struct memory *instance = hl_instance(ctx);

	if (session == NULL || instance == NULL) {
		mem_fault++;
		return HL_DECLINED;
	}
	session->count++;
	instance->count++;
	if (txn != NULL)
		txn->count++;
	hl_note_set_int(ctx, HL_CONNECTION, HL_STR("session"), session->count);
	hl_note_set_int(
	    ctx, HL_CONNECTION, HL_STR("instance"), instance->count);
	hl_note_set_int(
	    ctx, HL_CONNECTION, HL_STR("txn"), txn != NULL ? txn->count : -1);
	return HL_DECLINED;
}

static const struct hl_plugin counter = {
	.name = "counter",
	.about = "counts its calls",
	.session_size = sizeof(struct memory),
	.txn_size = sizeof(struct memory),
	.instance_size = sizeof(struct memory),
	.connect = count_up,
	.data = count_up,
};
static const struct hl_plugin_entry counter_entry = { sizeof(struct hl_plugin),
	&counter };
static const struct hl_plugin_entry *const counters[] = { &counter_entry,
	NULL };

static int want_session, want_txn, want_instance;

static enum hl_verdict
see_counts(struct hl_ctx *ctx)
{
	EXPECT(hl_session_mem(ctx) == NULL); /* it asked for none */
	EXPECT_INT(hl_note_int(ctx, HL_CONNECTION, HL_STR("session"), 0),
	    want_session);
	EXPECT_INT(hl_note_int(ctx, HL_CONNECTION, HL_STR("txn"), 0), want_txn);
	EXPECT_INT(hl_note_int(ctx, HL_CONNECTION, HL_STR("instance"), 0),
	    want_instance);
	return HL_DECLINED;
}

static void
expect_counts(struct fixture *f, int session, int txn, int instance)
{
	want_session = session;
	want_txn = txn;
	want_instance = instance;
	fixture_hook(f, HOOK_DISCONNECT, see_counts);
}

static void
test_memory(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(fixture_load(f, "", counters), 0);
	fixture_hook(f, HOOK_CONNECT, NULL);
	expect_counts(f, 1, -1, 1);
	fixture_txn(f);
	fixture_hook(f, HOOK_DATA, NULL);
	fixture_hook(f, HOOK_DATA, NULL);
	expect_counts(f, 3, 2, 3);
	txn_unref(&f->conv.txn);
	fixture_txn(f);
	fixture_hook(f, HOOK_DATA, NULL);
	expect_counts(f, 4, 1, 4);
	assert_int_equal(mem_fault, 0);
}

/* ---- addresses and parameters ---- */

static enum hl_verdict
addresses(struct hl_ctx *ctx)
{
	const struct hl_addr *addr = NULL;

	EXPECT_INT(hl_addr_parse(ctx, HL_STR("<a@B.example>"), &addr), 0);
	EXPECT_TEXT(hl_addr_text(addr), "a@B.example");
	EXPECT_INT(hl_addr_parse(ctx, HL_STR("\"a b\"@c.example"), &addr), 0);
	EXPECT_TEXT(hl_addr_text(addr), "\"a b\"@c.example");
	EXPECT_TEXT(hl_addr_local(addr), "a b");
	EXPECT_TEXT(hl_addr_host(addr), "c.example");
	EXPECT(!hl_addr_is_null(addr));
	EXPECT_INT(hl_addr_parse(ctx, HL_STR("a@@b"), &addr), -EINVAL);
	EXPECT_TEXT(hl_addr_local(addr), "a b"); /* unchanged */
	EXPECT_INT(hl_addr_parse(ctx, HL_STR("<>"), &addr), 0);
	EXPECT(hl_addr_is_null(addr));
	EXPECT_TEXT(hl_addr_text(addr), "");
	EXPECT_TEXT(hl_addr_host(addr), "");
	return HL_DECLINED;
}

static enum hl_verdict
both_forms(struct hl_ctx *ctx)
{
	const struct hl_addr *a, *b;

	EXPECT_INT(hl_addr_parse(ctx, HL_STR("x@\xc3\x9c.Example"), &a), 0);
	EXPECT_INT(hl_addr_parse(ctx, HL_STR("x@xn--tda.example"), &b), 0);
	EXPECT_TEXT(hl_addr_host(a), "\xc3\x9c.Example");
	EXPECT_TEXT(hl_addr_host_ascii(a), "xn--tda.example");
	EXPECT_TEXT(hl_addr_host_ascii(b), "xn--tda.example");
	EXPECT(hl_addr_equal(a, b));
	EXPECT(hl_domain_equal(hl_addr_host(a), hl_addr_host(b)));
	EXPECT(!hl_domain_equal(hl_addr_host(a), HL_STR("u.example")));
	EXPECT_INT(hl_addr_parse(ctx, HL_STR("X@xn--tda.example"), &a), 0);
	EXPECT(!hl_addr_equal(a, b));
	EXPECT_TEXT(hl_domain_ascii(ctx, HL_STR("A.Example")), "a.example");
	EXPECT_TEXT(hl_domain_ascii(ctx, HL_STR("\xff")), "");
	EXPECT_TEXT(
	    hl_domain_utf8(ctx, HL_STR("XN--tda.example")), "\xc3\xbc.example");
	EXPECT_TEXT(hl_domain_utf8(ctx, HL_STR("\xc3\x9c.example")),
	    "\xc3\xbc.example");
	EXPECT_TEXT(hl_domain_utf8(ctx, HL_STR("\xff")), "");
	EXPECT_INT(hl_addr_parse(ctx, HL_STR("x@\xe2\x98\x83.de"), &a),
	    -EINVAL); /* a snowman */
	EXPECT(!hl_is_smtputf8(ctx));
	return HL_DECLINED;
}

static enum hl_verdict
parameters(struct hl_ctx *ctx)
{
	const struct hl_params *params = hl_params(ctx);

	EXPECT_INT(hl_param_count(params), 2);
	EXPECT_TEXT(hl_param_name(params, 0), "size");
	EXPECT_TEXT(hl_param_name(params, 2), "");
	EXPECT_TEXT(hl_param(params, HL_STR("size")), "10");
	EXPECT_TEXT(hl_param(params, HL_STR("smtputf8")), "");
	EXPECT(hl_param_has(params, HL_STR("smtputf8")));
	EXPECT(!hl_param_has(params, HL_STR("body")));
	EXPECT_TEXT(hl_param(params, HL_STR("body")), "");
	return HL_DECLINED;
}

static enum hl_verdict
with_parameters(struct hl_ctx *ctx)
{
	static const struct smtp_param items[] = {
		{ .key = STR_LIT("size"),
		    .value = STR_LIT("10"),
		    .has_value = true },
		{ .key = STR_LIT("smtputf8"), .value = STR_LIT("") },
	};
	struct smtp_params list = { .items = NULL };
	struct hl_params params;

	list.items = (struct smtp_param *)(uintptr_t)items;
	list.count = 2;
	params = txn_params_dup(ctx->arena, &list);
	ctx->params = &params;
	(void)parameters(ctx);
	ctx->params = NULL;
	return HL_DECLINED;
}

static void
test_addresses(void **state)
{
	fixture_hook(*state, HOOK_CONNECT, addresses);
	fixture_hook(*state, HOOK_CONNECT, both_forms);
	fixture_hook(*state, HOOK_MAIL, with_parameters);
}

/* ---- verdicts of others ---- */

static enum hl_verdict
decline(struct hl_ctx *ctx)
{
	(void)ctx;
	return HL_DECLINED;
}

static enum hl_verdict
accept_it(struct hl_ctx *ctx)
{
	(void)ctx;
	return HL_OK;
}

static const struct hl_plugin filler = { .name = "filler", .connect = decline };
static const struct hl_plugin_entry filler_entry = { sizeof(struct hl_plugin),
	&filler };
static const struct hl_plugin decider = { .name = "decider",
	.connect = accept_it };
static const struct hl_plugin_entry decider_entry = { sizeof(struct hl_plugin),
	&decider };

static enum hl_verdict
results_known(struct hl_ctx *ctx)
{
	enum hl_verdict verdict = HL_DENY;

	EXPECT(hl_result(ctx, HL_STR("connect"), HL_STR("filler"), &verdict));
	EXPECT_INT(verdict, HL_DECLINED);
	EXPECT(hl_result(ctx, HL_STR("connect"), HL_STR("decider"), &verdict));
	EXPECT_INT(verdict, HL_OK);
	EXPECT(!hl_result(ctx, HL_STR("connect"), HL_STR("none"), &verdict));
	return HL_DECLINED;
}

static enum hl_verdict
results_unknown(struct hl_ctx *ctx)
{
	enum hl_verdict verdict;

	EXPECT(!hl_result(ctx, HL_STR("connect"), HL_STR("filler"), &verdict));
	EXPECT(!hl_result(ctx, HL_STR("connect"), HL_STR("decider"), &verdict));
	return HL_DECLINED;
}

/* The probe, fillers, and at the place `count` the one that decides. */
static void
run_long_chain(struct fixture *f, unsigned count,
    enum hl_verdict (*then)(struct hl_ctx *ctx))
{
	static const struct hl_plugin_entry *more[CONV_ASKED_MAX + 1];

	memset(more, 0, sizeof(more));
	for (unsigned i = 0; i < count - 1; i++)
		more[i] = i + 2 < count ? &filler_entry : &decider_entry;
	assert_int_equal(fixture_load(f, "", more), 0);
	fixture_hook(f, HOOK_CONNECT, decline);
	fixture_hook(f, HOOK_DISCONNECT, then);
}

static void
test_results(void **state)
{
	run_long_chain(*state, 300, results_known);
}

static void
test_results_of_too_many(void **state)
{
	run_long_chain(*state, CONV_ASKED_MAX, results_unknown);
}

/* ---- recipients ---- */

static enum hl_verdict
recipients(struct hl_ctx *ctx)
{
	struct hl_rcpt *first = hl_rcpt_at(ctx, 0);

	EXPECT_INT(hl_rcpt_count(ctx), 1);
	EXPECT_TEXT(hl_addr_text(hl_rcpt_addr(first)), "rcpt@to.example");
	EXPECT_INT(hl_param_count(hl_rcpt_params(first)), 0);
	EXPECT_TEXT(hl_addr_text(hl_sender(ctx)), "sender@from.example");
	EXPECT_INT(hl_rcpt_add(ctx, HL_STR("two@to.example")), 0);
	EXPECT_INT(hl_rcpt_add(ctx, HL_STR("<three@to.example>")), -E2BIG);
	EXPECT_INT(hl_rcpt_count(ctx), 2);
	EXPECT_INT(hl_rcpt_remove(ctx, first), 0);
	EXPECT_INT(hl_rcpt_remove(ctx, NULL), -EINVAL);
	EXPECT_INT(hl_rcpt_add(ctx, HL_STR("nonsense@@x")), -EINVAL);
	EXPECT_INT(hl_rcpt_add(ctx, HL_STR("<>")), -EINVAL);
	EXPECT_INT(hl_rcpt_add(ctx, HL_STR("\xc3\xbc@to.example")), -EINVAL);
	EXPECT_INT(hl_rcpt_count(ctx), 1);
	EXPECT_TEXT(
	    hl_addr_text(hl_rcpt_addr(hl_rcpt_at(ctx, 0))), "two@to.example");
	EXPECT(hl_rcpt_at(ctx, 1) == NULL);
	return HL_DECLINED;
}

static enum hl_verdict
rcpt_verdict(struct hl_ctx *ctx)
{
	struct hl_rcpt *rcpt = hl_rcpt_at(ctx, 0);

	EXPECT_INT(hl_rcpt_verdict(ctx, rcpt, HL_DONE, HL_STR("")), -EINVAL);
	EXPECT_INT(hl_rcpt_verdict(ctx, NULL, HL_DENY, HL_STR("")), -EINVAL);
	EXPECT_INT(
	    hl_rcpt_verdict(ctx, rcpt, HL_DENY_DISCONNECT, HL_STR("no")), 0);
	EXPECT_INT(rcpt->verdict, HL_DENY);
	EXPECT_TEXT(rcpt->text, "no");
	return HL_DECLINED;
}

static enum hl_verdict
no_rcpt_verdict(struct hl_ctx *ctx)
{
	EXPECT_INT(
	    hl_rcpt_verdict(ctx, hl_rcpt_at(ctx, 0), HL_DENY, HL_STR("no")),
	    -EINVAL);
	return HL_DECLINED;
}

static enum hl_verdict
no_rcpts(struct hl_ctx *ctx)
{
	EXPECT_INT(hl_rcpt_add(ctx, HL_STR("a@b.example")), -EINVAL);
	EXPECT_INT(hl_rcpt_remove(ctx, NULL), -EINVAL);
	return HL_DECLINED;
}

static void
test_recipients(void **state)
{
	struct fixture *f = *state;

	fixture_write(f, "max_recipients", "2\n");
	fixture_hook(f, HOOK_CONNECT, no_rcpts);
	fixture_txn(f);
	fixture_hook(f, HOOK_DATA, recipients);
	fixture_hook(f, HOOK_DATA, no_rcpt_verdict);
	fixture_hook(f, HOOK_QUEUE, rcpt_verdict);
}

#define TEST(fn) \
	cmocka_unit_test_setup_teardown(fn, fixture_setup, fixture_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_facts),
		TEST(test_memory),
		TEST(test_addresses),
		TEST(test_results),
		TEST(test_results_of_too_many),
		TEST(test_recipients),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
