/* SPDX-License-Identifier: MIT */
/* test_path.c - paths and addresses. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "smtp/path.h"

#define A10 "aaaaaaaaaa"
#define A60 A10 A10 A10 A10 A10 A10
#define A64 A60 "aaaa"
/* 63 octets and a dot */
#define LABEL A60 "aaa."
/* 190 octets: with "a@" and "<>" 194 */
#define DOMAIN_190 LABEL LABEL A60 "aa"
#define N SMTP_PATH_NULL
#define PM SMTP_PATH_POSTMASTER
#define U8 SMTP_PATH_UTF8
#define US SMTP_PATH_UNDERSCORE

static const struct {
	const char *in;
	unsigned flags;
	int rc;
	const char *text; /* or the reply text */
	const char *local, *host;
	const char *rest;
} paths[] = {
	{ "<a@b.example>", 0, 0, "a@b.example", "a", "b.example", "" },
	{ "<a@b> SIZE=1", 0, 0, "a@b", "a", "b", " SIZE=1" },
	{ "<a@b>SIZE=1", 0, 0, "a@b", "a", "b", "SIZE=1" },
	{ "<A.b+c@B.Example>", 0, 0, "A.b+c@B.Example", "A.b+c", "B.Example",
	    "" },
	/* RFC 5321 4.1.2: "all quoted forms MUST be treated as equivalent" */
	{ "<\"abc\"@b>", 0, 0, "abc@b", "abc", "b", "" },
	{ "<\"a\\b\\c\"@b>", 0, 0, "abc@b", "abc", "b", "" },
	{ "<\"a b\"@b>", 0, 0, "\"a b\"@b", "a b", "b", "" },
	{ "<\"a..b\"@b>", 0, 0, "\"a..b\"@b", "a..b", "b", "" },
	{ "<\"a\\\"\\\\b\"@b>", 0, 0, "\"a\\\"\\\\b\"@b", "a\"\\b", "b", "" },
	{ "<\"a>b\"@b>", 0, 0, "\"a>b\"@b", "a>b", "b", "" },
	{ "<\"\"@b>", 0, 0, "\"\"@b", "", "b", "" },
	{ "<\"a@b\"@c>", 0, 0, "\"a@b\"@c", "a@b", "c", "" },
	/* A-d-l: "MUST BE accepted ... SHOULD be ignored" (4.1.2) */
	{ "<@x.example,@y.example:a@b>", 0, 0, "a@b", "a", "b", "" },
	{ "<@x:a@b>", 0, 0, "a@b", "a", "b", "" },
	{ "<@x,a@b>", 0, -EINVAL, "bad source route", "", "", "" },
	{ "<@x:>", 0, -EINVAL, "local part is missing", "", "", "" },
	{ "<@x,:a@b>", 0, -EINVAL, "bad source route", "", "", "" },
	{ "<@-x:a@b>", 0, -EINVAL, "bad domain name", "", "", "" },
	{ "<@x", 0, -EINVAL, "local part is missing", "", "", "" },
	{ "<@x,", 0, -EINVAL, "bad source route", "", "", "" },
	/* the null path */
	{ "<>", N, 0, "", "", "", "" },
	{ "<> BODY=7BIT", N, 0, "", "", "", " BODY=7BIT" },
	{ "<>", 0, -EINVAL, "local part is missing", "", "", "" },
	/* RFC 5321 4.1.1.3: RCPT TO:<Postmaster>, any case */
	{ "<Postmaster>", PM, 0, "Postmaster", "Postmaster", "", "" },
	{ "<pOSTMASTER> X", PM, 0, "pOSTMASTER", "pOSTMASTER", "", " X" },
	{ "<postmaster@b>", PM, 0, "postmaster@b", "postmaster", "b", "" },
	{ "<Postmaster>", N, -EINVAL,
	    "unexpected character or end in local part", "", "", "" },
	{ "<Postmasters>", PM, -EINVAL,
	    "unexpected character or end in local part", "", "", "" },
	/* literals, RFC 5321 4.1.3 */
	{ "<a@[192.0.2.1]>", 0, 0, "a@[192.0.2.1]", "a", "[192.0.2.1]", "" },
	{ "<a@[IPv6:2001:db8::1]>", 0, 0, "a@[IPv6:2001:db8::1]", "a",
	    "[IPv6:2001:db8::1]", "" },
	{ "<a@[192.0.2.256]>", 0, -EINVAL, "bad address literal", "", "", "" },
	{ "<a@[X400:abc]>", 0, -EINVAL, "bad address literal", "", "", "" },
	{ "<a@[192.0.2.1>", 0, -EINVAL, "address literal without ]", "", "",
	    "" },
	{ "<a@[192.0.2.1]x>", 0, -EINVAL, "address does not end with >", "", "",
	    "" },
	/* brackets */
	{ "a@b", 0, -EINVAL, "address does not begin with <", "", "", "" },
	{ "", N, -EINVAL, "address does not begin with <", "", "", "" },
	{ " <a@b>", 0, -EINVAL, "address does not begin with <", "", "", "" },
	{ "<a@b", 0, -EINVAL, "address does not end with >", "", "", "" },
	{ "<a@b >", 0, -EINVAL, "address does not end with >", "", "", "" },
	{ "<", N, -EINVAL, "local part is missing", "", "", "" },
	{ "<a", 0, -EINVAL, "unexpected character or end in local part", "", "",
	    "" },
	{ "<a@", 0, -EINVAL, "domain is missing", "", "", "" },
	{ "<a@>", 0, -EINVAL, "domain is missing", "", "", "" },
	{ "<@b>", 0, -EINVAL, "local part is missing", "", "", "" },
	{ "< a@b>", 0, -EINVAL, "local part is missing", "", "", "" },
	{ "<<a@b>>", 0, -EINVAL, "local part is missing", "", "", "" },
	/* dots */
	{ "<.a@b>", 0, -EINVAL, "local part is missing", "", "", "" },
	{ "<a.@b>", 0, -EINVAL, "bad dot in local part", "", "", "" },
	{ "<a..b@c>", 0, -EINVAL, "bad dot in local part", "", "", "" },
	{ "<a@b.>", 0, -EINVAL, "bad domain name", "", "", "" },
	{ "<a@.b>", 0, -EINVAL, "bad domain name", "", "", "" },
	/* quoting */
	{ "<\"a@b>", 0, -EINVAL, "bad quoted string in local part", "", "",
	    "" },
	{ "<\"a\\", 0, -EINVAL, "bad quoted string in local part", "", "", "" },
	{ "<\"a\tb\"@c>", 0, -EINVAL, "bad quoted string in local part", "", "",
	    "" },
	{ "<\"a\\\tb\"@c>", 0, -EINVAL, "bad quoted string in local part", "",
	    "", "" },
	{ "<\"a\".b@c>", 0, -EINVAL,
	    "unexpected character or end in local part", "", "", "" },
	{ "<a\\@b@c>", 0, -EINVAL, "unexpected character or end in local part",
	    "", "", "" },
	{ "<a(x)@b>", 0, -EINVAL, "unexpected character or end in local part",
	    "", "", "" },
	/* RFC 6531 */
	{ "<\xc3\xa4@b>", 0, -EINVAL, "local part is missing", "", "", "" },
	{ "<\xc3\xa4@b>", U8, 0, "\xc3\xa4@b", "\xc3\xa4", "b", "" },
	{ "<a@b\xc3\xa4>", U8, 0, "a@b\xc3\xa4", "a", "b\xc3\xa4", "" },
	{ "<a@b\xc3\xa4>", 0, -EINVAL, "bad domain name", "", "", "" },
	{ "<\"\xc3\xa4 b\"@b>", U8, 0, "\"\xc3\xa4 b\"@b", "\xc3\xa4 b", "b",
	    "" },
	{ "<\"\xc3\xa4\"@b>", 0, -EINVAL, "bad quoted string in local part", "",
	    "", "" },
	/* quoted-pairSMTP stays %d92 %d32-126 */
	{ "<\"\\\xc3\xa4\"@b>", U8, -EINVAL, "bad quoted string in local part",
	    "", "", "" },
	{ "<\xc3@b>", U8, -EINVAL, "local part is missing", "", "", "" },
	{ "<a\xed\xa0\x80@b>", U8, -EINVAL,
	    "unexpected character or end in local part", "", "", "" },
	/* underscores */
	{ "<a@b_c.example>", 0, -EINVAL, "bad domain name", "", "", "" },
	{ "<a@b_c.example>", US, 0, "a@b_c.example", "a", "b_c.example", "" },
	/* lengths, RFC 5321 4.5.3.1 */
	{ "<" A64 "@b>", 0, 0, A64 "@b", A64, "b", "" },
	{ "<" A64 "a@b>", 0, -ENAMETOOLONG,
	    "local part is longer than 64 octets", "", "", "" },
	{ "<\"" A60 "aa\"@b>", 0, 0, A60 "aa@b", A60 "aa", "b", "" },
	{ "<\"" A60 "aaa\"@b>", 0, -ENAMETOOLONG,
	    "local part is longer than 64 octets", "", "", "" },
	{ "<a@" DOMAIN_190 "." A60 ">", 0, 0, "a@" DOMAIN_190 "." A60, "a",
	    DOMAIN_190 "." A60, "" },
	{ "<ab@" DOMAIN_190 "." A60 ">", 0, 0, "ab@" DOMAIN_190 "." A60, "ab",
	    DOMAIN_190 "." A60, "" },
	{ "<abc@" DOMAIN_190 "." A60 ">", 0, -ENAMETOOLONG,
	    "path is longer than 256 octets", "", "", "" },
	{ "<@b:abc@" DOMAIN_190 "." A60 ">", 0, -ENAMETOOLONG,
	    "path is longer than 256 octets", "", "", "" },
	{ "<a@" DOMAIN_190 "." A60 ".aaaa>", 0, -ENAMETOOLONG,
	    "domain is longer than 255 octets", "", "", "" },
};

