/* SPDX-License-Identifier: MIT */
/* test_sasl.c - messages of PLAIN, CRAM-MD5, XOAUTH2, OAUTHBEARER; names. */
#include "../unit.h"

#include <errno.h>

#include "smtp/sasl.h"

#define S(text)                          \
	{                                \
		(text), sizeof(text) - 1 \
	}

/* ---- PLAIN ---- */

static const struct {
	const char *name;
	struct slice in;
	const char *authzid, *user, *password; /* user NULL: refused */
} plains[] = {
	{ "RFC 4616 4", S("\0tim\0tanstaaftanstaaf"), "", "tim",
	    "tanstaaftanstaaf" },
	{ "with authzid", S("Ursel\0Kurt\0xipj3plmq"), "Ursel", "Kurt",
	    "xipj3plmq" },
	{ "spaces", S("\0tim tom\0 x "), "", "tim tom", " x " },
	{ "UTF-8", S("\0t\xc3\xadm\0p\xc3\xa4ss"), "", "t\xc3\xadm",
	    "p\xc3\xa4ss" },
	{ "password in latin 1", S("\0tim\0p\xe4ss"), "", "tim", "p\xe4ss" },
	{ "no NUL", S("tim"), NULL, NULL, NULL },
	{ "one NUL", S("\0tim"), NULL, NULL, NULL },
	{ "three NULs", S("\0tim\0pass\0more"), NULL, NULL, NULL },
	{ "no user", S("\0\0pass"), NULL, NULL, NULL },
	{ "no password", S("\0tim\0"), NULL, NULL, NULL },
	{ "empty", S(""), NULL, NULL, NULL },
	{ "NULs alone", S("\0\0"), NULL, NULL, NULL },
	{ "control in the user", S("\0t\nm\0pass"), NULL, NULL, NULL },
	{ "DEL in the user", S("\0t\177m\0pass"), NULL, NULL, NULL },
	{ "user in latin 1", S("\0t\xedm\0pass"), NULL, NULL, NULL },
};

static void
test_plain(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(plains); i++) {
		struct sasl_plain got = { { "x", 1 }, { "x", 1 }, { "x", 1 } };
		int ret = sasl_plain_parse(plains[i].in, &got);

		if (plains[i].user == NULL) {
			UNIT_CASE(plains[i].name, ret == -EINVAL);
			UNIT_CASE(plains[i].name, slice_eq_text(got.user, "x"));
			continue;
		}
		UNIT_CASE(plains[i].name, ret == 0);
		unit_slice_is(plains[i].name, got.authzid, plains[i].authzid);
		unit_slice_is(plains[i].name, got.user, plains[i].user);
		unit_slice_is(plains[i].name, got.password, plains[i].password);
	}
}

static void
test_long_user(void **state)
{
	char text[SASL_USER_MAX + 1];

	(void)state;
	memset(text, 'x', sizeof(text));
	assert_true(
	    sasl_user_is_sane((struct slice){ text, sizeof(text) - 1 }));
	assert_false(sasl_user_is_sane((struct slice){ text, sizeof(text) }));
}

/* ---- CRAM-MD5 ---- */

#define HASH "b913a602c7eda7a495b4e6e7334d3890"

static const struct {
	const char *name;
	struct slice in;
	const char *user; /* NULL: refused */
} crams[] = {
	{ "RFC 2195 2", S("tim " HASH), "tim" },
	{ "name of two words", S("tim tom " HASH), "tim tom" },
	{ "upper case", S("tim B913A602C7EDA7A495B4E6E7334D3890"), "tim" },
	{ "no user", S(HASH), NULL },
	{ "empty user", S(" " HASH), NULL },
	{ "short", S("tim b913a602c7eda7a495b4e6e7334d389"), NULL },
	{ "long", S("tim " HASH "0"), NULL },
	{ "no hex", S("tim b913a602c7eda7a495b4e6e7334d389x"), NULL },
	{ "NUL", S("tim b913a602c7eda7a495b4e6e7334d389\0"), NULL },
	{ "NUL in the user", S("t\0m " HASH), NULL },
	{ "space behind", S("tim " HASH " "), NULL },
	{ "empty", S(""), NULL },
};

