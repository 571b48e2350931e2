/* SPDX-License-Identifier: MIT */
/* fuzz_path.c - what is parsed is within the limits, and its canonical text
 * parses to the same. */
#include "fuzz.h"

#include "base/buf.h"
#include "smtp/domain.h"
#include "smtp/path.h"

static void
check_path(const struct smtp_path *path, unsigned flags)
{
	CHECK(path->local.n <= SMTP_LOCAL_MAX);
	CHECK(path->host.n <= SMTP_DOMAIN_MAX);
	CHECK(path->text.n <= SMTP_PATH_MAX - 2);
	CHECK(path->text.p[path->text.n] == '\0');
	CHECK(slice_find(slice_str(path->text), '\0') == path->text.n);
	CHECK(path->is_null == (path->text.n == 0));
	CHECK(!path->is_null || (flags & SMTP_PATH_NULL) != 0);
	CHECK(!path->is_utf8 || (flags & SMTP_PATH_UTF8) != 0);
	CHECK(path->is_null || path->host.n > 0 ||
	      ((flags & SMTP_PATH_POSTMASTER) != 0 &&
		  slice_caseeq_text(slice_str(path->local), "postmaster")));
	for (size_t i = 0; i < path->text.n; i++)
		CHECK((unsigned char)path->text.p[i] >= ' ' &&
		      path->text.p[i] != 0x7f);
}

static void
check_same(const struct smtp_path *a, const struct smtp_path *b)
{
	CHECK(str_eq(a->text, b->text));
	CHECK(str_eq(a->local, b->local));
	CHECK(str_eq(a->host, b->host));
	CHECK(a->is_null == b->is_null);
	CHECK(a->is_literal == b->is_literal);
	CHECK(a->is_utf8 == b->is_utf8);
}

/* parse(format(path)) == path, with and without brackets. */
static void
check_again(struct arena *arena, const struct smtp_path *path, unsigned flags)
{
	struct smtp_path again;
	struct slice rest;
	struct err err;
	hl_str text = arena_printf(arena, "<%s> rest", path->text.p);

	CHECK(smtp_path_parse(
		  arena, slice_str(text), flags, &again, &rest, &err) == 0);
	CHECK(slice_eq_text(rest, " rest"));
	check_same(path, &again);
	CHECK(smtp_address_parse(
		  arena, slice_str(path->text), flags, &again, &err) == 0);
	check_same(path, &again);
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
	struct slice in = fuzz_input(bytes, n), rest;
	unsigned flags = fuzz_byte(&in) & 15;
	struct arena arena;
	struct smtp_path path;
	struct err err = { 0 };

	arena_init(&arena, 1024, 0);
	if (smtp_path_parse(&arena, in, flags, &path, &rest, &err) == 0) {
		CHECK(rest.p + rest.n == in.p + in.n);
		CHECK((size_t)(rest.p - in.p) <= SMTP_PATH_MAX);
		check_path(&path, flags);
		check_again(&arena, &path, flags);
	} else {
		CHECK(err.text[0] != '\0');
	}
	if (smtp_address_parse(&arena, in, flags, &path, &err) == 0) {
		check_path(&path, flags);
		check_again(&arena, &path, flags);
	}
	arena_done(&arena);
	return 0;
}
