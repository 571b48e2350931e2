/* SPDX-License-Identifier: MIT */
/* test_xclient.c - the attributes of XCLIENT and XFORWARD. */
#include "../unit.h"

#include <errno.h>

#include "smtp/xclient.h"

static const struct {
	const char *rest;
	unsigned known;
	const char *err; /* NULL: it parses, to ... */
	enum xattr attr;
	const char *value; /* NULL: not given */
} cases[] = {
	{ "ADDR=192.0.2.1", XCLIENT_ATTRS, NULL, XATTR_ADDR, "192.0.2.1" },
	{ "addr=192.0.2.1", XCLIENT_ATTRS, NULL, XATTR_ADDR, "192.0.2.1" },
	{ "ADDR=IPV6:2001:db8:0::1", XCLIENT_ATTRS, NULL, XATTR_ADDR,
	    "2001:db8::1" },
	{ "NAME=a.example  ADDR=192.0.2.1", XCLIENT_ATTRS, NULL, XATTR_NAME,
	    "a.example" },
	{ "NAME=[UNAVAILABLE]", XCLIENT_ATTRS, NULL, XATTR_NAME, "" },
	{ "NAME=[tempunavail]", XCLIENT_ATTRS, NULL, XATTR_NAME, "" },
	{ "NAME=a", XCLIENT_ATTRS, NULL, XATTR_HELO, NULL },
	{ "LOGIN=a+2Bb@c+3Dd", XCLIENT_ATTRS, NULL, XATTR_LOGIN, "a+b@c=d" },
	{ "PORT=25 PORT=26", XCLIENT_ATTRS, NULL, XATTR_PORT, "26" },
	{ "PROTO=esmtp", XCLIENT_ATTRS, NULL, XATTR_PROTO, "esmtp" },
	{ "IDENT=4F SOURCE=LOCAL", XFORWARD_ATTRS, NULL, XATTR_IDENT, "4F" },
	{ "", XCLIENT_ATTRS, "missing", 0, NULL },
	{ "  ", XCLIENT_ATTRS, "missing", 0, NULL },
	{ "ADDR", XCLIENT_ATTRS, "NAME=value", 0, NULL },
	{ "IDENT=4F", XCLIENT_ATTRS, "Unknown attribute IDENT", 0, NULL },
	{ "LOGIN=a", XFORWARD_ATTRS, "Unknown attribute LOGIN", 0, NULL },
	{ "=a", XCLIENT_ATTRS, "Unknown attribute", 0, NULL },
	{ "ADDR=", XCLIENT_ATTRS, "Bad value of ADDR", 0, NULL },
	{ "ADDR=192.0.2.256", XCLIENT_ATTRS, "Bad value of ADDR", 0, NULL },
	{ "PORT=65536", XCLIENT_ATTRS, "Bad value of PORT", 0, NULL },
	{ "PROTO=LMTP", XCLIENT_ATTRS, "Bad value of PROTO", 0, NULL },
	{ "SOURCE=HERE", XFORWARD_ATTRS, "Bad value of SOURCE", 0, NULL },
	{ "HELO=a+20b", XCLIENT_ATTRS, "Bad value of HELO", 0, NULL },
	{ "HELO=a+0Ab", XCLIENT_ATTRS, "Bad value of HELO", 0, NULL },
	{ "HELO=a+0", XCLIENT_ATTRS, "Bad value of HELO", 0, NULL },
};

static void
test_cases(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct arena arena;
		struct xattrs got;
		struct err err = { 0 };
		int status;

		arena_init(&arena, 256, 0);
		status = xattrs_parse(&arena, slice_of(cases[i].rest),
		    cases[i].known, &got, &err);
		if (cases[i].err != NULL) {
			UNIT_CASE(cases[i].rest, status == -EINVAL);
			UNIT_CASE(cases[i].rest,
			    strstr(err.text, cases[i].err) != NULL);
		} else {
			const char *value = got.value[cases[i].attr].p;

			UNIT_CASE(cases[i].rest, status == 0);
			UNIT_CASE(cases[i].rest,
			    (value == NULL) == (cases[i].value == NULL));
			if (value != NULL)
				UNIT_CASE(cases[i].rest,
				    strcmp(value, cases[i].value) == 0);
		}
		arena_done(&arena);
	}
}

static void
test_length(void **state)
{
	char text[5 + 256 + 1] = "HELO=";
	struct arena arena;
	struct xattrs got;

	(void)state;
	arena_init(&arena, 256, 0);
	memset(text + 5, 'a', 256);
	assert_int_equal(
	    xattrs_parse(&arena, slice_of(text), XCLIENT_ATTRS, &got, NULL),
	    -EINVAL);
	text[5 + XATTR_VALUE_MAX] = '\0';
	assert_int_equal(
	    xattrs_parse(&arena, slice_of(text), XCLIENT_ATTRS, &got, NULL), 0);
	assert_int_equal(got.value[XATTR_HELO].n, XATTR_VALUE_MAX);
	arena_done(&arena);
}

static void
test_addr(void **state)
{
	struct inet_addr addr = { .family = INET_V4, .port = 7 };
	struct xattrs attrs = { 0 };

	(void)state;
	assert_false(xattrs_addr(&attrs, XATTR_ADDR, XATTR_PORT, &addr));
	assert_int_equal(addr.port, 7);
	attrs.value[XATTR_PORT] = STR_LIT("25");
	assert_false(xattrs_addr(&attrs, XATTR_ADDR, XATTR_PORT, &addr));
	assert_int_equal(addr.port, 25);
	attrs.value[XATTR_PORT] = STR_EMPTY;
	attrs.value[XATTR_ADDR] = STR_LIT("::1");
	assert_true(xattrs_addr(&attrs, XATTR_ADDR, XATTR_PORT, &addr));
	assert_int_equal(addr.family, INET_V6);
	assert_int_equal(addr.port, 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_cases),
		cmocka_unit_test(test_length),
		cmocka_unit_test(test_addr),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
