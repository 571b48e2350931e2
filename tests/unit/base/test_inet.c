/* SPDX-License-Identifier: MIT */
/* test_inet.c - addresses and networks as text and as values. */
#include "unit.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include "base/inet.h"

static struct inet_addr
addr_of(const char *text)
{
	struct inet_addr addr;

	if (inet_parse(slice_of(text), &addr) != 0)
		fail_msg("'%s' does not parse", text);
	return addr;
}

/* NULL: refused. */
static const struct {
	const char *in, *want;
} address_cases[] = {
	{ "192.0.2.1", "192.0.2.1" },
	{ "0.0.0.0", "0.0.0.0" },
	{ "255.255.255.255", "255.255.255.255" },
	{ "1.20.109.9", "1.20.109.9" },
	{ "::", "::" },
	{ "::1", "::1" },
	{ "1::", "1::" },
	{ "2001:db8::1", "2001:db8::1" },
	{ "2001:0DB8:0000:0000:0000:0000:0000:0001", "2001:db8::1" },
	/* RFC 5952 4.2.2: one group alone is not shortened. */
	{ "2001:db8:0:1:1:1:1:1", "2001:db8:0:1:1:1:1:1" },
	/* RFC 5952 4.2.3: the longest run, the first of equals. */
	{ "2001:0:0:1:0:0:0:1", "2001:0:0:1::1" },
	{ "2001:db8:0:0:1:0:0:1", "2001:db8::1:0:0:1" },
	{ "1:2:3:4:5:6:7:8", "1:2:3:4:5:6:7:8" },
	{ "0:0:3:4:5:6:7:8", "::3:4:5:6:7:8" },
	{ "1:2:3:4:5:6:0:0", "1:2:3:4:5:6::" },
	{ "fe80::a0b0:c0d0:0e0f:1", "fe80::a0b0:c0d0:e0f:1" },
	{ "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff",
	    "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff" },
	{ "::ffff:192.0.2.1", "192.0.2.1" },
	{ "::ffff:c000:201", "192.0.2.1" },
	{ "::192.0.2.1", "::c000:201" },
	{ "64:ff9b::192.0.2.33", "64:ff9b::c000:221" },
	{ "", NULL },
	{ "192.0.2", NULL },
	{ "192.0.2.", NULL },
	{ "192.0.2.1.", NULL },
	{ "192.0.2.256", NULL },
	{ "192.0.2.01", NULL },
	{ "192.0.2.0x1", NULL },
	{ "3221225985", NULL },
	{ " 192.0.2.1", NULL },
	{ "192.0.2.1 ", NULL },
	{ "[192.0.2.1]", NULL },
	{ "192.0.2.1:25", NULL },
	{ ":", NULL },
	{ ":::", NULL },
	{ "1::2::3", NULL },
	{ "1:2:3:4:5:6:7", NULL },
	{ "1:2:3:4:5:6:7:8:9", NULL },
	{ "12345::", NULL },
	{ "g::", NULL },
	{ "fe80::1%eth0", NULL },
	{ "[::1]", NULL },
	{ "::ffff:192.0.2.256", NULL },
	{ "0000:0000:0000:0000:0000:0000:0000:00000000000000", NULL },
};

static void
test_addresses(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(address_cases); i++) {
		const char *in = address_cases[i].in;
		const char *want = address_cases[i].want;
		char text[INET_TEXT_MAX];
		struct inet_addr addr;
		int res = inet_parse(slice_of(in), &addr);

		UNIT_CASE(in, res == (want != NULL ? 0 : -EINVAL));
		if (want == NULL)
			continue;
		UNIT_CASE(in, inet_text(&addr, text) == strlen(want));
		UNIT_CASE(in, strcmp(text, want) == 0);
		UNIT_CASE(in, addr.port == 0);
	}
}

static void
test_clients(void **state)
{
	static const struct {
		const char *in, *want;
	} cases[] = {
		{ "192.0.2.1", "192.0.2.1" },
		{ "2001:db8::1", "2001:db8::/64" },
		{ "2001:db8::ffff:ffff:ffff:ffff", "2001:db8::/64" },
		{ "2001:db8:0:1::1", "2001:db8:0:1::/64" },
		{ "2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64" },
		{ "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff",
		    "ffff:ffff:ffff:ffff::/64" },
		{ "::ffff:192.0.2.1", "192.0.2.1" },
		{ "::1", "::1" },
		{ "::2", "::/64" },
		/* IPv4 behind a translator, but not its neighbours. */
		{ "64:ff9b::192.0.2.1", "64:ff9b::c000:201" },
		{ "64:ff9b::1:c000:201", "64:ff9b::/64" },
		{ "64:ff9b:1::192.0.2.1", "64:ff9b:1::/64" },
	};
	struct inet_addr none = { .family = INET_NONE };
	char text[INET_TEXT_MAX];

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct inet_addr addr = addr_of(cases[i].in);
		size_t n = inet_client_text(&addr, text);

		assert_string_equal(text, cases[i].want);
		assert_int_equal(n, strlen(text));
	}
	assert_int_equal(inet_client_text(&none, text), 0);
	assert_string_equal(text, "");
}

