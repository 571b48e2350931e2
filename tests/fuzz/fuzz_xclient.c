/* SPDX-License-Identifier: MIT */
/* fuzz_xclient.c - any text as the attributes of XCLIENT or XFORWARD. */
#include "fuzz.h"

#include "base/num.h"
#include "smtp/xclient.h"

static void
check_value(enum xattr attr, hl_str value)
{
	struct inet_addr addr;
	unsigned port;

	CHECK(value.n <= XATTR_VALUE_MAX && value.p[value.n] == '\0');
	for (size_t i = 0; i < value.n; i++)
		CHECK((unsigned char)value.p[i] > ' ' && value.p[i] != 127);
	if (value.n == 0)
		return;
	if (attr == XATTR_ADDR || attr == XATTR_DESTADDR)
		CHECK(inet_parse(slice_str(value), &addr) == 0);
	if (attr == XATTR_PORT || attr == XATTR_DESTPORT)
		CHECK(num_parse_unsigned(slice_str(value), 65535, &port) == 0);
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
	struct slice in = fuzz_input(bytes, n);
	unsigned known =
	    (fuzz_byte(&in) & 1) != 0 ? XFORWARD_ATTRS : XCLIENT_ATTRS;
	struct err err = { 0 };
	struct xattrs attrs;
	struct arena arena;

	arena_init(&arena, 512, 0);
	if (xattrs_parse(&arena, in, known, &attrs, &err) < 0) {
		CHECK(err.text[0] != '\0');
	} else {
		unsigned given = 0;

		for (unsigned i = 0; i < XATTR_COUNT; i++) {
			if (attrs.value[i].p == NULL)
				continue;
			given |= XATTR_BIT(i);
			check_value((enum xattr)i, attrs.value[i]);
		}
		CHECK(given != 0 && (given & ~known) == 0);
	}
	arena_done(&arena);
	return 0;
}
