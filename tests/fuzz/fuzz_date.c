/* SPDX-License-Identifier: MIT */
/* fuzz_date.c - what is taken for a date is within the years, and comments
 * and white space around it do not change it. */
#include "fuzz.h"

#include "base/buf.h"
#include "smtp/date.h"

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
	struct slice in = fuzz_input(bytes, n);
	struct buf text = BUF_INIT;
	int64_t seconds, again;

	if (smtp_date_parse(in, &seconds) < 0)
		return 0;
	/* An offset of 99:59 to both sides of the years 0 to 9999. */
	CHECK(seconds >= -62167579140 && seconds <= 253402660740);
	buf_add_text(&text, "(a (b) \\)) \r\n\t");
	buf_add_slice(&text, in);
	CHECK(smtp_date_parse(buf_slice(&text), &again) == 0);
	CHECK(again == seconds);
	buf_done(&text);
	return 0;
}
