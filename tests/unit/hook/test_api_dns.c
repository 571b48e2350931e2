/* SPDX-License-Identifier: MIT */
/* test_api_dns.c - DNS for plugins and lists in it, the client's name, config/resolvers. */
#include "engine_fixture.h"

#include <errno.h>

#include <hookline/policy.h>

#include "../dns/dns_server.h"
#include "base/idna.h"
#include "dns/dns.h"
#include "hook/peer_name.h"
#include "hook/resolver.h"

static struct dns_server server;

/* ---- the server: the first label of the name says what it does ---- */

static bool
is(const struct asked *asked, const char *label)
{
	size_t n = strlen(label);

	return strncmp(asked->name, label, n) == 0 && asked->name[n] == '.';
}

static bool
is_below(const struct asked *asked, const char *zone)
{
	return strstr(asked->name, zone) != NULL;
}

static void
add_srv(const struct asked *asked, struct packet *reply)
{
	size_t begin = packet_rr(reply, SECTION_AN, asked->name, 33, 60);

	packet_u16(reply, 10);
	packet_u16(reply, 0);
	packet_u16(reply, 143);
	packet_name(reply, "imap.example");
	packet_rr_end(reply, begin);
}

static void
add_records(const struct asked *asked, struct packet *reply)
{
	const char *name = asked->name;

	switch (asked->type) {
	case HL_DNS_A:
		packet_rr_bytes(reply, SECTION_AN, name, 1, 60,
		    is_below(asked, "bad.list") ? "\x7f\0\0\2" : "\xc0\0\2\7",
		    4);
		break;
	case HL_DNS_AAAA:
		packet_rr_bytes(reply, SECTION_AN, name, 28, 60,
		    "\x20\1\xd\xb8\0\0\0\0\0\0\0\0\0\0\0\7", 16);
		break;
	case HL_DNS_MX:
		packet_mx(reply, name, 60, 20, "second.example");
		packet_mx(reply, name, 60, 10, "first.example");
		break;
	case HL_DNS_TXT:
		packet_rr_bytes(
		    reply, SECTION_AN, name, 16, 60, "\3v=s\4pf1 \4-all", 14);
		break;
	case HL_DNS_SRV:
		add_srv(asked, reply);
		break;
	case HL_DNS_TLSA:
		packet_rr_bytes(
		    reply, SECTION_AN, name, 52, 60, "\3\1\1\xab\xcd\xef", 6);
		break;
	case HL_DNS_SOA:
		packet_soa(reply, SECTION_AN, name, 60, 20);
		break;
	default:
		packet_rr_name(reply, name, asked->type, 60, "target.example");
	}
}

static void
serve(const struct asked *asked, struct packet *reply)
{
	bool is_nx = is(asked, "nx") || is(asked, "2") ||
		     is_below(asked, "empty.list") ||
		     !idna_is_ascii(slice_of(asked->name));
	bool fails = is(asked, "servfail") || is(asked, "5") ||
		     is_below(asked, "servfail.list");
	unsigned rcode = is_nx ? 3 : fails ? 2 : 0;

	if (is(asked, "silent") || is(asked, "4") ||
	    is_below(asked, "silent.list"))
		return;
	packet_begin(reply, asked->id, PACKET_QR | rcode);
	packet_question(reply, asked->name, asked->type);
	if (is(asked, "3"))
		packet_rr_name(
		    reply, asked->name, asked->type, 60, "a b\x1b.example");
	else if (is_nx || is(asked, "nodata"))
		packet_soa(reply, SECTION_NS, "example", 60, 20);
	else if (rcode == 0)
		add_records(asked, reply);
}

static void
use_server(struct fixture *f, const struct dns_server *which)
{
	char line[64];

	(void)snprintf(line, sizeof(line), "127.0.0.1:%u\n", which->addr.port);
	fixture_write(f, "resolvers", line);
}

static int
setup(void **state)
{
	struct fixture *f;

	if (fixture_setup(state) < 0)
		return -1;
	f = *state;
	dns_server_open(&server, f->rt, "127.0.0.1", 0, serve);
	use_server(f, &server);
	return 0;
}

static int
teardown(void **state)
{
	dns_server_close(&server);
	return fixture_teardown(state);
}

