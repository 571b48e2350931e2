/* SPDX-License-Identifier: MIT */
/* test_dns.c - questions from fibers against a server that misbehaves. */
#include "dns_server.h"

#include <errno.h>
#include <unistd.h>

#include "dns/dns.h"
#include "dns/dns_host.h"
#include "dns_server.h"

#define SHORT_MS 200 /* a try, where the test waits for its end */

/* ---- the server: the first label of the name says what it does ---- */

static unsigned once_count;

static bool
is(const struct asked *asked, const char *label)
{
	size_t n = strlen(label);

	return strncmp(asked->name, label, n) == 0 && asked->name[n] == '.';
}

static void
add_a(const struct asked *asked, struct packet *reply, uint32_t ttl)
{
	if (asked->type == DNS_A)
		packet_rr_bytes(reply, SECTION_AN, asked->name, DNS_A, ttl,
		    "\x7f\0\0\2", 4);
	else
		packet_soa(reply, SECTION_NS, "example", 60, 60);
}

static void
add_both(const struct asked *asked, struct packet *reply)
{
	if (asked->type == DNS_AAAA)
		packet_rr_bytes(reply, SECTION_AN, asked->name, DNS_AAAA, 60,
		    "\x20\1\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\1", 16);
	else
		add_a(asked, reply, 60);
}

static void
add_big(const struct asked *asked, struct packet *reply)
{
	char text[101];

	if (!asked->is_tcp) {
		reply->bytes[2] |= PACKET_TC >> 8;
		return;
	}
	memset(text, 'x', sizeof(text));
	text[0] = 100;
	for (int i = 0; i < 40; i++)
		packet_rr_bytes(reply, SECTION_AN, asked->name, DNS_TXT, 60,
		    text, sizeof(text));
}

/* "long3.example" is an alias of "long4.example". */
static void
add_long(const struct asked *asked, struct packet *reply)
{
	char target[64];
	unsigned next = (unsigned)(asked->name[4] - '0') + 1;

	if (next > 9)
		(void)snprintf(target, sizeof(target), "ok.example");
	else
		(void)snprintf(target, sizeof(target), "long%u.example", next);
	packet_rr_name(reply, asked->name, DNS_CNAME, 40, target);
}

static void
serve(const struct asked *asked, struct packet *reply)
{
	unsigned rcode = is(asked, "nx")                           ? 3
			 : is(asked, "servfail")                   ? 2
			 : is(asked, "refused")                    ? 5
			 : is(asked, "formerr") && asked->has_edns ? 1
								   : 0;
	bool other = is(asked, "other");

	if (is(asked, "silent") || (is(asked, "once") && once_count++ == 0))
		return;
	packet_begin(reply, is(asked, "wrongid") ? asked->id ^ 1 : asked->id,
	    PACKET_QR | rcode);
	packet_question(
	    reply, other ? "evil.example" : asked->name, asked->type);
	if (is(asked, "garbage")) {
		/* The header promises more than there is. */
		packet_count(reply, SECTION_AN);
		packet_bytes(reply, "\xc0\x0c\xff\xff", 4);
	} else if (is(asked, "big")) {
		add_big(asked, reply);
	} else if (is(asked, "both")) {
		add_both(asked, reply);
	} else if (is(asked, "half") && asked->type == DNS_AAAA) {
		reply->bytes[3] |= 2; /* SERVFAIL */
	} else if (is(asked, "cname")) {
		packet_rr_name(reply, asked->name, DNS_CNAME, 30, "OK.example");
	} else if (is(asked, "loop")) {
		packet_rr_name(
		    reply, asked->name, DNS_CNAME, 30, "loop.example");
	} else if (strncmp(asked->name, "long", 4) == 0) {
		add_long(asked, reply);
	} else if (is(asked, "nottl")) {
		add_a(asked, reply, 0);
	} else if (is(asked, "nx") || is(asked, "nodata")) {
		packet_soa(reply, SECTION_NS, "example", 60, 20);
	} else if (rcode == 0) {
		add_a(asked, reply, 60);
	}
}

/* ---- fibers that ask ---- */

struct asker {
	struct rt *rt;
	struct dns *dns;
	const char *name;
	enum dns_type type;
	struct fiber *fiber;
	uint64_t deadline_ms;
	struct dns_answer *answer;
	int rc;
	bool is_done;
};

