/* SPDX-License-Identifier: MIT */
/* test_base64.c - what is base64, what is not, and there and back. */
#include "../unit.h"

#include <errno.h>

#include "smtp/base64.h"

static const struct {
	const char *name, *text, *bytes; /* bytes NULL: refused */
	size_t n;
} cases[] = {
	/* RFC 4648 10 */
	{ "empty", "", "", 0 },
	{ "f", "Zg==", "f", 1 },
	{ "fo", "Zm8=", "fo", 2 },
	{ "foo", "Zm9v", "foo", 3 },
	{ "foob", "Zm9vYg==", "foob", 4 },
	{ "fooba", "Zm9vYmE=", "fooba", 5 },
	{ "foobar", "Zm9vYmFy", "foobar", 6 },
	{ "with NUL", "AGEAYg==", "\0a\0b", 4 },
	{ "all high", "////", "\xff\xff\xff", 3 },
	{ "plus", "+++=", NULL, 0 },
	{ "plus, whole", "++++", "\xfb\xef\xbe", 3 },
	{ "no padding", "Zg", NULL, 0 },
	{ "half a padding", "Zg=", NULL, 0 },
	{ "too much padding", "Z===", NULL, 0 },
	{ "padding alone", "====", NULL, 0 },
	{ "padding inside", "Zg==Zg==", NULL, 0 },
	{ "padding before a digit", "Zg=v", NULL, 0 },
	{ "bits left over", "Zh==", NULL, 0 },
	{ "bits left over, two", "Zm9=", NULL, 0 },
	{ "space", "Zm 9", NULL, 0 },
	{ "line end", "Zm9v\n", NULL, 0 },
	{ "url alphabet", "Zm9_", NULL, 0 },
	{ "high bit", "Zm9\xf6", NULL, 0 },
	{ "star", "*", NULL, 0 },
};

static void
test_cases(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct slice text = slice_of(cases[i].text);
		char got[32], back[32];
		size_t n = 99;
		int ret = base64_decode(text, got, &n);

		if (cases[i].bytes == NULL) {
			UNIT_CASE(cases[i].name, ret == -EINVAL && n == 99);
			continue;
		}
		UNIT_CASE(cases[i].name, ret == 0 && n == cases[i].n);
		UNIT_CASE(cases[i].name, memcmp(got, cases[i].bytes, n) == 0);
		UNIT_CASE(cases[i].name, got[n] == '\0');
		base64_encode((struct slice){ got, n }, back);
		UNIT_CASE(cases[i].name, strcmp(back, cases[i].text) == 0);
	}
}

static void
test_in_place(void **state)
{
	char text[] = "Zm9vYmFy";
	size_t n;

	(void)state;
	assert_int_equal(base64_decode(slice_of(text), text, &n), 0);
	assert_string_equal(text, "foobar");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_cases),
		cmocka_unit_test(test_in_place),
	};

	return cmocka_run_group_tests_name("base64", tests, NULL, NULL);
}