/* ---- hl_dns_query ---- */

static const struct {
	enum hl_dns_type type;
	int count;
	const char *text;
	unsigned priority;
} kinds[] = {
	{ HL_DNS_A, 1, "192.0.2.7", 0 },
	{ HL_DNS_AAAA, 1, "2001:db8::7", 0 },
	{ HL_DNS_MX, 2, "first.example", 10 },
	{ HL_DNS_TXT, 1, "v=spf1 -all", 0 },
	{ HL_DNS_SRV, 1, "imap.example:143", 10 },
	{ HL_DNS_TLSA, 1, "3 1 1 abcdef", 0 },
	{ HL_DNS_SOA, 1, "ns.example root.example 2026 3600 600 86400 20", 0 },
	{ HL_DNS_NS, 1, "target.example", 0 },
	{ HL_DNS_PTR, 1, "target.example", 0 },
	{ HL_DNS_CNAME, 1, "target.example", 0 },
};

static enum hl_verdict
ask_kinds(struct hl_ctx *ctx)
{
	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
		const struct hl_dns *dns = NULL;

		EXPECT_INT(hl_dns_query(
			       ctx, HL_STR("all.example"), kinds[i].type, &dns),
		    kinds[i].count);
		if (dns == NULL)
			break;
		EXPECT_INT(hl_dns_count(dns), kinds[i].count);
		EXPECT_TEXT(hl_dns_text(dns, 0), kinds[i].text);
		EXPECT_TEXT(hl_dns_text(dns, 0), kinds[i].text);
		EXPECT_INT(hl_dns_priority(dns, 0), kinds[i].priority);
		EXPECT_INT(hl_dns_ttl(dns), 60);
		EXPECT(hl_dns_name_exists(dns));
		EXPECT_TEXT(hl_dns_text(dns, 2), "");
		EXPECT_INT(hl_dns_priority(dns, 2), 0);
	}
	return HL_DECLINED;
}

static enum hl_verdict
ask_for_nothing(struct hl_ctx *ctx)
{
	const struct hl_dns *dns;

	EXPECT_INT(hl_dns_query(ctx, HL_STR("nx.example"), HL_DNS_A, &dns), 0);
	EXPECT(!hl_dns_name_exists(dns));
	EXPECT_INT(hl_dns_count(dns), 0);
	EXPECT_TEXT(hl_dns_text(dns, 0), "");
	EXPECT_INT(
	    hl_dns_query(ctx, HL_STR("nodata.example"), HL_DNS_A, &dns), 0);
	EXPECT(hl_dns_name_exists(dns));
	/* Whether is enough. */
	EXPECT_INT(hl_dns_query(ctx, HL_STR("all.example"), HL_DNS_A, NULL), 1);
	return HL_DECLINED;
}

static enum hl_verdict
ask_in_vain(struct hl_ctx *ctx)
{
	static const struct hl_dns *const untouched;
	const struct hl_dns *dns = untouched;

	EXPECT_INT(
	    hl_dns_query(ctx, HL_STR("servfail.example"), HL_DNS_A, &dns),
	    -EAGAIN);
	EXPECT_INT(hl_dns_query(ctx, HL_STR("a..b"), HL_DNS_A, &dns), -EINVAL);
	EXPECT_INT(hl_dns_query(ctx, HL_STR(""), HL_DNS_A, &dns), -EINVAL);
	EXPECT(dns == untouched);
	return HL_DECLINED;
}

/* Letters outside of ASCII are asked for as A-labels. */
static enum hl_verdict
ask_for_letters(struct hl_ctx *ctx)
{
	EXPECT_INT(
	    hl_dns_query(ctx, HL_STR("\xc3\xbc.example"), HL_DNS_MX, NULL), 2);
	EXPECT_INT(hl_dns_query(ctx, HL_STR("\xfc.example"), HL_DNS_MX, NULL),
	    -EINVAL);
	return HL_DECLINED;
}

static void
test_query(void **state)
{
	struct fixture *f = *state;

	fixture_hook(f, HOOK_CONNECT, ask_kinds);
	fixture_hook(f, HOOK_CONNECT, ask_for_nothing);
	fixture_hook(f, HOOK_CONNECT, ask_in_vain);
	fixture_hook(f, HOOK_CONNECT, ask_for_letters);
}

