/* SPDX-License-Identifier: MIT */
/* test_stuff.c - a message behind DATA. */
#include "../unit.h"

#include "smtp/stuff.h"

#define CASE(name, in, out)                         \
	{                                           \
		name, SLICE_LIT(in), SLICE_LIT(out) \
	}

static const struct {
	const char *name;
	struct slice in, out;
} cases[] = {
	CASE("a message", "a: b\r\n\r\ntext\r\n", "a: b\r\n\r\ntext\r\n.\r\n"),
	CASE("nothing", "", ".\r\n"),
	CASE("no line end", "text", "text\r\n.\r\n"),
	CASE("dots", ".\r\n..\r\n.a\r\na.\r\n",
	    "..\r\n...\r\n..a\r\na.\r\n.\r\n"),
	CASE("a dot at the end", "a\r\n.", "a\r\n..\r\n.\r\n"),
	CASE("bare LF", "a\n.\nb", "a\r\n..\r\nb\r\n.\r\n"),
	CASE("LF LF", "\n\n", "\r\n\r\n.\r\n"),
	CASE("bare CR", "a\r.\rb\r\n", "a . b\r\n.\r\n"),
	CASE("CR at the start", "\r.\r\n", " .\r\n.\r\n"),
	CASE("CR CR LF", "a\r\r\n", "a \r\n.\r\n"),
	CASE("CR at the end", "a\r", "a \r\n.\r\n"),
	CASE("CR alone", "\r", " \r\n.\r\n"),
	CASE("NUL", "a\0b\0", "a b \r\n.\r\n"),
	CASE("NUL in front of a dot", "\0.\r\n", " .\r\n.\r\n"),
	CASE("smuggled", "a\r\n\0.\r\nb\n.\r\nc\r.\r\n",
	    "a\r\n .\r\nb\r\n..\r\nc .\r\n.\r\n"),
};

/* In pieces of `step` bytes. */
static size_t
stuff_all(struct slice in, size_t step, char *out)
{
	struct smtp_stuff stuff = { 0 };
	size_t n = 0;

	for (size_t at = 0; at < in.n; at += step) {
		struct slice piece = slice_head(slice_from(in, at), step);
		size_t more = smtp_stuff(&stuff, piece.p, piece.n, out + n);

		assert_true(more <= SMTP_STUFF_ROOM(piece.n));
		n += more;
	}
	return n + smtp_stuff_end(&stuff, out + n);
}

static void
test_cases(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		for (size_t step = 1; step <= cases[i].in.n + 1; step++) {
			char out[200];
			size_t n = stuff_all(cases[i].in, step, out);

			UNIT_CASE(cases[i].name,
			    slice_eq((struct slice){ out, n }, cases[i].out));
		}
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_cases),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
