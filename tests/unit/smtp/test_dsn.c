/* SPDX-License-Identifier: MIT */
/* test_dsn.c - the parameters of DSN: RET, ENVID, NOTIFY, ORCPT. */
#include "../unit.h"

#include <errno.h>

#include "smtp/dsn.h"

#define X50 "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
#define X100 X50 X50
#define X490 X100 X100 X100 X100 X50 "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"

static void
test_ret(void **state)
{
	(void)state;
	assert_int_equal(smtp_ret_check(SLICE_LIT("FULL"), NULL), 0);
	assert_int_equal(smtp_ret_check(SLICE_LIT("hdrs"), NULL), 0);
	assert_int_equal(smtp_ret_check(SLICE_LIT("FULLY"), NULL), -EINVAL);
	assert_int_equal(smtp_ret_check(SLICE_LIT(""), NULL), -EINVAL);
}

static void
test_envid(void **state)
{
	static const struct {
		const char *in, *out; /* NULL: -EINVAL */
	} cases[] = {
		{ "QQ314159", "QQ314159" }, /* RFC 3461 10.1 */
		{ "a+2Bb+3Dc+20d", "a+b=c d" },
		{ X100, X100 },
		{ X100 "x", NULL },
		{ "", NULL },
		{ "a+2", NULL },
		{ "a+2b", NULL }, /* its digits are upper case */
		{ "a=b", NULL },
		{ "a+0Ab", NULL }, /* a line feed */
		{ "a+7Fb", NULL },
		{ "a+C3+A4", NULL },
		{ "\xc3\xa4", NULL },
	};
	struct arena arena;

	(void)state;
	arena_init(&arena, 512, 0);
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		hl_str envid = STR_EMPTY;
		struct err err = { 0, "" };
		int status = smtp_envid_parse(
		    &arena, slice_of(cases[i].in), &envid, &err);

		UNIT_CASE(cases[i].in,
		    status == (cases[i].out != NULL ? 0 : -EINVAL));
		UNIT_CASE(cases[i].in, (status < 0) == (err.text[0] != '\0'));
		if (status == 0)
			unit_slice_is(
			    cases[i].in, slice_str(envid), cases[i].out);
	}
	arena_done(&arena);
}