static void
test_nul_and_borders_of_the_slice(void **state)
{
	struct inet_addr addr;

	(void)state;
	assert_int_equal(
	    inet_parse((struct slice){ "1.2.3.4\0x", 9 }, &addr), -EINVAL);
	assert_int_equal(inet_parse(SLICE_NONE, &addr), -EINVAL);
	assert_int_equal(inet_parse((struct slice){ "1.2.3.45", 7 }, &addr), 0);
	assert_int_equal(addr.bytes[3], 4);
}

static void
test_other_families_as_text(void **state)
{
	struct inet_addr addr = { .family = INET_UNIX };
	char text[INET_TEXT_MAX];

	(void)state;
	assert_int_equal(inet_text(&addr, text), 4);
	assert_string_equal(text, "unix");
	addr.family = INET_NONE;
	assert_int_equal(inet_text(&addr, text), 0);
	assert_string_equal(text, "");
}

static const struct {
	const char *in, *addr;
	unsigned bits;
} net_cases[] = {
	{ "192.0.2.1", "192.0.2.1", 32 },
	{ "192.0.2.1/24", "192.0.2.0", 24 },
	{ "192.0.2.255/25", "192.0.2.128", 25 },
	{ "192.0.2.1/0", "0.0.0.0", 0 },
	{ "192.0.2.1/32", "192.0.2.1", 32 },
	{ "192.168.", "192.168.0.0", 16 },
	{ "10.", "10.0.0.0", 8 },
	{ "192.0.2.", "192.0.2.0", 24 },
	{ "2001:db8::1", "2001:db8::1", 128 },
	{ "2001:db8::", "2001:db8::", 128 },
	{ "2001:db8:ffff::/33", "2001:db8:8000::", 33 },
	{ "2001:db8::1/127", "2001:db8::", 127 },
	{ "::/0", "::", 0 },
	{ "2001:db8:", "2001:db8::", 32 },
	{ "2001:0DB8:", "2001:db8::", 32 },
	{ "fe80:", "fe80::", 16 },
	{ "2001:db8:a", "2001:db8:a000::", 36 },
	{ "2001:db8:0a", "2001:db8:a00::", 40 },
	{ "2001:0db", "2001:db0::", 28 },
	{ "1:2:3:4:5:6:7:", "1:2:3:4:5:6:7:0", 112 },
	{ "::ffff:192.0.2.1/120", "192.0.2.0", 24 },
	{ "::ffff:192.0.2.1", "192.0.2.1", 32 },
	{ "", NULL, 0 },
	{ ".", NULL, 0 },
	{ ":", NULL, 0 },
	{ "192", NULL, 0 },
	{ "192.168", NULL, 0 },
	{ "192..", NULL, 0 },
	{ ".192.", NULL, 0 },
	{ "1.2.3.4.", NULL, 0 },
	{ "256.", NULL, 0 },
	{ "0192.", NULL, 0 },
	{ "a.", NULL, 0 },
	{ "192.0.2.1/33", NULL, 0 },
	{ "192.0.2.1/", NULL, 0 },
	{ "192.0.2.1/-1", NULL, 0 },
	{ "192.0.2.1/24/8", NULL, 0 },
	{ "192.0.2./24", NULL, 0 },
	{ "/24", NULL, 0 },
	{ "2001:db8::/129", NULL, 0 },
	{ "::ffff:192.0.2.1/95", NULL, 0 },
	{ "fe80", NULL, 0 },
	{ "1:2:3:4:5:6:7:8:", NULL, 0 },
	{ "1:2:3:4:5:6:7:8:9", NULL, 0 },
	{ "12345:", NULL, 0 },
	{ "2001::db8:", NULL, 0 },
	{ "2001:g:", NULL, 0 },
	{ "localhost", NULL, 0 },
};

static void
test_networks(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(net_cases); i++) {
		const char *in = net_cases[i].in;
		struct inet_net net;
		struct inet_addr want;
		int res = inet_net_parse(slice_of(in), &net);

		UNIT_CASE(in, res == (net_cases[i].addr ? 0 : -EINVAL));
		if (res != 0)
			continue;
		want = addr_of(net_cases[i].addr);
		UNIT_CASE(in, inet_eq(&net.addr, &want));
		UNIT_CASE(in, net.bits == net_cases[i].bits);
	}
}