static enum hl_verdict
ask_too_long(struct hl_ctx *ctx)
{
	EXPECT_INT(hl_dns_query(ctx, HL_STR("silent.example"), HL_DNS_A, NULL),
	    -ETIMEDOUT);
	return HL_DECLINED;
}

static enum hl_verdict
ask_when_gone(struct hl_ctx *ctx)
{
	EXPECT_INT(hl_dns_query(ctx, HL_STR("silent.example"), HL_DNS_A, NULL),
	    -ECANCELED);
	return HL_DECLINED;
}

static void
test_deadline(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(fixture_load(f, "hl.timeout=1", NULL), 0);
	fixture_begin(f, HOOK_CONNECT, ask_too_long);
	assert_false(f->is_done);
	fixture_pass_ms(f, 1001);
	fixture_end(f);
	assert_int_equal(f->outcome.column, COLUMN_DENYSOFT);
	fixture_begin(f, HOOK_CONNECT, ask_when_gone);
	fixture_cancel(f);
	fixture_end(f);
}

/* ---- hl_dns_start ---- */

static enum hl_verdict
ask_together(struct hl_ctx *ctx)
{
	struct hl_dns_ask *lost =
	    hl_dns_start(ctx, HL_STR("silent.example"), HL_DNS_A);
	struct hl_dns_ask *name =
	    hl_dns_start(ctx, HL_STR("all.example"), HL_DNS_PTR);
	struct hl_dns_ask *again =
	    hl_dns_start(ctx, HL_STR("all.example"), HL_DNS_PTR);
	const struct hl_dns *dns = NULL;

	EXPECT_INT(hl_dns_wait(ctx, name, 0, &dns), 1);
	EXPECT_TEXT(hl_dns_text(dns, 0), "target.example");
	/* Once. */
	EXPECT_INT(hl_dns_wait(ctx, name, 0, &dns), -EINVAL);
	EXPECT_INT(hl_dns_wait(ctx, again, 0, NULL), 1);
	/* From the cache. */
	again = hl_dns_start(ctx, HL_STR("all.example"), HL_DNS_PTR);
	EXPECT_INT(hl_dns_wait(ctx, again, 0, NULL), 1);
	EXPECT_INT(hl_dns_wait(ctx, hl_dns_start(ctx, HL_STR("a..b"), HL_DNS_A),
		       0, NULL),
	    -EINVAL);
	EXPECT_INT(hl_dns_wait(ctx, lost, 50, &dns), -ETIME);
	EXPECT_INT(hl_dns_wait(ctx, lost, 50, &dns), -EINVAL);
	return HL_DECLINED;
}

/* Nobody waits for it; the next hook finds the answer. */
static enum hl_verdict
ask_ahead(struct hl_ctx *ctx)
{
	(void)hl_dns_start(ctx, HL_STR("all.example"), HL_DNS_NS);
	return HL_DECLINED;
}

static enum hl_verdict
find_answer(struct hl_ctx *ctx)
{
	EXPECT_INT(
	    hl_dns_query(ctx, HL_STR("all.example"), HL_DNS_NS, NULL), 1);
	return HL_DECLINED;
}

static void
test_start(void **state)
{
	struct fixture *f = *state;

	fixture_begin(f, HOOK_CONNECT, ask_together);
	while (server.udp_count < 2)
		(void)uv_run(rt_loop(f->rt), UV_RUN_ONCE);
	for (int i = 0; i < 100 && !f->is_done; i++)
		fixture_pass_ms(f, 10);
	fixture_end(f);
	assert_int_equal(server.udp_count, 2);
	fixture_hook(f, HOOK_CONNECT, ask_ahead);
	fixture_hook(f, HOOK_CONNECT, find_answer);
	assert_int_equal(server.udp_count, 3);
}

/* ---- hl_dns_budget ---- */