static void
ask(void *arg)
{
	struct asker *a = arg;

	a->fiber = fiber_self();
	if (a->deadline_ms > 0)
		fiber_set_deadline(
		    a->fiber, mono_add_ms(mono_now(), a->deadline_ms));
	a->rc = dns_query(a->dns, slice_of(a->name), a->type, &a->answer);
	a->is_done = true;
}

struct world {
	struct rt *rt;
	struct dns_server server;
	struct dns *dns;
};

#define QUESTIONS_MAX SERVER_HELD_MAX

/* `timeout_ms` > 0: with the real clock, since c-ares uses that. */
static void
world_open(struct world *w, uint64_t timeout_ms)
{
	struct dns_options options = { .server_count = 1,
		.questions_max = QUESTIONS_MAX };
	struct err err;

	w->rt = test_rt(0);
	if (timeout_ms > 0)
		clock_set_source(NULL);
	dns_server_open(&w->server, w->rt, "127.0.0.1", 0, serve);
	options.servers = &w->server.addr;
	options.timeout_ms = timeout_ms;
	assert_int_equal(dns_new(w->rt, &options, &w->dns, &err), 0);
	once_count = 0;
}

static void
world_close(struct world *w)
{
	dns_free(&w->dns);
	assert_null(w->dns);
	dns_server_close(&w->server);
	turn(w->rt);
	turn(w->rt);
	test_rt_done(&w->rt);
}

static void
asker_start(
    struct world *w, struct asker *a, const char *name, enum dns_type type)
{
	a->rt = w->rt;
	a->dns = w->dns;
	a->name = name;
	a->type = type;
	a->is_done = false;
	assert_int_equal(fiber_start(w->rt, ask, a), 0);
}

static void
asker_wait(struct asker *a)
{
	while (!a->is_done)
		(void)uv_run(rt_loop(a->rt), UV_RUN_ONCE);
}

/* Asks, waits, and looks at what came. */
static void
query(struct world *w, const char *name, enum dns_type type, int rc,
    enum dns_status status, uint32_t ttl)
{
	struct asker a = { 0 };

	asker_start(w, &a, name, type);
	asker_wait(&a);
	if (a.rc != rc)
		fail_msg(
		    "%s %s: %d, want %d", name, dns_type_name(type), a.rc, rc);
	if (rc < 0) {
		assert_null(a.answer);
		return;
	}
	assert_non_null(a.answer);
	assert_int_equal(a.answer->status, status);
	assert_int_equal(a.answer->ttl, ttl);
	assert_int_equal(a.answer->count, rc);
	dns_answer_unref(&a.answer);
}

/* ---- tests ---- */

static void
test_answers(void **state)
{
	struct world w;

	(void)state;
	world_open(&w, 0);
	query(&w, "ok.example", DNS_A, 1, DNS_FOUND, 60);
	query(&w, "nx.example", DNS_A, 0, DNS_NO_NAME, 20);
	query(&w, "nodata.example", DNS_A, 0, DNS_NO_DATA, 20);
	query(&w, "big.example", DNS_TXT, 40, DNS_FOUND, 60);
	assert_int_equal(w.server.tcp_count, 1);
	query(&w, "cname.example", DNS_A, 1, DNS_FOUND, 30);
	query(&w, "cname.example", DNS_MX, 0, DNS_NO_DATA, 30);
	world_close(&w);
}

static void
test_failures(void **state)
{
	struct world w;

	(void)state;
	world_open(&w, 0);
	query(&w, "servfail.example", DNS_A, -EAGAIN, 0, 0);
	query(&w, "refused.example", DNS_A, -EAGAIN, 0, 0);
	query(&w, "garbage.example", DNS_A, -EAGAIN, 0, 0);
	query(&w, "loop.example", DNS_A, -EAGAIN, 0, 0);
	query(&w, "not a name", DNS_A, -EINVAL, 0, 0);
	query(&w, "", DNS_A, -EINVAL, 0, 0);
	/* Not cached: asked again. */
	assert_int_equal(w.server.udp_count, 4);
	query(&w, "servfail.example", DNS_A, -EAGAIN, 0, 0);
	assert_int_equal(w.server.udp_count, 5);
	world_close(&w);
}

/* Each alias takes a question of its own: eight go, nine do not. */
static void
test_alias_by_alias(void **state)
{
	struct world w;

	(void)state;
	world_open(&w, 0);
	query(&w, "long2.example", DNS_A, 1, DNS_FOUND, 40);
	assert_int_equal(w.server.udp_count, 9);
	query(&w, "long1.example", DNS_A, -EAGAIN, 0, 0);
	query(&w, "long2.example", DNS_CNAME, 1, DNS_FOUND, 40);
	world_close(&w);
}

