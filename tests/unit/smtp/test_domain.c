/* SPDX-License-Identifier: MIT */
/* test_domain.c - domain names and address literals. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "smtp/domain.h"

#define A63 "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define U8 SMTP_DOMAIN_UTF8
#define US SMTP_DOMAIN_UNDERSCORE

static const struct {
	const char *text;
	unsigned flags;
	bool is_valid;
} domains[] = {
	{ "example.com", 0, true },
	{ "localhost", 0, true },
	{ "A.B-C.D9", 0, true },
	{ "3com.com", 0, true },
	{ "1.2.3.4", 0, true },
	{ "a--b.c", 0, true },
	{ A63 ".x", 0, true },
	{ A63 "a.x", 0, false },
	{ A63 "." A63 "." A63 "." A63, 0, true }, /* 255 */
	{ A63 "." A63 "." A63 "." A63 ".a", 0, false },
	{ "", 0, false },
	{ ".", 0, false },
	{ "a.", 0, false },
	{ ".a", 0, false },
	{ "a..b", 0, false },
	{ "-a", 0, false },
	{ "a-", 0, false },
	{ "a.b-.c", 0, false },
	{ "a b", 0, false },
	{ "a_b", 0, false },
	{ "a_b._c", US, true },
	{ "[1.2.3.4]", 0, false },
	{ "b\xc3\xbc"
	  "cher.example",
	    0, false },
	{ "b\xc3\xbc"
	  "cher.example",
	    U8, true },
	{ "b\xc3.example", U8, false },
	{ "\xc0\x80", U8, false },
	{ "\xed\xa0\x80", U8, false },
	{ "\xf4\x90\x80\x80", U8, false },
	{ "\xf0\x9f\x98\x80", U8, true },
	{ "\xf0\x8f\x98\x80", U8, false },
	{ "\xe0\xa0\x80", U8, true },
	{ "\xe0\x80\x80", U8, false },
	{ "-\xc3\xbc", U8, false },
	{ "\xc3\xbc-", U8, false },
};

static void
test_domains(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(domains); i++) {
		print_message("# case %zu\n", i);
		assert_int_equal(smtp_domain_is_valid(slice_of(domains[i].text),
				     domains[i].flags),
		    domains[i].is_valid);
		assert_int_equal(smtp_hello_is_valid(slice_of(domains[i].text),
				     domains[i].flags),
		    domains[i].is_valid ||
			strcmp(domains[i].text, "[1.2.3.4]") == 0);
	}
}

static const struct {
	const char *in;
	const char *text; /* of the address, NULL: refused */
	enum smtp_literal_kind kind;
} literals[] = {
	{ "[192.0.2.1]", "192.0.2.1", SMTP_LITERAL_IPV4 },
	{ "[0.0.0.0]", "0.0.0.0", SMTP_LITERAL_IPV4 },
	/* Snum = 1*3DIGIT */
	{ "[001.002.003.255]", "1.2.3.255", SMTP_LITERAL_IPV4 },
	{ "[IPv6:2001:db8::1]", "2001:db8::1", SMTP_LITERAL_IPV6 },
	{ "[ipv6:2001:DB8::1]", "2001:db8::1", SMTP_LITERAL_IPV6 },
	{ "[IPv6:::]", "::", SMTP_LITERAL_IPV6 },
	{ "[IPv6:::1]", "::1", SMTP_LITERAL_IPV6 },
	{ "[IPv6:1::]", "1::", SMTP_LITERAL_IPV6 },
	{ "[IPv6:1:2:3:4:5:6:7:8]", "1:2:3:4:5:6:7:8", SMTP_LITERAL_IPV6 },
	{ "[IPv6:1:2:3:4:5:6:7::]", "1:2:3:4:5:6:7:0", SMTP_LITERAL_IPV6 },
	{ "[IPv6:::2:3:4:5:6:7:8]", "0:2:3:4:5:6:7:8", SMTP_LITERAL_IPV6 },
	{ "[IPv6:1:2:3:4:5:6:192.0.2.1]", "1:2:3:4:5:6:c000:201",
	    SMTP_LITERAL_IPV6 },
	{ "[IPv6:64:ff9b::192.0.2.1]", "64:ff9b::c000:201", SMTP_LITERAL_IPV6 },
	/* mapped addresses are held as IPv4 (inet.h) */
	{ "[IPv6:::ffff:192.0.2.1]", "192.0.2.1", SMTP_LITERAL_IPV6 },
	{ "192.0.2.1", NULL, 0 },
	{ "[192.0.2.1", NULL, 0 },
	{ "[]", NULL, 0 },
	{ "[", NULL, 0 },
	{ "", NULL, 0 },
	{ "[192.0.2]", NULL, 0 },
	{ "[192.0.2.]", NULL, 0 },
	{ "[192.0.2.1.5]", NULL, 0 },
	{ "[192.0.2.1.]", NULL, 0 },
	{ "[192.0..1]", NULL, 0 },
	{ "[192.0.2.256]", NULL, 0 },
	{ "[192.0.2.0001]", NULL, 0 },
	{ "[192.0.2.+1]", NULL, 0 },
	{ "[ 192.0.2.1]", NULL, 0 },
	{ "[::1]", NULL, 0 },
	{ "[IPv6:]", NULL, 0 },
	{ "[IPv6::]", NULL, 0 },
	{ "[IPv6::1]", NULL, 0 },
	{ "[IPv6:1:]", NULL, 0 },
	{ "[IPv6:1:::2]", NULL, 0 },
	{ "[IPv6::::]", NULL, 0 },
	{ "[IPv6:1::2::3]", NULL, 0 },
	{ "[IPv6:1:2:3:4:5:6:7]", NULL, 0 },
	{ "[IPv6:1:2:3:4:5:6:7:8:9]", NULL, 0 },
	{ "[IPv6:1:2:3:4:5:6:7:8::]", NULL, 0 },
	{ "[IPv6:::1:2:3:4:5:6:7:8]", NULL, 0 },
	{ "[IPv6:1:2:3:4:5:6:7:192.0.2.1]", NULL, 0 },
	{ "[IPv6:192.0.2.1::]", NULL, 0 },
	{ "[IPv6:12345::]", NULL, 0 },
	{ "[IPv6:g::]", NULL, 0 },
	{ "[IPv6:fe80::1%eth0]", NULL, 0 },
	{ "[IPv7:2001:db8::1]", NULL, 0 },
	{ "[X-Tag:anything]", NULL, 0 },
};

static void
test_literals(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(literals); i++) {
		struct smtp_literal literal = { .kind = 99 };
		struct err err = { 0 };
		char text[INET_TEXT_MAX];
		int rc = smtp_literal_parse(
		    slice_of(literals[i].in), &literal, &err);

		print_message("# %s\n", literals[i].in);
		assert_int_equal(rc, literals[i].text != NULL ? 0 : -EINVAL);
		assert_int_equal(err.text[0] != '\0', rc < 0);
		if (rc < 0)
			continue;
		inet_text(&literal.addr, text);
		assert_string_equal(text, literals[i].text);
		assert_int_equal(literal.kind, literals[i].kind);
		assert_int_equal(literal.addr.port, 0);
		assert_true(smtp_hello_is_valid(slice_of(literals[i].in), 0));
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_domains),
		cmocka_unit_test(test_literals),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