static enum hl_verdict
ask_within_budget(struct hl_ctx *ctx)
{
	struct hl_dns_ask *lost, *there;

	EXPECT_INT(
	    hl_dns_query(ctx, HL_STR("all.example"), HL_DNS_NS, NULL), 1);
	hl_dns_budget(ctx, 50);
	lost = hl_dns_start(ctx, HL_STR("silent.example"), HL_DNS_A);
	there = hl_dns_start(ctx, HL_STR("all.example"), HL_DNS_NS);
	/* The shorter of both counts. */
	EXPECT_INT(hl_dns_wait(ctx, lost, 10, NULL), -ETIME);
	lost = hl_dns_start(ctx, HL_STR("silent.example"), HL_DNS_A);
	EXPECT_INT(hl_dns_wait(ctx, lost, 5000, NULL), -ETIME);
	EXPECT_INT(hl_dns_wait(ctx, there, 0, NULL), 1);
	/* It is over, for what is in the cache, too. */
	EXPECT_INT(
	    hl_dns_query(ctx, HL_STR("all.example"), HL_DNS_NS, NULL), -ETIME);
	hl_dns_budget(ctx, 0);
	EXPECT_INT(
	    hl_dns_query(ctx, HL_STR("all.example"), HL_DNS_NS, NULL), 1);
	return HL_DECLINED;
}

static enum hl_verdict
ask_after_budget(struct hl_ctx *ctx)
{
	EXPECT_INT(
	    hl_dns_query(ctx, HL_STR("all.example"), HL_DNS_NS, NULL), 1);
	return HL_DECLINED;
}

static void
test_budget(void **state)
{
	struct fixture *f = *state;

	fixture_begin(f, HOOK_CONNECT, ask_within_budget);
	/* What is asked reaches the server before time goes on. */
	for (int i = 0; i < 500 && server.udp_count < 2; i++)
		(void)uv_run(rt_loop(f->rt), UV_RUN_ONCE);
	for (int i = 0; i < 10 && !f->is_done; i++)
		fixture_pass_ms(f, 10);
	fixture_end(f);
	assert_int_equal(server.udp_count, 2);
	/* A hook's own. */
	fixture_hook(f, HOOK_CONNECT, ask_after_budget);
}

/* ---- hl_zones_find ---- */

static bool
was_logged(struct fixture *f, const char *text)
{
	return memmem(f->log.p, f->log.n, text, strlen(text)) != NULL;
}

static enum hl_verdict
find_domain(struct hl_ctx *ctx)
{
	struct hl_zones zones = { .file = "zones", .separator = ' ' };
	struct hl_listing found;

	EXPECT_INT(
	    hl_zones_find(ctx, &zones, HL_STR("dom.example"), &found), 1);
	EXPECT_TEXT(found.zone, "bad.list");
	EXPECT_TEXT(found.message, "is  bad");
	EXPECT_TEXT(found.text, "dom.example.bad.list");
	/* The same for a text; a domain that is none is in no list. */
	zones.only_texts = true;
	EXPECT_INT(
	    hl_zones_find(ctx, &zones, HL_STR("dom.example"), &found), 1);
	EXPECT_TEXT(found.text, "v=spf1 -all");
	EXPECT_INT(hl_zones_find(ctx, &zones, HL_STR("a..b"), &found), 0);
	zones.file = "none";
	EXPECT_INT(
	    hl_zones_find(ctx, &zones, HL_STR("dom.example"), &found), 0);
	return HL_DECLINED;
}

static enum hl_verdict
find_address(struct hl_ctx *ctx)
{
	struct hl_zones zones = { .file = "zones", .separator = ':' };
	struct hl_listing found;

	EXPECT_INT(hl_zones_find(ctx, &zones, HL_STR("192.0.2.7"), &found), 1);
	EXPECT_TEXT(found.zone, "text.list");
	EXPECT_TEXT(found.message, "");
	EXPECT_TEXT(found.text, "v=spf1 -all");
	zones.file = "others";
	EXPECT_INT(
	    hl_zones_find(ctx, &zones, HL_STR("2001:db8::1"), &found), 1);
	EXPECT_TEXT(found.message, "in it: %IP%");
	EXPECT_TEXT(found.text,
	    "1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2."
	    "bad.list");
	return HL_DECLINED;
}