/* A server that knows no EDNS; also the second time, when c-ares itself has
 * given up on it. */
static void
test_no_edns(void **state)
{
	struct world w;

	(void)state;
	world_open(&w, 0);
	query(&w, "formerr.example", DNS_A, 1, DNS_FOUND, 60);
	query(&w, "formerr.example", DNS_MX, 0, DNS_NO_DATA, 60);
	query(&w, "formerr.2.example", DNS_A, 1, DNS_FOUND, 60);
	world_close(&w);
}

static void
test_timeouts(void **state)
{
	struct world w;
	struct mono began = mono_now();
	uint64_t ms;

	(void)state;
	world_open(&w, SHORT_MS);
	query(&w, "silent.example", DNS_A, -EAGAIN, 0, 0);
	ms = mono_since_us(mono_now(), began) / 1000;
	assert_int_equal(w.server.udp_count, DNS_TRIES);
	assert_true(ms >= DNS_TRIES * SHORT_MS);
	query(&w, "once.example", DNS_A, 1, DNS_FOUND, 60);
	assert_int_equal(w.server.udp_count, 2 * DNS_TRIES);
	/* Replies to something else are as good as none. */
	query(&w, "wrongid.example", DNS_A, -EAGAIN, 0, 0);
	query(&w, "other.example", DNS_A, -EAGAIN, 0, 0);
	world_close(&w);
}

/* Nobody listens there: known at once. */
static void
test_no_server(void **state)
{
	struct world w;

	(void)state;
	world_open(&w, 0);
	dns_server_close(&w.server);
	turn(w.rt);
	query(&w, "ok.example", DNS_A, -EAGAIN, 0, 0);
	dns_server_open(
	    &w.server, w.rt, "127.0.0.1", w.server.addr.port, serve);
	query(&w, "ok.example", DNS_A, 1, DNS_FOUND, 60);
	world_close(&w);
}

static void
test_cache(void **state)
{
	struct world w;
	struct dns_counters counters;

	(void)state;
	world_open(&w, 0);
	query(&w, "ok.example", DNS_A, 1, DNS_FOUND, 60);
	query(&w, "OK.example.", DNS_A, 1, DNS_FOUND, 60);
	assert_int_equal(w.server.udp_count, 1);
	/* Another type is another question. */
	query(&w, "ok.example", DNS_MX, 0, DNS_NO_DATA, 60);
	assert_int_equal(w.server.udp_count, 2);
	pass_ms(w.rt, 59999);
	query(&w, "ok.example", DNS_A, 1, DNS_FOUND, 60);
	assert_int_equal(w.server.udp_count, 2);
	pass_ms(w.rt, 1);
	query(&w, "ok.example", DNS_A, 1, DNS_FOUND, 60);
	assert_int_equal(w.server.udp_count, 3);
	query(&w, "nx.example", DNS_A, 0, DNS_NO_NAME, 20);
	query(&w, "nx.example", DNS_A, 0, DNS_NO_NAME, 20);
	assert_int_equal(w.server.udp_count, 4);
	query(&w, "nottl.example", DNS_A, 1, DNS_FOUND, 0);
	query(&w, "nottl.example", DNS_A, 1, DNS_FOUND, 0);
	assert_int_equal(w.server.udp_count, 6);
	dns_count(w.dns, &counters);
	assert_int_equal(counters.questions, 9);
	assert_int_equal(counters.cached, 3);
	assert_int_equal(counters.sent, 6);
	assert_int_equal(counters.in_flight, 0);
	assert_true(counters.cache_bytes > 0);
	world_close(&w);
}

#define MANY 50