static void
test_notify(void **state)
{
	static const struct {
		const char *in;
		unsigned bits; /* 0: -EINVAL */
	} cases[] = {
		{ "NEVER", SMTP_NOTIFY_NEVER },
		{ "never", SMTP_NOTIFY_NEVER },
		{ "SUCCESS", SMTP_NOTIFY_SUCCESS },
		{ "FAILURE,DELAY", SMTP_NOTIFY_FAILURE | SMTP_NOTIFY_DELAY },
		{ "Success,failure,DELAY", SMTP_NOTIFY_SUCCESS |
					       SMTP_NOTIFY_FAILURE |
					       SMTP_NOTIFY_DELAY },
		{ "DELAY,DELAY", SMTP_NOTIFY_DELAY },
		{ "NEVER,SUCCESS", 0 },
		{ "DELAY,NEVER", 0 },
		{ "", 0 },
		{ ",", 0 },
		{ "SUCCESS,", 0 },
		{ ",SUCCESS", 0 },
		{ "SUCCESS,,DELAY", 0 },
		{ "SUCCESS;DELAY", 0 },
		{ "ALWAYS", 0 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		unsigned bits = 0;
		int status =
		    smtp_notify_parse(slice_of(cases[i].in), &bits, NULL);

		UNIT_CASE(
		    cases[i].in, status == (cases[i].bits > 0 ? 0 : -EINVAL));
		UNIT_CASE(cases[i].in, bits == cases[i].bits);
	}
}

static const struct {
	const char *name, *in, *type, *address; /* NULL: -EINVAL */
} orcpts[] = {
	/* RFC 3461 10.1 */
	{ "example", "rfc822;Bob@Example.COM", "rfc822", "Bob@Example.COM" },
	{ "xtext", "RFC822;a+2Bb+3Dc@x", "RFC822", "a+b=c@x" },
	{ "other type", "x-local;14+20main+20street", "x-local",
	    "14 main street" },
	{ "backslash", "rfc822;a\\x{20}", "rfc822", "a\\x{20}" },
	{ "semicolon in the address", "rfc822;a;b", "rfc822", "a;b" },
	{ "no type", ";a@b", NULL, NULL },
	{ "no semicolon", "a@b", NULL, NULL },
	{ "no address", "rfc822;", NULL, NULL },
	{ "type is no atom", "rfc@822;a@b", NULL, NULL },
	{ "empty", "", NULL, NULL },
	{ "bad xtext", "rfc822;a+zz", NULL, NULL },
	{ "line feed", "rfc822;a+0Ab", NULL, NULL },
	{ "beyond ASCII in xtext", "rfc822;a+C3+A4", NULL, NULL },
	{ "500 octets", "rfc822;x" X490 "xx", "rfc822", "x" X490 "xx" },
	{ "501 octets", "rfc822;x" X490 "xxx", NULL, NULL },
	/* RFC 6533 3 */
	{ "utf-8, ASCII", "utf-8;a@b.example", "utf-8", "a@b.example" },
	{ "utf-8-addr-xtext", "UTF-8;\\x{E4}\\x{4F8B}\\x{1F600}@x", "UTF-8",
	    "\xc3\xa4\xe4\xbe\x8b\xf0\x9f\x98\x80@x" },
	{ "small digits", "utf-8;\\x{e4}@x", "utf-8", "\xc3\xa4@x" },
	{ "utf-8-addr-unitext", "utf-8;\xc3\xa4@\\x{e4}", "utf-8",
	    "\xc3\xa4@\xc3\xa4" },
	{ "what xtext cannot hold", "utf-8;a\\x{2B}b\\x{3D}c\\x{5C}d\\x{20}e",
	    "utf-8", "a+b=c\\d e" },
	{ "the largest", "utf-8;\\x{10FFFF}", "utf-8", "\xf4\x8f\xbf\xbf" },
	{ "plus is no xtext here", "utf-8;a+2Bb", NULL, NULL },
	{ "backslash alone", "utf-8;a\\b", NULL, NULL },
	{ "not closed", "utf-8;\\x{E4", NULL, NULL },
	{ "no digits", "utf-8;\\x{}", NULL, NULL },
	{ "needs no escape", "utf-8;\\x{41}", NULL, NULL },
	{ "zero in front", "utf-8;\\x{0E4}", NULL, NULL },
	{ "too large", "utf-8;\\x{110000}", NULL, NULL },
	{ "much too large", "utf-8;\\x{1000000041}", NULL, NULL },
	{ "surrogate", "utf-8;\\x{D800}", NULL, NULL },
	{ "NUL", "utf-8;\\x{00}", NULL, NULL },
	{ "line feed escaped", "utf-8;\\x{0A}", NULL, NULL },
	{ "delete", "utf-8;\\x{7F}", NULL, NULL },
};

static void
test_orcpt(void **state)
{
	struct arena arena;

	(void)state;
	arena_init(&arena, 512, 0);
	for (size_t i = 0; i < ARRAY_SIZE(orcpts); i++) {
		struct smtp_orcpt got = { STR_EMPTY, STR_EMPTY };
		struct err err = { 0, "" };
		int status = smtp_orcpt_parse(
		    &arena, slice_of(orcpts[i].in), &got, &err);
		bool good = orcpts[i].type != NULL;

		UNIT_CASE(orcpts[i].name, status == (good ? 0 : -EINVAL));
		UNIT_CASE(orcpts[i].name, good == (err.text[0] == '\0'));
		if (!good)
			continue;
		unit_slice_is(
		    orcpts[i].name, slice_str(got.type), orcpts[i].type);
		unit_slice_is(
		    orcpts[i].name, slice_str(got.address), orcpts[i].address);
	}
	arena_done(&arena);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_ret),
		cmocka_unit_test(test_envid),
		cmocka_unit_test(test_notify),
		cmocka_unit_test(test_orcpt),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