static void
test_net_has(void **state)
{
	static const struct {
		const char *net, *addr;
		bool has;
	} cases[] = {
		{ "192.168.", "192.168.255.1", true },
		{ "192.168.", "192.169.0.1", false },
		{ "192.0.2.0/25", "192.0.2.127", true },
		{ "192.0.2.0/25", "192.0.2.128", false },
		{ "192.0.2.1", "192.0.2.1", true },
		{ "192.0.2.1", "192.0.2.2", false },
		{ "0.0.0.0/0", "203.0.113.9", true },
		{ "0.0.0.0/0", "::1", false },
		{ "::/0", "2001:db8::1", true },
		{ "::/0", "192.0.2.1", false },
		{ "192.0.2.", "::ffff:192.0.2.9", true },
		{ "2001:db8:a", "2001:db8:afff::1", true },
		{ "2001:db8:a", "2001:db8:b000::1", false },
		{ "2001:db8::/33", "2001:db8:7fff::", true },
		{ "2001:db8::/33", "2001:db8:8000::", false },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct inet_addr addr = addr_of(cases[i].addr);
		struct inet_net net;

		assert_int_equal(
		    inet_net_parse(slice_of(cases[i].net), &net), 0);
		addr.port = 4711;
		if (inet_net_has(&net, &addr) != cases[i].has)
			fail_msg("%s in %s", cases[i].addr, cases[i].net);
	}
}

static void
test_sockets_belong_to_no_net(void **state)
{
	struct inet_net net = { .addr.family = INET_UNIX };
	struct inet_addr addr = { .family = INET_UNIX };

	(void)state;
	assert_false(inet_net_has(&net, &addr));
	assert_false(inet_is_loopback(&addr));
}

static void
test_loopback_and_equality(void **state)
{
	struct inet_addr a = addr_of("127.0.0.1"), b = addr_of("127.255.0.1");
	struct inet_addr c = addr_of("::1"), d = addr_of("::2");
	struct inet_addr e = addr_of("128.0.0.1"), f = a;

	(void)state;
	assert_true(inet_is_loopback(&a));
	assert_true(inet_is_loopback(&b));
	assert_true(inet_is_loopback(&c));
	assert_false(inet_is_loopback(&d));
	assert_false(inet_is_loopback(&e));
	f.port = 25;
	assert_true(inet_eq(&a, &f));
	assert_false(inet_eq(&a, &b));
	assert_false(inet_eq(&c, &a));
}

static void
test_sockaddr_round_trip(void **state)
{
	static const char *const texts[] = { "192.0.2.1", "2001:db8::1" };
	struct sockaddr_storage sa;
	struct inet_addr addr, back;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		size_t n;

		addr = addr_of(texts[i]);
		addr.port = 0x1234;
		n = inet_to_sockaddr(&addr, &sa);
		assert_int_equal(n, i == 0 ? sizeof(struct sockaddr_in)
					   : sizeof(struct sockaddr_in6));
		assert_int_equal(sa.ss_family, i == 0 ? AF_INET : AF_INET6);
		assert_int_equal(inet_from_sockaddr(&sa, &back), 0);
		assert_true(inet_eq(&addr, &back));
		assert_int_equal(back.port, 0x1234);
	}
}

static void
test_sockaddr_of_others(void **state)
{
	struct sockaddr_in6 in6 = { .sin6_family = AF_INET6,
		.sin6_port = htons(25) };
	struct sockaddr_storage sa = { .ss_family = AF_UNIX };
	struct inet_addr addr;
	char text[INET_TEXT_MAX];

	(void)state;
	assert_int_equal(inet_from_sockaddr(&sa, &addr), 0);
	assert_int_equal(addr.family, INET_UNIX);
	assert_int_equal(inet_to_sockaddr(&addr, &sa), sizeof(sa.ss_family));
	assert_int_equal(sa.ss_family, AF_UNIX);
	sa.ss_family = AF_NETLINK;
	assert_int_equal(inet_from_sockaddr(&sa, &addr), -EAFNOSUPPORT);
	addr = (struct inet_addr){ .family = INET_NONE };
	assert_int_equal(inet_to_sockaddr(&addr, &sa), 0);
	assert_int_equal(
	    inet_pton(AF_INET6, "::ffff:192.0.2.1", &in6.sin6_addr), 1);
	assert_int_equal(inet_from_sockaddr(&in6, &addr), 0);
	assert_int_equal(addr.family, INET_V4);
	assert_int_equal(addr.port, 25);
	(void)inet_text(&addr, text);
	assert_string_equal(text, "192.0.2.1");
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_addresses),
		cmocka_unit_test(test_clients),
		cmocka_unit_test(test_nul_and_borders_of_the_slice),
		cmocka_unit_test(test_other_families_as_text),
		cmocka_unit_test(test_networks),
		cmocka_unit_test(test_net_has),
		cmocka_unit_test(test_sockets_belong_to_no_net),
		cmocka_unit_test(test_loopback_and_equality),
		cmocka_unit_test(test_sockaddr_round_trip),
		cmocka_unit_test(test_sockaddr_of_others),
	};

	return cmocka_run_group_tests_name("base/inet", tests, NULL, NULL);
}