static void
test_cram(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(crams); i++) {
		struct sasl_cram got;
		int ret = sasl_cram_parse(crams[i].in, &got);

		UNIT_CASE(crams[i].name,
		    ret == (crams[i].user != NULL ? 0 : -EINVAL));
		if (ret < 0)
			continue;
		unit_slice_is(crams[i].name, got.user, crams[i].user);
		UNIT_CASE(crams[i].name, got.hash.n == 32);
	}
}

/* ---- tokens ---- */

static const struct {
	const char *name;
	bool is_xoauth2;
	struct slice in;
	const char *user, *token; /* token NULL: refused */
} bearers[] = {
	/* RFC 7628 4.1 */
	{ "RFC 7628", false,
	    S("n,a=user@example.com,\1host=server.example.com\1port=143\1"
	      "auth=Bearer vF9dft4qmTc2Nvb3RlckBhbHRhdmlzdGEuY29tCg==\1\1"),
	    "user@example.com", "vF9dft4qmTc2Nvb3RlckBhbHRhdmlzdGEuY29tCg==" },
	{ "no authzid", false, S("n,,\1auth=Bearer abc\1\1"), "", "abc" },
	{ "flag y", false, S("y,,\1auth=Bearer abc\1\1"), "", "abc" },
	{ "bearer", false, S("n,,\1auth=bearer abc\1\1"), "", "abc" },
	{ "escaped", false, S("n,a=a=2Cb,\1auth=Bearer abc\1\1"), "a=2Cb",
	    "abc" },
	{ "binding", false, S("p=tls-exporter,,\1auth=Bearer abc\1\1"), NULL,
	    NULL },
	{ "dummy", false, S("\1"), NULL, NULL },
	{ "no auth", false, S("n,,\1host=x\1\1"), NULL, NULL },
	{ "no pair", false, S("n,,\1\1"), NULL, NULL },
	{ "twice", false, S("n,,\1auth=Bearer a\1auth=Bearer b\1\1"), NULL,
	    NULL },
	{ "basic", false, S("n,,\1auth=Basic abc\1\1"), NULL, NULL },
	{ "no token", false, S("n,,\1auth=Bearer \1\1"), NULL, NULL },
	{ "no end", false, S("n,,\1auth=Bearer abc\1"), NULL, NULL },
	{ "no end at all", false, S("n,,\1auth=Bearer abc"), NULL, NULL },
	{ "more behind", false, S("n,,\1auth=Bearer abc\1\1x"), NULL, NULL },
	{ "no header", false, S("auth=Bearer abc\1\1"), NULL, NULL },
	{ "text behind the header", false, S("n,,x\1auth=Bearer abc\1\1"), NULL,
	    NULL },
	{ "bad key", false, S("n,,\1a1=x\1auth=Bearer abc\1\1"), NULL, NULL },
	{ "NUL in the token", false, S("n,,\1auth=Bearer a\0c\1\1"), NULL,
	    NULL },
	{ "control in authzid", false, S("n,a=a\nb,\1auth=Bearer abc\1\1"),
	    NULL, NULL },
	{ "empty", false, S(""), NULL, NULL },
	/* Google's documentation */
	{ "google", true,
	    S("user=someuser@example.com\1auth=Bearer ya29.vF9dft4qmTc2\1\1"),
	    "someuser@example.com", "ya29.vF9dft4qmTc2" },
	{ "another order", true, S("auth=Bearer x\1user=u\1\1"), "u", "x" },
	{ "no user", true, S("auth=Bearer x\1\1"), NULL, NULL },
	{ "empty user", true, S("user=\1auth=Bearer x\1\1"), NULL, NULL },
	{ "two users", true, S("user=a\1user=b\1auth=Bearer x\1\1"), NULL,
	    NULL },
	{ "without end", true, S("user=a\1auth=Bearer x\1"), NULL, NULL },
	{ "nothing", true, S(""), NULL, NULL },
};