static void
check_path(const struct smtp_path *path, size_t i)
{
	assert_string_equal(path->text.p, paths[i].text);
	assert_string_equal(path->local.p, paths[i].local);
	assert_string_equal(path->host.p, paths[i].host);
	assert_int_equal(path->text.n, strlen(paths[i].text));
	assert_int_equal(path->is_null, paths[i].text[0] == '\0');
	assert_int_equal(path->is_literal, paths[i].host[0] == '[');
	assert_int_equal(path->is_utf8, (paths[i].flags & U8) != 0);
}

static void
test_paths(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(paths); i++) {
		struct arena arena;
		struct smtp_path path = { .is_null = false };
		struct slice rest = SLICE_NONE;
		struct err err = { 0 };
		int rc;

		print_message("# case %zu\n", i);
		arena_init(&arena, 512, 0);
		rc = smtp_path_parse(&arena, slice_of(paths[i].in),
		    paths[i].flags, &path, &rest, &err);
		if (rc < 0)
			assert_string_equal(err.text, paths[i].text);
		assert_int_equal(rc, paths[i].rc);
		if (rc == 0) {
			check_path(&path, i);
			assert_true(slice_eq_text(rest, paths[i].rest));
		} else {
			assert_null(path.text.p);
		}
		arena_done(&arena);
	}
}

