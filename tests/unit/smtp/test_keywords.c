/* SPDX-License-Identifier: MIT */
/* test_keywords.c - what another server offers. */
#include "../unit.h"

#include "smtp/keywords.h"
#include "smtp/xclient.h"

static void
test_postfix(void **state)
{
	static const char text[] =
	    "mx.example\nPIPELINING\nSIZE 10240000\nVRFY\nETRN\nSTARTTLS\n"
	    "XCLIENT NAME ADDR PROTO HELO LOGIN PORT DESTADDR DESTPORT\n"
	    "XFORWARD NAME ADDR PROTO HELO SOURCE PORT IDENT\n"
	    "AUTH PLAIN LOGIN\nENHANCEDSTATUSCODES\n8BITMIME\nDSN\nSMTPUTF8\n"
	    "CHUNKING";
	struct smtp_keywords got;

	(void)state;
	smtp_keywords_parse(SLICE_LIT(text), &got);
	for (unsigned i = 0; i < SMTP_KEYWORD_COUNT; i++)
		assert_int_equal(
		    smtp_keywords_has(&got, i), i != SMTP_KEYWORD_BINARYMIME);
	assert_int_equal(got.size_max, 10240000);
	assert_int_equal(got.xclient, XCLIENT_ATTRS);
	assert_int_equal(got.auth, SMTP_AUTH_PLAIN | SMTP_AUTH_LOGIN);
}

static const struct {
	const char *text;
	unsigned has;
	uint64_t size_max;
	unsigned xclient;
} cases[] = {
	{ "", 0, 0, 0 },
	{ "DSN", 0, 0, 0 }, /* its greeting */
	{ "a\ndsn\nPipelining",
	    1u << SMTP_KEYWORD_DSN | 1u << SMTP_KEYWORD_PIPELINING, 0, 0 },
	{ "a\nSIZE", 1u << SMTP_KEYWORD_SIZE, 0, 0 },
	{ "a\nSIZE 0", 1u << SMTP_KEYWORD_SIZE, 0, 0 },
	{ "a\nSIZE ten", 1u << SMTP_KEYWORD_SIZE, 0, 0 },
	{ "a\nSIZE 18446744073709551616", 1u << SMTP_KEYWORD_SIZE, 0, 0 },
	{ "a\nSIZE 18446744073709551615", 1u << SMTP_KEYWORD_SIZE, UINT64_MAX,
	    0 },
	{ "a\nAUTH=LOGIN", 1u << SMTP_KEYWORD_AUTH, 0, 0 },
	{ "a\nXCLIENT", 1u << SMTP_KEYWORD_XCLIENT, 0, 0 },
	{ "a\nXCLIENT addr SOURCE what", 1u << SMTP_KEYWORD_XCLIENT, 0,
	    XATTR_BIT(XATTR_ADDR) },
	{ "a\nDSNX\nX-DSN\n\n  ", 0, 0, 0 },
};

static void
test_cases(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct smtp_keywords got = { .has = 7, .size_max = 7 };

		smtp_keywords_parse(slice_of(cases[i].text), &got);
		UNIT_CASE(cases[i].text, got.has == cases[i].has);
		UNIT_CASE(cases[i].text, got.size_max == cases[i].size_max);
		UNIT_CASE(cases[i].text, got.xclient == cases[i].xclient);
	}
}

static void
test_auth(void **state)
{
	static const struct {
		const char *text;
		unsigned auth;
	} offers[] = {
		{ "a\nAUTH", 0 },
		{ "a\nAUTH=login", SMTP_AUTH_LOGIN },
		{ "a\nAUTH= PLAIN\nAUTH=", SMTP_AUTH_PLAIN },
		{ "a\nAUTH CRAM-MD5 PLAINER", 0 },
		{ "a\nAUTH CRAM-MD5 Plain", SMTP_AUTH_PLAIN },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(offers); i++) {
		struct smtp_keywords got = { .auth = 7 };

		smtp_keywords_parse(slice_of(offers[i].text), &got);
		UNIT_CASE(offers[i].text, got.auth == offers[i].auth);
	}
}

static void
test_find(void **state)
{
	(void)state;
	assert_int_equal(
	    smtp_keyword_find(SLICE_LIT("8BitMime")), SMTP_KEYWORD_8BITMIME);
	assert_int_equal(
	    smtp_keyword_find(SLICE_LIT("VRFY")), SMTP_KEYWORD_COUNT);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_postfix),
		cmocka_unit_test(test_cases),
		cmocka_unit_test(test_auth),
		cmocka_unit_test(test_find),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
