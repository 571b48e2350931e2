/* SPDX-License-Identifier: MIT */
/* fuzz_dsn.c - what the parameters of DSN decode to is clean and encodes to
 * the same again; a time of release is a time. */
#include "fuzz.h"

#include "base/buf.h"
#include "smtp/dsn.h"
#include "smtp/hold.h"
#include "smtp/params.h"

static void
check_clean(hl_str text, bool utf8)
{
	for (size_t i = 0; i < text.n; i++) {
		unsigned char c = (unsigned char)text.p[i];

		CHECK(c >= ' ' && c != 0x7f && (c < 0x80 || utf8));
	}
	CHECK(text.p[text.n] == '\0');
}

static void
check_envid(struct arena *arena, struct slice in)
{
	hl_str envid;

	if (smtp_envid_parse(arena, in, &envid, NULL) < 0)
		return;
	CHECK(in.n <= SMTP_ENVID_MAX && envid.n > 0 && envid.n <= in.n);
	check_clean(envid, false);
}

static void
check_notify(struct slice in)
{
	unsigned bits;

	if (smtp_notify_parse(in, &bits, NULL) < 0)
		return;
	CHECK(bits > 0 && bits < 16);
	CHECK((bits & SMTP_NOTIFY_NEVER) == 0 || bits == SMTP_NOTIFY_NEVER);
}

/* Written with raw letters and the escapes that are needed it says the same. */
static void
check_orcpt(struct arena *arena, struct slice in)
{
	struct smtp_orcpt orcpt, again;
	struct buf text = BUF_INIT;
	bool utf8;

	if (smtp_orcpt_parse(arena, in, &orcpt, NULL) < 0)
		return;
	CHECK(in.n <= SMTP_ORCPT_MAX && orcpt.address.n < in.n);
	utf8 = slice_caseeq_text(slice_str(orcpt.type), "utf-8");
	check_clean(orcpt.address, utf8);
	buf_printf(&text, "%.*s;", STR(orcpt.type));
	for (size_t i = 0; i < orcpt.address.n; i++) {
		char c = orcpt.address.p[i];

		if (c == ' ' || c == '+' || c == '=' || (utf8 && c == '\\'))
			buf_printf(&text, utf8 ? "\\x{%02X}" : "+%02X",
			    (unsigned)(unsigned char)c);
		else
			buf_add_char(&text, c);
	}
	if (text.n <= SMTP_ORCPT_MAX) {
		CHECK(smtp_orcpt_parse(arena, buf_slice(&text), &again, NULL) ==
		      0);
		CHECK(str_eq(again.type, orcpt.type));
		CHECK(str_eq(again.address, orcpt.address));
	}
	buf_done(&text);
}

static void
check_hold(struct slice in)
{
	uint64_t seconds;
	int64_t when;

	if (smtp_hold_for_parse(in, &seconds) == 0)
		CHECK(seconds >= 1 && seconds <= 999999999);
	/* A day more than the years 0 to 9999, for offsets. */
	if (smtp_hold_until_parse(in, &when) == 0)
		CHECK(when >= -62167305600 && when < 253402387200);
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
	struct slice in = fuzz_input(bytes, n);
	struct arena arena;

	arena_init(&arena, 1024, 0);
	(void)!smtp_ret_check(in, NULL);
	check_envid(&arena, in);
	check_notify(in);
	check_orcpt(&arena, in);
	check_hold(in);
	arena_done(&arena);
	return 0;
}
