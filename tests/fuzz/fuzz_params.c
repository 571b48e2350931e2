/* SPDX-License-Identifier: MIT */
/* fuzz_params.c - parameters written out again parse to the same; xtext
 * decodes to what it was encoded from. */
#include "fuzz.h"

#include "base/buf.h"
#include "smtp/params.h"

static void
check_params(struct arena *arena, const struct smtp_params *params,
    unsigned max, bool utf8)
{
	struct smtp_params again;
	struct buf text = BUF_INIT;

	CHECK(params->count <= max);
	for (size_t i = 0; i < params->count; i++) {
		const struct smtp_param *p = &params->items[i];

		CHECK(p->key.n > 0);
		CHECK(p->has_value == (p->value.n > 0));
		CHECK(smtp_params_get(params, p->key.p) == p);
		buf_printf(&text, " %s%s%s", p->key.p, p->has_value ? "=" : "",
		    p->value.p);
	}
	CHECK(smtp_params_parse(
		  arena, buf_slice(&text), max, utf8, &again, NULL) == 0);
	CHECK(again.count == params->count);
	for (size_t i = 0; i < params->count; i++) {
		CHECK(str_eq(again.items[i].key, params->items[i].key));
		CHECK(str_eq(again.items[i].value, params->items[i].value));
	}
	buf_done(&text);
}

/* RFC 3461 4 */
static void
check_xtext(struct arena *arena, struct slice in)
{
	struct buf text = BUF_INIT;
	hl_str decoded, again;

	if (smtp_xtext_decode(arena, in, &decoded) < 0)
		return;
	CHECK(decoded.n <= in.n);
	for (size_t i = 0; i < decoded.n; i++) {
		unsigned char c = (unsigned char)decoded.p[i];

		if (c < '!' || c > '~' || c == '+' || c == '=')
			buf_printf(&text, "+%02X", c);
		else
			buf_add_char(&text, (char)c);
	}
	CHECK(smtp_xtext_decode(arena, buf_slice(&text), &again) == 0);
	CHECK(str_eq(decoded, again));
	buf_done(&text);
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
	struct slice in = fuzz_input(bytes, n);
	uint8_t choice = fuzz_byte(&in);
	bool utf8 = (choice & 128) != 0;
	unsigned max = choice & 31;
	struct smtp_params params;
	struct arena arena;
	struct err err = { 0 };

	arena_init(&arena, 1024, 0);
	if (smtp_params_parse(&arena, in, max, utf8, &params, &err) == 0)
		check_params(&arena, &params, max, utf8);
	else
		CHECK(err.text[0] != '\0');
	check_xtext(&arena, in);
	arena_done(&arena);
	return 0;
}
