/* SPDX-License-Identifier: MIT */
/* test_idna.c - both forms of domain names. */
#include "unit.h"

#include <errno.h>

#include "base/arena.h"
#include "base/idna.h"

#define U_UMLAUT "\xc3\xbc"                /* ü */
#define U_CAPITAL "\xc3\x9c"               /* Ü */
#define U_DECOMPOSED "u\xcc\x88"           /* u and a diaeresis */
#define CHINESE "\xe4\xbe\x8b\xe5\xad\x90" /* the example of RFC 6531 */
#define X60 "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"

static const struct {
	const char *name, *in, *ascii; /* NULL: refused with `status` */
	int status;
} forms[] = {
	{ "ASCII as it is", "MX.Example", "MX.Example", 0 },
	{ "ASCII is not checked", "a..b", "a..b", 0 },
	{ "empty", "", "", 0 },
	{ "umlaut", "b" U_UMLAUT "cher.example", "xn--bcher-kva.example", 0 },
	{ "capital", "B" U_CAPITAL "CHER.Example", "xn--bcher-kva.example", 0 },
	{ "decomposed", "b" U_DECOMPOSED "cher.example",
	    "xn--bcher-kva.example", 0 },
	{ "Chinese", CHINESE ".cn", "xn--fsqu00a.cn", 0 },
	{ "sharp s stays (non-transitional)", "fa\xc3\x9f.de", "xn--fa-hia.de",
	    0 },
	{ "full width", "\xef\xbc\xa7o.com", "go.com", 0 },
	{ "ideographic full stop",
	    CHINESE "\xe3\x80\x82"
		    "cn",
	    "xn--fsqu00a.cn", 0 },
	{ "underscore", "_x." U_UMLAUT ".de", "_x.xn--tda.de", 0 },
	{ "mixed with a good A-label", "xn--bcher-kva." U_UMLAUT,
	    "xn--bcher-kva.xn--tda", 0 },
	{ "mixed with a bad A-label", "xn--a." U_UMLAUT ".de", NULL, -EINVAL },
	{ "hyphen at the end", U_UMLAUT "-.de", NULL, -EINVAL },
	{ "hyphens 3 and 4", "ab--c." U_UMLAUT ".de", NULL, -EINVAL },
	{ "a sign that is no letter", "\xe2\x98\x83.net", NULL, -EINVAL },
	{ "joiner without context",
	    "a\xe2\x80\x8d"
	    "b.de",
	    NULL, -EINVAL },
	{ "both directions",
	    "\xd7\x90"
	    "a.example",
	    NULL, -EINVAL },
	{ "control character", U_UMLAUT "\x01.de", NULL, -EINVAL },
	{ "maps to a/c", "\xe2\x84\x80.example", NULL, -EINVAL },
	{ "no UTF-8",
	    "b\xfc"
	    "cher.example",
	    NULL, -EINVAL },
	{ "empty label", U_UMLAUT "..de", NULL, -EINVAL },
	{ "dot at the end", U_UMLAUT ".de.", NULL, -EINVAL },
	{ "label over 63 octets", X60 U_UMLAUT ".de", NULL, -ENAMETOOLONG },
	{ "name over 255 octets", X60 "." X60 "." X60 "." X60 "." X60, NULL,
	    -ENAMETOOLONG },
};

/* A high byte at every place of texts of every length up to three words. */
static void
test_is_ascii(void **state)
{
	char text[24];

	(void)state;
	for (size_t n = 0; n <= sizeof(text); n++) {
		struct slice all = { text, n };

		memset(text, 0x7f, sizeof(text));
		assert_true(idna_is_ascii(all));
		for (size_t i = 0; i < sizeof(text); i++) {
			text[i] = (char)0x80;
			assert_int_equal(idna_is_ascii(all), i >= n);
			text[i] = 'a';
		}
	}
}

static void
test_to_ascii(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(forms); i++) {
		struct idna_name name = { .n = 77 };
		int status = idna_to_ascii(slice_of(forms[i].in), &name);

		UNIT_CASE(forms[i].name, status == forms[i].status);
		if (status == 0)
			unit_slice_is(forms[i].name,
			    (struct slice){ name.p, name.n }, forms[i].ascii);
	}
	assert_int_equal(idna_to_ascii((struct slice){ U_UMLAUT "\0x", 4 },
			     &(struct idna_name){ .n = 0 }),
	    -EINVAL);
}

