/* SPDX-License-Identifier: MIT */
/* test_dns_name.c - names as questions. */
#include "../unit.h"

#include <errno.h>

#include "dns/dns_name.h"

#define L63 "aaaaaaaaaabbbbbbbbbbccccccccccddddddddddeeeeeeeeeeffffffffff123"
#define L61 "aaaaaaaaaabbbbbbbbbbccccccccccddddddddddeeeeeeeeeeffffffffff1"

static const struct {
	const char *text, *want; /* want NULL: -EINVAL */
	unsigned wire_n;
} names[] = {
	{ "example.com", "example.com", 13 },
	{ "Example.COM.", "example.com", 13 },
	{ ".", ".", 1 },
	{ "a", "a", 3 },
	{ "_25._tcp.mx.example", "_25._tcp.mx.example", 21 },
	{ "1.0/25.2.0.192.in-addr.arpa", "1.0/25.2.0.192.in-addr.arpa", 29 },
	{ "a\\.b.example", "a\\.b.example", 13 },
	{ "a\\032b.example", "a\\032b.example", 13 },
	{ "user@host.example", "user\\@host.example", 19 },
	{ L63 ".example", L63 ".example", 73 },
	{ L63 "." L63 "." L63 "." L61, L63 "." L63 "." L63 "." L61, 255 },
	{ "", NULL, 0 },
	{ "..", NULL, 0 },
	{ ".a", NULL, 0 },
	{ "a..b", NULL, 0 },
	{ "a b", NULL, 0 },
	{ "a\tb", NULL, 0 },
	{ "a\177b", NULL, 0 },
	{ "b\303\274cher.example", NULL, 0 },
	{ L63 "4.example", NULL, 0 },
	{ L63 "." L63 "." L63 "." L61 "2", NULL, 0 },
	{ "a\\", NULL, 0 },
	{ "a\\999.b", NULL, 0 },
};

static void
test_parse(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		struct dns_name name;
		int rc = dns_name_parse(slice_of(names[i].text), &name);

		UNIT_CASE(
		    names[i].text, rc == (names[i].want != NULL ? 0 : -EINVAL));
		if (rc < 0)
			continue;
		UNIT_CASE(names[i].text, strcmp(name.text, names[i].want) == 0);
		UNIT_CASE(names[i].text, name.wire_n == names[i].wire_n);
		UNIT_CASE(names[i].text, dns_name_is(&name, name.text));
	}
}

static void
test_nul(void **state)
{
	struct dns_name name;

	(void)state;
	assert_int_equal(dns_name_parse(SLICE_LIT("a\0b"), &name), -EINVAL);
}

static void
test_is(void **state)
{
	struct dns_name name;

	(void)state;
	assert_int_equal(dns_name_parse(SLICE_LIT("a.example"), &name), 0);
	assert_true(dns_name_is(&name, "A.Example"));
	assert_false(dns_name_is(&name, "a.example2"));
	assert_false(dns_name_is(&name, ""));
	assert_int_equal(dns_name_parse(SLICE_LIT("."), &name), 0);
	assert_true(dns_name_is(&name, ""));
	assert_true(dns_name_is(&name, "."));
}

static const struct {
	const char *addr, *name, *labels;
} reverses[] = {
	{ "192.0.2.1", "1.2.0.192.in-addr.arpa", "1.2.0.192" },
	{ "255.254.253.252", "252.253.254.255.in-addr.arpa",
	    "252.253.254.255" },
	{ "2001:db8::567:89ab",
	    "b.a.9.8.7.6.5.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2"
	    ".ip6.arpa",
	    "b.a.9.8.7.6.5.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2" },
};

static void
test_reverse(void **state)
{
	const struct inet_addr none = { .family = INET_UNIX };
	char buf[DNS_REVERSE_MAX];

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(reverses); i++) {
		struct inet_addr addr;
		size_t n;

		assert_int_equal(
		    inet_parse(slice_of(reverses[i].addr), &addr), 0);
		n = dns_reverse_name(&addr, buf);
		assert_string_equal(buf, reverses[i].name);
		assert_int_equal(n, strlen(buf));
		n = dns_reverse_labels(&addr, buf);
		assert_string_equal(buf, reverses[i].labels);
		assert_int_equal(n, strlen(buf));
	}
	assert_int_equal(dns_reverse_name(&none, buf), 0);
	assert_string_equal(buf, "");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_parse),
		cmocka_unit_test(test_nul),
		cmocka_unit_test(test_is),
		cmocka_unit_test(test_reverse),
	};

	return cmocka_run_group_tests_name("dns-name", tests, NULL, NULL);
}