static enum hl_verdict
find_in_time(struct hl_ctx *ctx)
{
	struct hl_zones zones = {
		.file = "zones", .separator = ' ', .timeout_ms = 50
	};
	struct hl_listing found;

	EXPECT_INT(
	    hl_zones_find(ctx, &zones, HL_STR("dom.example"), &found), 0);
	/* Its time is its own. */
	EXPECT_INT(
	    hl_dns_query(ctx, HL_STR("all.example"), HL_DNS_NS, NULL), 1);
	return HL_DECLINED;
}

static enum hl_verdict
find_within_budget(struct hl_ctx *ctx)
{
	struct hl_zones zones = {
		.file = "zones", .separator = ' ', .timeout_ms = 5000
	};
	struct hl_listing found;
	uint64_t begin_ms = hl_now_ms(ctx);

	hl_dns_budget(ctx, 50);
	EXPECT_INT(
	    hl_zones_find(ctx, &zones, HL_STR("dom.example"), &found), 0);
	EXPECT_INT(hl_now_ms(ctx) - begin_ms < 200, 1);
	/* It was the hook's, and is over. */
	EXPECT_INT(
	    hl_dns_query(ctx, HL_STR("all.example"), HL_DNS_NS, NULL), -ETIME);
	return HL_DECLINED;
}

static void
test_zones(void **state)
{
	struct fixture *f = *state;

	/* All are asked before one is waited for. */
	fixture_write(f, "zones",
	    "empty.list\nservfail.list x\nbad.list\t is  bad\nsilent.list\n");
	fixture_hook(f, HOOK_CONNECT, find_domain);
	assert_true(was_logged(f, "error "));
	assert_true(was_logged(f, "no answer from servfail.list"));
	/* An address of another kind lists nobody. */
	fixture_write(f, "zones", "a.liar.list x\nbad.list is  bad\n");
	fixture_hook(f, HOOK_CONNECT, find_domain);
	assert_true(was_logged(f, "no answer from a.liar.list"));
	fixture_write(f, "zones", "empty.list:x\ntext.list\n");
	fixture_write(f, "others", "bad.list:in it: %IP%\n");
	fixture_hook(f, HOOK_CONNECT, find_address);
	fixture_write(
	    f, "zones", "silent.list\nother.silent.list a b\nempty.list\n");
	fixture_begin(f, HOOK_CONNECT, find_in_time);
	for (int i = 0; i < 100 && !f->is_done; i++)
		fixture_pass_ms(f, 10);
	fixture_end(f);
	assert_true(
	    was_logged(f, "no answer from silent.list, other.silent.list"));
	fixture_begin(f, HOOK_CONNECT, find_within_budget);
	for (int i = 0; i < 100 && !f->is_done; i++)
		fixture_pass_ms(f, 10);
	assert_true(f->is_done);
	fixture_end(f);
}

static enum hl_verdict
read_addresses(struct hl_ctx *ctx)
{
	uint32_t value = 7;

	(void)ctx;
	EXPECT_INT(hl_listing_address(HL_STR("127.0.0.2"), &value), true);
	EXPECT_INT(value, 0x7f000002);
	EXPECT_INT(hl_listing_address(HL_STR("127.0.0.2"), NULL), true);
	EXPECT_INT(hl_listing_address(HL_STR("192.0.2.7"), &value), false);
	EXPECT_INT(
	    hl_listing_address(HL_STR("127.255.255.254"), &value), false);
	EXPECT_INT(hl_listing_address(HL_STR("127.255.254.1"), NULL), true);
	EXPECT_INT(hl_listing_address(HL_STR("::1"), &value), false);
	EXPECT_INT(hl_listing_address(HL_STR(""), &value), false);
	EXPECT_INT(value, 0x7f000002);
	return HL_DECLINED;
}

static void
test_listing_address(void **state)
{
	fixture_hook(*state, HOOK_CONNECT, read_addresses);
}

static enum hl_verdict
start_zones(struct hl_ctx *ctx)
{
	struct hl_zones zones = { .file = "zones", .separator = ' ' };

	hl_zones_start(ctx, &zones, HL_STR("192.0.2.7"));
	return HL_DECLINED;
}

static enum hl_verdict
find_started(struct hl_ctx *ctx)
{
	struct hl_zones zones = { .file = "zones", .separator = ' ' };
	struct hl_listing found;

	EXPECT_INT(hl_zones_find(ctx, &zones, HL_STR("192.0.2.7"), &found), 1);
	return HL_DECLINED;
}

