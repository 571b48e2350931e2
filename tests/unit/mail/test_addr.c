/* SPDX-License-Identifier: MIT */
/* test_addr.c - addresses of the envelope. */
#include "unit.h"

#include "base/arena.h"
#include "base/err.h"
#include "mail/addr.h"
#include "smtp/path.h"

static const struct {
	const char *in, *text, *path, *local, *host;
} cases[] = {
	{ "<a@b.example>", "a@b.example", "<a@b.example>", "a", "b.example" },
	{ "<\"a b\"@x.example>", "\"a b\"@x.example", "<\"a b\"@x.example>",
	    "a b", "x.example" },
	{ "<\"ab\"@x.example>", "ab@x.example", "<ab@x.example>", "ab",
	    "x.example" },
	{ "<@r.example:a@b.example>", "a@b.example", "<a@b.example>", "a",
	    "b.example" },
	{ "<a@[192.0.2.1]>", "a@[192.0.2.1]", "<a@[192.0.2.1]>", "a",
	    "[192.0.2.1]" },
	{ "<Postmaster>", "Postmaster", "<Postmaster>", "Postmaster", "" },
	{ "<>", "", "<>", "", "" },
};

static void
test_from_path(void **state)
{
	struct arena parse, keep;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		const struct hl_addr *addr, *again;
		struct smtp_path path;
		struct slice rest;

		arena_init(&parse, 512, 0);
		arena_init(&keep, 512, 0);
		assert_int_equal(smtp_path_parse(&parse, slice_of(cases[i].in),
				     SMTP_PATH_NULL | SMTP_PATH_POSTMASTER,
				     &path, &rest, NULL),
		    0);
		addr = addr_from_path(&keep, &path);
		/* What the parser had is not needed any more. */
		arena_done(&parse);
		assert_string_equal(addr->text.p, cases[i].text);
		assert_string_equal(addr->path.p, cases[i].path);
		assert_int_equal(addr->path.n, strlen(addr->path.p));
		assert_string_equal(addr->local.p, cases[i].local);
		assert_string_equal(addr->host.p, cases[i].host);
		assert_int_equal(addr->is_null, cases[i].text[0] == '\0');
		again = addr_from_parts(
		    &keep, slice_str(addr->local), slice_str(addr->host));
		assert_string_equal(again->text.p, cases[i].text);
		assert_string_equal(again->path.p, cases[i].path);
		assert_int_equal(again->is_null, addr->is_null);
		assert_true(addr_equal(addr, again));
		arena_done(&keep);
	}
}

static void
test_equal(void **state)
{
	struct arena arena;
	const struct hl_addr *a, *b;

	(void)state;
	arena_init(&arena, 512, 0);
	a = addr_from_parts(&arena, SLICE_LIT("a"), SLICE_LIT("b.example"));
	b = addr_from_parts(&arena, SLICE_LIT("a"), SLICE_LIT("B.Example"));
	assert_true(addr_equal(a, b));
	b = addr_from_parts(&arena, SLICE_LIT("A"), SLICE_LIT("b.example"));
	assert_false(addr_equal(a, b));
	b = addr_from_parts(&arena, SLICE_NONE, SLICE_NONE);
	assert_false(addr_equal(a, b));
	assert_true(b->is_null);
	arena_done(&arena);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_from_path),
		cmocka_unit_test(test_equal),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