static void
test_merging(void **state)
{
	struct world w;
	static struct asker askers[MANY];
	struct asker other = { 0 };
	struct dns_counters counters;

	(void)state;
	world_open(&w, 0);
	w.server.is_holding = true;
	for (int i = 0; i < MANY; i++)
		asker_start(&w, &askers[i],
		    i % 2 ? "ok.example" : "Ok.Example.", DNS_A);
	asker_start(&w, &other, "ok.example", DNS_MX);
	while (w.server.udp_count < 2)
		(void)uv_run(rt_loop(w.rt), UV_RUN_ONCE);
	turn(w.rt);
	dns_count(w.dns, &counters);
	assert_int_equal(counters.in_flight, 2);
	assert_int_equal(counters.merged, MANY - 1);
	dns_server_release(&w.server);
	asker_wait(&other);
	for (int i = 0; i < MANY; i++)
		asker_wait(&askers[i]);
	assert_int_equal(w.server.udp_count, 2);
	for (int i = 0; i < MANY; i++) {
		assert_int_equal(askers[i].rc, 1);
		/* One object for all. */
		assert_ptr_equal(askers[i].answer, askers[0].answer);
	}
	for (int i = 0; i < MANY; i++)
		dns_answer_unref(&askers[i].answer);
	assert_int_equal(other.rc, 0);
	dns_answer_unref(&other.answer);
	world_close(&w);
}

/* One fiber's end does not disturb the others, nor the answer's arrival. */
static void
test_cancel(void **state)
{
	struct world w;
	struct asker cancelled = { 0 }, late = { .deadline_ms = 50 },
		     stays = { 0 };

	(void)state;
	world_open(&w, 0);
	w.server.is_holding = true;
	asker_start(&w, &cancelled, "ok.example", DNS_A);
	asker_start(&w, &late, "ok.example", DNS_A);
	asker_start(&w, &stays, "ok.example", DNS_A);
	fiber_cancel(cancelled.fiber);
	turn(w.rt);
	assert_true(cancelled.is_done);
	assert_int_equal(cancelled.rc, -ECANCELED);
	pass_ms(w.rt, 51);
	assert_true(late.is_done);
	assert_int_equal(late.rc, -ETIMEDOUT);
	assert_false(stays.is_done);
	while (w.server.held_count == 0)
		(void)uv_run(rt_loop(w.rt), UV_RUN_ONCE);
	dns_server_release(&w.server);
	asker_wait(&stays);
	assert_int_equal(stays.rc, 1);
	dns_answer_unref(&stays.answer);
	/* Nobody waits any more: it is kept all the same. */
	w.server.is_holding = true;
	asker_start(&w, &cancelled, "ok.2.example", DNS_A);
	fiber_cancel(cancelled.fiber);
	turn(w.rt);
	while (w.server.held_count == 0)
		(void)uv_run(rt_loop(w.rt), UV_RUN_ONCE);
	dns_server_release(&w.server);
	for (int i = 0; i < 3; i++)
		turn(w.rt);
	query(&w, "ok.2.example", DNS_A, 1, DNS_FOUND, 60);
	assert_int_equal(w.server.udp_count, 2);
	world_close(&w);
}

static void
test_too_many_in_flight(void **state)
{
	struct world w;
	struct asker askers[QUESTIONS_MAX] = { 0 };
	struct asker more = { 0 }, same = { 0 };
	struct dns_counters counters;

	(void)state;
	world_open(&w, 0);
	w.server.is_holding = true;
	for (int i = 0; i < QUESTIONS_MAX; i++) {
		char name[32];

		(void)snprintf(name, sizeof(name), "ok.%d.example", i);
		asker_start(&w, &askers[i], name, DNS_A);
	}
	asker_start(&w, &more, "ok.example", DNS_A);
	asker_wait(&more);
	assert_int_equal(more.rc, -EAGAIN);
	/* One in flight may be joined. */
	asker_start(&w, &same, "ok.0.example", DNS_A);
	turn(w.rt);
	dns_count(w.dns, &counters);
	assert_int_equal(counters.in_flight, QUESTIONS_MAX);
	assert_int_equal(counters.sent, QUESTIONS_MAX);
	while (w.server.udp_count < QUESTIONS_MAX)
		(void)uv_run(rt_loop(w.rt), UV_RUN_ONCE);
	dns_server_release(&w.server);
	asker_wait(&same);
	assert_int_equal(same.rc, 1);
	dns_answer_unref(&same.answer);
	for (int i = 0; i < QUESTIONS_MAX; i++) {
		asker_wait(&askers[i]);
		assert_int_equal(askers[i].rc, 1);
		dns_answer_unref(&askers[i].answer);
	}
	/* And there is room again. */
	query(&w, "ok.example", DNS_A, 1, DNS_FOUND, 60);
	world_close(&w);
}

