/* SPDX-License-Identifier: MIT */
/* test_hold.c - HOLDFOR and HOLDUNTIL. */
#include "../unit.h"

#include <errno.h>

#include "smtp/hold.h"

static void
test_hold_for(void **state)
{
	static const struct {
		const char *in;
		uint64_t want; /* 0: -EINVAL */
	} cases[] = {
		{ "1", 1 },
		{ "86400", 86400 },
		{ "999999999", 999999999 },
		{ "1000000000", 0 },
		{ "0", 0 },
		{ "01", 0 },
		{ "-1", 0 },
		{ "+1", 0 },
		{ "1s", 0 },
		{ "", 0 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		uint64_t got = 0;
		int status = smtp_hold_for_parse(slice_of(cases[i].in), &got);

		UNIT_CASE(
		    cases[i].in, status == (cases[i].want > 0 ? 0 : -EINVAL));
		UNIT_CASE(cases[i].in, got == cases[i].want);
	}
}

#define BAD INT64_MIN

static void
test_hold_until(void **state)
{
	static const struct {
		const char *in;
		int64_t want;
	} cases[] = {
		{ "1970-01-01T00:00:00Z", 0 },
		{ "1969-12-31T23:59:59Z", -1 },
		/* RFC 3339 5.8 */
		{ "1985-04-12T23:20:50.52Z", 482196050 },
		{ "1996-12-19T16:39:57-08:00", 851042397 },
		{ "1990-12-31T23:59:60Z", 662687999 },
		{ "1990-12-31T15:59:60-08:00", 662687999 },
		{ "1937-01-01T12:00:27.87+00:20", -1041337173 },
		{ "2026-11-27T23:59:59z", 1795823999 },
		{ "2026-11-27t23:59:59Z", 1795823999 },
		{ "2000-02-29T00:00:00Z", 951782400 },
		{ "9999-12-31T23:59:59Z", 253402300799 },
		{ "0000-01-01T00:00:00Z", -62167219200 },
		{ "1900-02-29T00:00:00Z", BAD },
		{ "2026-02-29T00:00:00Z", BAD },
		{ "2026-04-31T00:00:00Z", BAD },
		{ "2026-13-01T00:00:00Z", BAD },
		{ "2026-00-01T00:00:00Z", BAD },
		{ "2026-01-00T00:00:00Z", BAD },
		{ "2026-01-01T24:00:00Z", BAD },
		{ "2026-01-01T00:60:00Z", BAD },
		{ "2026-01-01T00:00:61Z", BAD },
		{ "2026-01-01T00:00:00", BAD },
		{ "2026-01-01T00:00:00.Z", BAD },
		{ "2026-01-01T00:00:00ZZ", BAD },
		{ "2026-01-01T00:00:00+24:00", BAD },
		{ "2026-01-01T00:00:00+0100", BAD },
		{ "2026-01-01 00:00:00Z", BAD },
		{ "2026-1-1T00:00:00Z", BAD },
		{ "2026-01-01", BAD },
		{ "", BAD },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		int64_t got = BAD;
		int status = smtp_hold_until_parse(slice_of(cases[i].in), &got);

		UNIT_CASE(cases[i].in,
		    status == (cases[i].want == BAD ? -EINVAL : 0));
		UNIT_CASE(cases[i].in, got == cases[i].want);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_hold_for),
		cmocka_unit_test(test_hold_until),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