static void
test_zones_start(void **state)
{
	struct fixture *f = *state;

	fixture_write(f, "zones", "empty.list\ntext.list\n");
	fixture_hook(f, HOOK_CONNECT, start_zones);
	while (server.udp_count < 2)
		(void)uv_run(rt_loop(f->rt), UV_RUN_ONCE);
	fixture_hook(f, HOOK_CONNECT, find_started);
	assert_int_equal(server.udp_count, 2);
}

static enum hl_verdict
reverse(struct hl_ctx *ctx)
{
	EXPECT_TEXT(hl_dns_reverse(ctx, HL_STR("192.0.2.1"), HL_STR("")),
	    "1.2.0.192.in-addr.arpa");
	EXPECT_TEXT(
	    hl_dns_reverse(ctx, HL_STR("192.0.2.1"), HL_STR("bl.example")),
	    "1.2.0.192.bl.example");
	EXPECT_TEXT(hl_dns_reverse(ctx, HL_STR("::1"), HL_STR("bl.example")),
	    "1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0."
	    "bl.example");
	EXPECT_TEXT(hl_dns_reverse(ctx, HL_STR("x"), HL_STR("bl.example")), "");
	return HL_DECLINED;
}

static void
test_reverse(void **state)
{
	fixture_hook(*state, HOOK_CONNECT, reverse);
}

/* ---- config/resolvers ---- */

static enum hl_verdict
ask_one(struct hl_ctx *ctx)
{
	EXPECT_INT(
	    hl_dns_query(ctx, HL_STR("all.example"), HL_DNS_NS, NULL), 1);
	return HL_DECLINED;
}

static enum hl_verdict
ask_until_replaced(struct hl_ctx *ctx)
{
	EXPECT_INT(
	    hl_dns_query(ctx, HL_STR("held.example"), HL_DNS_NS, NULL), 1);
	return HL_DECLINED;
}

static void
test_resolvers_change(void **state)
{
	struct fixture *f = *state;
	struct dns_server other;

	dns_server_open(&other, f->rt, "127.0.0.1", 0, serve);
	fixture_hook(f, HOOK_CONNECT, ask_one);
	assert_int_equal(server.udp_count, 1);
	/* A question in flight ends with the server that it went to. */
	server.is_holding = true;
	fixture_begin(f, HOOK_CONNECT, ask_until_replaced);
	while (server.held_count == 0)
		(void)uv_run(rt_loop(f->rt), UV_RUN_ONCE);
	use_server(f, &other);
	peer_name_start(f->engine, &f->conv); /* another who asks */
	while (other.udp_count == 0)
		(void)uv_run(rt_loop(f->rt), UV_RUN_ONCE);
	assert_false(f->is_done);
	dns_server_release(&server);
	fixture_end(f);
	/* A version with a bad line is not taken. */
	fixture_write(f, "resolvers", "nonsense\n");
	fixture_hook(f, HOOK_CONNECT, ask_one);
	assert_int_equal(other.udp_count, 2);
	assert_int_equal(conf_faults(f->conf)->count, 1);
	dns_server_close(&other);
}

/* The servers are those of before: what is known stays so. */
static void
test_resolvers_same(void **state)
{
	struct fixture *f = *state;
	char line[64];

	fixture_hook(f, HOOK_CONNECT, ask_one);
	assert_int_equal(server.udp_count, 1);
	(void)snprintf(
	    line, sizeof(line), "# again\n127.0.0.1:%u\n", server.addr.port);
	fixture_write(f, "resolvers", line);
	fixture_hook(f, HOOK_CONNECT, ask_one);
	assert_int_equal(server.udp_count, 1);
}

static void
test_stop_while_asking(void **state)
{
	struct fixture *f = *state;

	server.is_holding = true;
	assert_int_equal(fixture_load(f, "", NULL), 0);
	peer_name_start(f->engine, &f->conv);
	while (server.held_count == 0)
		(void)uv_run(rt_loop(f->rt), UV_RUN_ONCE);
	assert_int_equal(rt_fibers_in_use(f->rt), 1);
	/* The teardown stops the engine, with the question in flight. */
}