static void
test_free_in_flight(void **state)
{
	struct world w;
	struct asker a = { 0 }, b = { 0 };

	(void)state;
	world_open(&w, 0);
	w.server.is_holding = true;
	asker_start(&w, &a, "ok.example", DNS_A);
	asker_start(&w, &b, "big.example", DNS_TXT);
	turn(w.rt);
	dns_free(&w.dns);
	asker_wait(&a);
	asker_wait(&b);
	assert_int_equal(a.rc, -ECANCELED);
	assert_int_equal(b.rc, -ECANCELED);
	world_close(&w);
}

static void
serve_other(const struct asked *asked, struct packet *reply)
{
	packet_begin(reply, asked->id, PACKET_QR | 3);
	packet_question(reply, asked->name, asked->type);
}

static void
write_file(const char *path, const char *text)
{
	char next[80];
	FILE *file;

	(void)snprintf(next, sizeof(next), "%s.new", path);
	file = fopen(next, "w");
	assert_non_null(file);
	assert_true(fputs(text, file) >= 0);
	assert_int_equal(fclose(file), 0);
	assert_int_equal(rename(next, path), 0);
}

/* Loopback addresses of this process alone. */
static void
own_addr(char text[32], unsigned last)
{
	unsigned pid = (unsigned)getpid();

	(void)snprintf(
	    text, 32, "127.%u.%u.%u", 1 + (pid >> 8) % 250, pid & 255, last);
}

static void
write_conf(const char *path, const char *addr, const char *more)
{
	char text[80];

	(void)snprintf(text, sizeof(text), "nameserver %s\n%s", addr, more);
	write_file(path, text);
}

/* c-ares 1.18 takes only port 53 from resolv.conf. */
static void
test_resolv_conf_changes(void **state)
{
	char path[] = "/tmp/hookline-resolv-XXXXXX", one[32], two[32];
	struct dns_options options = { .resolv_conf = path };
	static struct dns_server other;
	struct asker slow = { 0 };
	struct world w = { 0 };
	struct err err;

	(void)state;
	if (geteuid() != 0)
		return; /* skip() is "not ok" in TAP */
	own_addr(one, 1);
	own_addr(two, 2);
	assert_int_equal(close(mkstemp(path)), 0);
	write_conf(path, one, "");
	w.rt = test_rt(0);
	dns_server_open(&w.server, w.rt, one, 53, serve);
	dns_server_open(&other, w.rt, two, 53, serve_other);
	assert_int_equal(dns_new(w.rt, &options, &w.dns, &err), 0);
	query(&w, "ok.example", DNS_A, 1, DNS_FOUND, 60);
	w.server.is_holding = true;
	asker_start(&w, &slow, "ok.slow.example", DNS_A);
	write_conf(path, two, "");
	/* Looked at once a second. */
	pass_ms(w.rt, 1001);
	query(&w, "ok.new.example", DNS_A, 0, DNS_NO_NAME, 0);
	assert_int_equal(other.udp_count, 1);
	/* The one in flight ends with the server it began with. */
	while (w.server.held_count == 0)
		(void)uv_run(rt_loop(w.rt), UV_RUN_ONCE);
	dns_server_release(&w.server);
	asker_wait(&slow);
	assert_int_equal(slow.rc, 1);
	dns_answer_unref(&slow.answer);
	assert_int_equal(other.udp_count, 1);
	/* Freeing aborts what a retired channel still has. */
	w.server.is_holding = true;
	write_conf(path, one, "#\n");
	pass_ms(w.rt, 1001);
	asker_start(&w, &slow, "ok.slow2.example", DNS_A);
	write_conf(path, two, "#\n");
	pass_ms(w.rt, 1001);
	query(&w, "ok.new2.example", DNS_A, 0, DNS_NO_NAME, 0);
	dns_free(&w.dns);
	asker_wait(&slow);
	assert_int_equal(slow.rc, -ECANCELED);
	dns_server_close(&other);
	world_close(&w);
	assert_int_equal(unlink(path), 0);
}

struct host_case {
	const char *host;
	int rc;
	const char *addrs; /* joined by a space */
};

static const struct host_case hosts[] = {
	{ "both.example", 2, "2001:db8::1 127.0.0.2" },
	{ "ok.example", 1, "127.0.0.2" },
	{ "half.example", 1, "127.0.0.2" },
	{ "nx.example", 0, "" },
	{ "servfail.example", -EAGAIN, "" },
	{ "bad name", -EINVAL, "" },
	{ "localhost", 2, "127.0.0.1 ::1" },
	{ "a.LocalHost.", 2, "127.0.0.1 ::1" },
};

struct host_asker {
	struct world *w;
	const struct host_case *c;
	struct inet_addr addrs[8];
	int rc;
	bool is_done;
};

