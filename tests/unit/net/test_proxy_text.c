/* SPDX-License-Identifier: MIT */
/* test_proxy_text.c - what a proxy tells of TLS, as text to show. */
#include "../unit.h"

#include "net/proxy_text.h"
#include "net/tls_info.h"

#define BYTES(s)                 \
	(struct slice)           \
	{                        \
		s, sizeof(s) - 1 \
	}

struct text_case {
	const char *name;
	struct slice in;
	const char *text;
};

static const struct text_case words[] = {
	{ "nothing", BYTES(""), "" },
	{ "version", BYTES("TLSv1.3"), "TLSv1.3" },
	{ "cipher", BYTES("ECDHE-RSA-AES128-GCM-SHA256"),
	    "ECDHE-RSA-AES128-GCM-SHA256" },
	{ "cipher with _", BYTES("TLS_AES_256_GCM_SHA384"),
	    "TLS_AES_256_GCM_SHA384" },
	{ "end of a comment", BYTES("x) by (y"), "x??by??y" },
	{ "line", BYTES("a\r\nBcc: x"), "a??Bcc:?x" },
	{ "NUL", BYTES("mx.example\0.evil"), "mx.example?.evil" },
	{ "high", BYTES("m\xc3\xbc"), "m??" },
};

static const struct text_case names[] = {
	{ "nothing", BYTES(""), "" },
	{ "plain", BYTES("client.example"), "CN=client.example" },
	{ "words", BYTES("Joe Doe (1)"), "CN=Joe Doe (1)" },
	{ "more of a name", BYTES("a,O=Bank+L=x"), "CN=a\\,O=Bank\\+L=x" },
	{ "specials", BYTES("\"<>;\\"), "CN=\\\"\\<\\>\\;\\\\" },
	{ "ends", BYTES("# a #"), "CN=\\# a #" },
	{ "spaces", BYTES("  a  "), "CN=\\  a \\ " },
	{ "one space", BYTES(" "), "CN=\\ " },
	{ "line, NUL", BYTES("a\r\nb\0c\x7f"), "CN=a\\0D\\0Ab\\00c\\7F" },
	{ "high", BYTES("m\xc3\xbc"), "CN=m\\C3\\BC" },
};

static void
run(const struct text_case *cases, size_t count,
    hl_str (*fn)(struct arena *arena, struct slice in))
{
	struct arena arena;

	arena_init(&arena, 256, 0);
	for (size_t i = 0; i < count; i++) {
		hl_str got = fn(&arena, cases[i].in);

		UNIT_CASE(cases[i].name, strcmp(got.p, cases[i].text) == 0);
		UNIT_CASE(cases[i].name, got.n == strlen(cases[i].text));
	}
	arena_done(&arena);
}

static void
test_words(void **state)
{
	(void)state;
	run(words, sizeof(words) / sizeof(words[0]), proxy_text_word);
}

static void
test_names(void **state)
{
	(void)state;
	run(names, sizeof(names) / sizeof(names[0]), proxy_text_cn);
}

static void
test_long(void **state)
{
	static char long_text[4096];
	struct arena arena;

	(void)state;
	memset(long_text, 'a', sizeof(long_text));
	arena_init(&arena, 256, 0);
	assert_int_equal(
	    proxy_text_word(&arena, (struct slice){ long_text, 4096 }).n,
	    PROXY_WORD_MAX);
	assert_int_equal(proxy_text_cn(&arena,
			     (struct slice){ long_text, TLS_INFO_NAME_MAX - 3 })
			     .n,
	    TLS_INFO_NAME_MAX);
	assert_int_equal(proxy_text_cn(&arena,
			     (struct slice){ long_text, TLS_INFO_NAME_MAX - 2 })
			     .n,
	    0);
	memset(long_text, '\1', sizeof(long_text));
	assert_int_equal(
	    proxy_text_cn(&arena, (struct slice){ long_text, 400 }).n, 0);
	arena_done(&arena);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_words),
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_long),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