/* A NUL ends nothing. */
static void
test_nul(void **state)
{
	static const char *const in[] = { "<a\0b@c>", "<a@b\0>", "<\"\0\"@b>",
		"<\"\\\0\"@b>" };
	static const size_t n[] = { 7, 6, 7, 8 };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(in); i++) {
		struct arena arena;
		struct smtp_path path;
		struct slice rest;

		arena_init(&arena, 512, 0);
		assert_int_equal(
		    smtp_path_parse(&arena, (struct slice){ in[i], n[i] }, 0,
			&path, &rest, NULL),
		    -EINVAL);
		arena_done(&arena);
	}
}

static const struct {
	const char *in;
	unsigned flags;
	int rc;
	const char *text;
} addresses[] = {
	{ "a@b", 0, 0, "a@b" },
	{ "<a@b>", 0, 0, "a@b" },
	{ " a@b\r\n", 0, 0, "a@b" },
	{ " <a@b>\n", 0, 0, "a@b" },
	{ "\"a b\"@c", 0, 0, "\"a b\"@c" },
	{ "\"a\"@c", 0, 0, "a@c" },
	{ "a@[192.0.2.1]", 0, 0, "a@[192.0.2.1]" },
	{ "<@x:a@b>", 0, 0, "a@b" },
	{ "", N, 0, "" },
	{ "<>", N, 0, "" },
	{ "postmaster", PM, 0, "postmaster" },
	{ "", 0, -EINVAL, "local part is missing" },
	{ "a", 0, -EINVAL, "unexpected character or end in local part" },
	{ "a@b>", 0, -EINVAL, "text after the address" },
	{ "<a@b", 0, -EINVAL, "address does not end with >" },
	{ "<a@b> x", 0, -EINVAL, "text after the address" },
	{ "a@b c@d", 0, -EINVAL, "text after the address" },
	{ "ab@" DOMAIN_190 "." A60, 0, 0, "ab@" DOMAIN_190 "." A60 },
	{ "abc@" DOMAIN_190 "." A60, 0, -ENAMETOOLONG,
	    "path is longer than 256 octets" },
};

static void
test_addresses(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(addresses); i++) {
		struct arena arena;
		struct smtp_path path = { .is_null = false };
		struct err err = { 0 };
		int rc;

		print_message("# case %zu\n", i);
		arena_init(&arena, 512, 0);
		rc = smtp_address_parse(&arena, slice_of(addresses[i].in),
		    addresses[i].flags, &path, &err);
		assert_string_equal(
		    rc < 0 ? err.text : path.text.p, addresses[i].text);
		assert_int_equal(rc, addresses[i].rc);
		arena_done(&arena);
	}
}

static const struct {
	const char *local, *host, *text;
} texts[] = {
	{ "a", "b", "a@b" },
	{ "a.b", "b", "a.b@b" },
	{ "a b", "b", "\"a b\"@b" },
	{ "", "b", "\"\"@b" },
	{ ".a", "b", "\".a\"@b" },
	{ "a.", "b", "\"a.\"@b" },
	{ "a\"\\", "b", "\"a\\\"\\\\\"@b" },
	{ "\xc3\xa4", "b", "\xc3\xa4@b" },
	{ "postmaster", "", "postmaster" },
};

static void
test_text(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		struct arena arena;
		hl_str text;

		arena_init(&arena, 512, 0);
		text = smtp_address_text(
		    &arena, slice_of(texts[i].local), slice_of(texts[i].host));
		assert_string_equal(text.p, texts[i].text);
		assert_int_equal(text.n, strlen(texts[i].text));
		arena_done(&arena);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_paths),
		cmocka_unit_test(test_nul),
		cmocka_unit_test(test_addresses),
		cmocka_unit_test(test_text),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