static void
ask_host(void *arg)
{
	struct host_asker *a = arg;

	a->rc =
	    dns_host_addresses(a->w->dns, slice_of(a->c->host), a->addrs, 8);
	a->is_done = true;
}

static void
test_hosts(void **state)
{
	struct world w;

	(void)state;
	world_open(&w, 0);
	for (size_t i = 0; i < ARRAY_SIZE(hosts); i++) {
		struct host_asker a = { .w = &w, .c = &hosts[i] };
		char text[8 * INET_TEXT_MAX] = "";

		assert_int_equal(fiber_start(w.rt, ask_host, &a), 0);
		while (!a.is_done)
			(void)uv_run(rt_loop(w.rt), UV_RUN_ONCE);
		for (int k = 0; k < a.rc; k++) {
			size_t n = strlen(text);

			if (k > 0)
				text[n++] = ' ';
			(void)inet_text(&a.addrs[k], text + n);
		}
		if (a.rc != hosts[i].rc || strcmp(text, hosts[i].addrs) != 0)
			fail_msg("%s: %d '%s'", hosts[i].host, a.rc, text);
	}
	world_close(&w);
}

/* More questions than a channel lives for. */
static void
test_many_questions(void **state)
{
	struct world w;
	char name[64];

	(void)state;
	world_open(&w, 0);
	for (unsigned i = 0; i < 2100; i++) {
		(void)snprintf(name, sizeof(name), "ok.%u.example", i);
		query(&w, name, DNS_A, 1, DNS_FOUND, 60);
	}
	assert_int_equal(w.server.udp_count, 2100);
	world_close(&w);
}

static void
test_new_fails(void **state)
{
	struct inet_addr servers[DNS_SERVERS_MAX + 1] = { 0 };
	struct dns_options options = {
		.servers = servers,
		.server_count = DNS_SERVERS_MAX + 1,
	};
	struct rt *rt = test_rt(0);
	struct dns *dns = NULL;
	struct err err = { 0 };

	(void)state;
	assert_int_equal(dns_new(rt, &options, &dns, &err), -EINVAL);
	assert_true(err.text[0] != '\0');
	assert_null(dns);
	test_rt_done(&rt);
}

static const struct {
	const char *text, *addr; /* addr NULL: -EINVAL */
	unsigned port;
} servers[] = {
	{ "192.0.2.1", "192.0.2.1", 0 },
	{ "192.0.2.1:5353", "192.0.2.1", 5353 },
	{ "2001:db8::1", "2001:db8::1", 0 },
	{ "[2001:db8::1]", "2001:db8::1", 0 },
	{ "[2001:db8::1]:53", "2001:db8::1", 53 },
	{ "192.0.2.1:", NULL, 0 },
	{ "192.0.2.1:0", NULL, 0 },
	{ "192.0.2.1:65536", NULL, 0 },
	{ "[2001:db8::1", NULL, 0 },
	{ "[2001:db8::1]53", NULL, 0 },
	{ "resolver.example", NULL, 0 },
	{ "", NULL, 0 },
};

static void
test_server_parse(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(servers); i++) {
		struct inet_addr addr;
		char text[INET_TEXT_MAX];
		int rc = dns_server_parse(slice_of(servers[i].text), &addr);

		if (rc != (servers[i].addr != NULL ? 0 : -EINVAL))
			fail_msg("'%s': %d", servers[i].text, rc);
		if (rc < 0)
			continue;
		(void)inet_text(&addr, text);
		assert_string_equal(text, servers[i].addr);
		assert_int_equal(addr.port, servers[i].port);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_answers),
		cmocka_unit_test(test_failures),
		cmocka_unit_test(test_alias_by_alias),
		cmocka_unit_test(test_no_edns),
		cmocka_unit_test(test_timeouts),
		cmocka_unit_test(test_no_server),
		cmocka_unit_test(test_cache),
		cmocka_unit_test(test_merging),
		cmocka_unit_test(test_cancel),
		cmocka_unit_test(test_too_many_in_flight),
		cmocka_unit_test(test_free_in_flight),
		cmocka_unit_test(test_resolv_conf_changes),
		cmocka_unit_test(test_hosts),
		cmocka_unit_test(test_many_questions),
		cmocka_unit_test(test_new_fails),
		cmocka_unit_test(test_server_parse),
	};

	return cmocka_run_group_tests_name("dns", tests, NULL, NULL);
}