/* ---- the client's name ---- */

static const char *want_name;

static enum hl_verdict
see_name(struct hl_ctx *ctx)
{
	EXPECT_TEXT(hl_peer_name(ctx), want_name);
	EXPECT_TEXT(hl_peer_name(ctx), want_name);
	return HL_DECLINED;
}

static void
set_peer(struct fixture *f, const char *ip)
{
	struct facts *facts = &f->conv.facts;

	assert_int_equal(inet_parse(slice_of(ip), &facts->peer), 0);
	facts->peer_ip = str_of(ip);
	peer_name_start(f->engine, &f->conv);
}

static const struct {
	const char *ip;
	const char *name;
	unsigned questions;
} names[] = {
	{ "127.0.0.1", "localhost", 0 },
	{ "::1", "localhost", 0 },
	{ "192.0.2.1", "target.example", 1 },
	{ "192.0.2.2", "Unknown", 1 },
	{ "192.0.2.3", "a?032b?027.example", 1 },
	{ "192.0.2.5", "Unknown", 1 },
	{ "2001:db8::5", "Unknown", 1 },
	{ "2001:db8::6", "target.example", 1 },
};

static void
test_peer_name(void **state)
{
	struct fixture *f = *state;

	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		unsigned before = server.udp_count;

		want_name = names[i].name;
		set_peer(f, names[i].ip);
		fixture_hook(f, HOOK_CONNECT, see_name);
		fixture_hook(f, HOOK_CONNECT, see_name);
		if (server.udp_count - before != names[i].questions)
			fail_msg("%s: %u questions", names[i].ip,
			    server.udp_count - before);
	}
	fixture_write(f, "rdns", "0\n");
	want_name = "[192.0.2.9]";
	set_peer(f, "192.0.2.9");
	server.udp_count = 0;
	fixture_hook(f, HOOK_CONNECT, see_name);
	assert_int_equal(server.udp_count, 0);
}

static void
test_slow_name(void **state)
{
	struct fixture *f = *state;

	want_name = "Unknown";
	assert_int_equal(fixture_load(f, "", NULL), 0);
	set_peer(f, "192.0.2.4");
	fixture_pass_ms(f, 1000);
	fixture_begin(f, HOOK_CONNECT, see_name);
	fixture_pass_ms(f, PEER_NAME_MS - 1001);
	assert_false(f->is_done);
	fixture_pass_ms(f, 2);
	fixture_end(f);
	/* Only the first waits. */
	fixture_begin(f, HOOK_CONNECT, see_name);
	assert_true(f->is_done);
	fixture_end(f);
}

static void
test_name_and_deadline(void **state)
{
	struct fixture *f = *state;

	want_name = "Unknown";
	assert_int_equal(fixture_load(f, "hl.timeout=1", NULL), 0);
	server.is_holding = true;
	set_peer(f, "192.0.2.1");
	fixture_begin(f, HOOK_CONNECT, see_name);
	fixture_pass_ms(f, 1001);
	fixture_end(f);
	/* The question goes on, and serves who asks later. */
	while (server.held_count == 0)
		(void)uv_run(rt_loop(f->rt), UV_RUN_ONCE);
	dns_server_release(&server);
	want_name = "target.example";
	fixture_hook(f, HOOK_CONNECT, see_name);
	assert_int_equal(server.udp_count, 1);
}

static void
test_name_not_asked_ahead(void **state)
{
	struct fixture *f = *state;

	want_name = "target.example";
	fixture_hook(f, HOOK_CONNECT, see_name);
	want_name = "";
	f->without_session = true;
	fixture_hook(f, HOOK_INIT_WORKER, see_name);
}

#define TEST(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_query),
		TEST(test_deadline),
		TEST(test_start),
		TEST(test_budget),
		TEST(test_zones),
		TEST(test_listing_address),
		TEST(test_zones_start),
		TEST(test_reverse),
		TEST(test_resolvers_change),
		TEST(test_resolvers_same),
		TEST(test_stop_while_asking),
		TEST(test_peer_name),
		TEST(test_slow_name),
		TEST(test_name_and_deadline),
		TEST(test_name_not_asked_ahead),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