static void
test_to_utf8(void **state)
{
	static const struct {
		const char *in, *out;
	} cases[] = {
		{ "xn--bcher-kva.example", "b" U_UMLAUT "cher.example" },
		{ "a.XN--TDA.example", "a." U_UMLAUT ".example" },
		{ "plain.example", "plain.example" },
		{ "xn--zzzz.example", "xn--zzzz.example" },
		/* U+00DC and a snowman, which have another A-label and none */
		{ "xn--wca.example", "xn--wca.example" },
		{ "xn--n3h.net", "xn--n3h.net" },
		{ "not-xn--tda.example", "not-xn--tda.example" },
		{ "", "" },
	};
	struct arena arena;

	(void)state;
	arena_init(&arena, 512, 0);
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		unit_slice_is(cases[i].in,
		    slice_str(idna_to_utf8(&arena, slice_of(cases[i].in))),
		    cases[i].out);
	arena_done(&arena);
}

static void
test_equal(void **state)
{
	static const struct {
		const char *a, *b;
		bool equal;
	} cases[] = {
		{ "a.example", "A.Example", true },
		{ "a.example", "b.example", false },
		{ U_UMLAUT ".de", "xn--tda.de", true },
		{ "XN--TDA.de", U_CAPITAL ".DE", true },
		{ U_UMLAUT ".de", U_DECOMPOSED ".de", true },
		{ U_UMLAUT ".de", "u.de", false },
		{ U_UMLAUT ".de", "\xfc.de", false },
		{ "\xfc.de", "\xfc.de", true }, /* the same bytes */
		{ "fa\xc3\x9f.de", "fass.de", false },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		UNIT_CASE(cases[i].a,
		    idna_equal(slice_of(cases[i].a), slice_of(cases[i].b)) ==
			cases[i].equal);
		UNIT_CASE(cases[i].b,
		    idna_equal(slice_of(cases[i].b), slice_of(cases[i].a)) ==
			cases[i].equal);
	}
}

static void
test_addresses(void **state)
{
	static const struct {
		const char *in, *ascii; /* NULL: nothing changes */
	} cases[] = {
		{ "a@" U_UMLAUT ".de", "a@xn--tda.de" },
		{ U_UMLAUT "@" U_UMLAUT ".de", U_UMLAUT "@xn--tda.de" },
		{ "@" U_CAPITAL ".de", "@xn--tda.de" },
		{ "." U_UMLAUT ".de", ".xn--tda.de" },
		{ "\"a@b\"@" U_UMLAUT ".de", "\"a@b\"@xn--tda.de" },
		{ U_UMLAUT "@plain.de", NULL },
		{ "a@plain.de", NULL },
		{ "a@\xfc.de", NULL },
		{ "a@", NULL },
		{ ".", NULL },
		{ "", NULL },
	};
	char room[256 + IDNA_ASCII_MAX + 1];
	struct arena arena;

	(void)state;
	arena_init(&arena, 512, 0);
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		size_t n = idna_address_to_ascii(slice_of(cases[i].in), room);

		UNIT_CASE(cases[i].in, (n > 0) == (cases[i].ascii != NULL));
		if (n > 0)
			unit_slice_is(cases[i].in, (struct slice){ room, n },
			    cases[i].ascii);
	}
	unit_slice_is("back",
	    idna_address_to_utf8(&arena, SLICE_LIT("x@xn--tda.de")),
	    "x@" U_UMLAUT ".de");
	unit_slice_is("not back",
	    idna_address_to_utf8(&arena, SLICE_LIT("xn--tda@x.de")),
	    "xn--tda@x.de");
	arena_done(&arena);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_is_ascii),
		cmocka_unit_test(test_to_ascii),
		cmocka_unit_test(test_to_utf8),
		cmocka_unit_test(test_equal),
		cmocka_unit_test(test_addresses),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