static void
test_bearer(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(bearers); i++) {
		struct sasl_bearer got;
		int ret = bearers[i].is_xoauth2
			      ? sasl_xoauth2_parse(bearers[i].in, &got)
			      : sasl_oauthbearer_parse(bearers[i].in, &got);

		UNIT_CASE(bearers[i].name,
		    ret == (bearers[i].token != NULL ? 0 : -EINVAL));
		if (ret < 0)
			continue;
		unit_slice_is(bearers[i].name, got.user, bearers[i].user);
		unit_slice_is(bearers[i].name, got.token, bearers[i].token);
		UNIT_CASE(
		    bearers[i].name, got.is_escaped == !bearers[i].is_xoauth2);
	}
}

/* ---- gs2 ---- */

static const struct {
	const char *in;
	char binding; /* 0: refused */
	const char *cb_name, *authzid, *header, *rest;
} headers[] = {
	{ "n,,n=u", 'n', "", "", "n,,", "n=u" },
	{ "y,a=b,", 'y', "", "b", "y,a=b,", "" },
	{ "p=tls-exporter,,x", 'p', "tls-exporter", "", "p=tls-exporter,,",
	    "x" },
	{ "p,,x", 0, NULL, NULL, NULL, NULL },
	{ "p=,,x", 0, NULL, NULL, NULL, NULL },
	{ "p=tls exporter,,x", 0, NULL, NULL, NULL, NULL },
	{ "nn,,x", 0, NULL, NULL, NULL, NULL },
	{ "z,,x", 0, NULL, NULL, NULL, NULL },
	{ "F,n,,x", 0, NULL, NULL, NULL, NULL },
	{ ",,x", 0, NULL, NULL, NULL, NULL },
	{ "n,x", 0, NULL, NULL, NULL, NULL },
	{ "n,b=x,y", 0, NULL, NULL, NULL, NULL },
	{ "n,a=,y", 'n', "", "", "n,a=,", "y" },
	{ "n", 0, NULL, NULL, NULL, NULL },
	{ "", 0, NULL, NULL, NULL, NULL },
};

static void
test_gs2(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(headers); i++) {
		struct slice left = slice_of(headers[i].in);
		struct sasl_gs2 got;
		int ret = sasl_gs2_parse(&left, &got);

		UNIT_CASE(headers[i].in,
		    ret == (headers[i].binding != 0 ? 0 : -EINVAL));
		if (ret < 0) {
			unit_slice_is("left", left, headers[i].in);
			continue;
		}
		UNIT_CASE(headers[i].in, got.binding == headers[i].binding);
		unit_slice_is("cb_name", got.cb_name, headers[i].cb_name);
		unit_slice_is("authzid", got.authzid, headers[i].authzid);
		unit_slice_is("header", got.header, headers[i].header);
		unit_slice_is("rest", left, headers[i].rest);
	}
}

static const struct {
	const char *in, *out; /* NULL: refused */
} names[] = {
	{ "user", "user" },
	{ "a=2Cb=3Dc", "a,b=c" },
	{ "=3D2C", "=2C" },
	{ "", "" },
	{ "a,b", NULL },
	{ "a=", NULL },
	{ "a=2", NULL },
	{ "a=2c", NULL },
	{ "a=41", NULL },
};

static void
test_names(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		char got[32];
		size_t n;
		int ret = sasl_name_decode(slice_of(names[i].in), got, &n);

		UNIT_CASE(
		    names[i].in, ret == (names[i].out != NULL ? 0 : -EINVAL));
		if (ret == 0)
			unit_slice_is(names[i].in, (struct slice){ got, n },
			    names[i].out);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_plain),
		cmocka_unit_test(test_long_user),
		cmocka_unit_test(test_cram),
		cmocka_unit_test(test_bearer),
		cmocka_unit_test(test_gs2),
		cmocka_unit_test(test_names),
	};

	return cmocka_run_group_tests_name("sasl", tests, NULL, NULL);
}
