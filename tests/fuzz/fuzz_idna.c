/* SPDX-License-Identifier: MIT */
/* fuzz_idna.c - the ASCII form of a domain is one, is its own ASCII form, and
 * names that have the same one are equal. */
#include "fuzz.h"

#include <string.h>

#include "base/arena.h"
#include "base/idna.h"

static struct slice
slice_of_name(const struct idna_name *name)
{
	return (struct slice){ name->p, name->n };
}

/* LDH and underscores, no empty label. */
static void
check_is_domain(struct slice name)
{
	char before = '.';

	CHECK(name.n > 0 && name.n <= IDNA_ASCII_MAX);
	for (size_t i = 0; i < name.n; i++) {
		char c = name.p[i];

		CHECK(c == '.' || c == '-' || c == '_' || ascii_is_alnum(c));
		CHECK(c == ascii_lower(c));
		CHECK(c != '.' || before != '.');
		before = c;
	}
	CHECK(before != '.');
}

static void
check_form(struct arena *arena, struct slice domain)
{
	struct idna_name name, again;
	struct slice ascii;
	hl_str letters;

	if (idna_to_ascii(domain, &name) < 0)
		return;
	ascii = slice_of_name(&name);
	CHECK(name.p[name.n] == '\0');
	CHECK(idna_is_ascii(ascii));
	CHECK(idna_equal(domain, ascii) && idna_equal(ascii, domain));
	if (idna_is_ascii(domain)) {
		CHECK(slice_eq(domain, ascii));
		return;
	}
	check_is_domain(ascii);
	letters = idna_to_utf8(arena, ascii);
	CHECK(idna_equal(slice_str(letters), domain));
	CHECK(idna_to_ascii(slice_str(letters), &again) == 0);
	CHECK(slice_caseeq(slice_of_name(&again), ascii));
}

static void
check_address(struct slice text)
{
	static char room[4096 + IDNA_ASCII_MAX + 1];
	static char again[4096 + 2 * IDNA_ASCII_MAX + 1];
	size_t n;

	if (text.n > 4096)
		return;
	n = idna_address_to_ascii(text, room);
	CHECK(n == 0 || n <= text.n + IDNA_ASCII_MAX);
	if (n > 0) {
		size_t at = slice_rfind(text, '@');

		CHECK(!idna_is_ascii(text));
		CHECK(at == text.n || memcmp(text.p, room, at + 1) == 0);
		/* Once is enough. */
		CHECK(idna_address_to_ascii((struct slice){ room, n }, again) ==
		      0);
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
	struct slice in = fuzz_input(bytes, n), a = SLICE_NONE;
	struct arena arena;

	arena_init(&arena, 1024, 0);
	(void)slice_cut(&in, '\n', &a);
	check_form(&arena, a);
	check_form(&arena, in);
	check_address(a);
	(void)idna_address_to_utf8(&arena, a);
	CHECK(idna_equal(a, a));
	CHECK(idna_equal(a, in) == idna_equal(in, a));
	arena_done(&arena);
	return 0;
}
