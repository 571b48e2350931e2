/* SPDX-License-Identifier: MIT */
/* test_date.c - dates of messages. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "smtp/date.h"

#define NINE 1795857529 /* 2026-11-28T09:18:49Z, as date -d says */

static const struct {
	const char *in;
	int64_t seconds;
} good[] = {
	{ "Sat, 28 Nov 2026 09:18:49 +0000", NINE },
	{ "28 Nov 2026 09:18:49 +0000", NINE },
	{ "Sat, 28 Nov 2026 10:48:49 +0130", NINE },
	{ "Fri, 27 Nov 2026 23:18:49 -1000", NINE },
	{ "Sat, 28 Nov 2026 09:18:49 -0000", NINE },
	{ "Sat, 28 Nov 2026 09:18 +0000", NINE - 49 },
	{ " Sat,28\r\n\tNov\n 2026 09:18:49 +0000 \r\n ", NINE },
	{ "Sat, 28 Nov 2026 09:18:49 +0000 (Coordinated (or \\) so) time)",
	    NINE },
	{ "(a) Sat (b) , (c) 28 (d) Nov (e) 2026 (f) 9 (g) : (h) 18 : 49"
	  "(i) +0000",
	    NINE },
	{ "sAT, 28 nOV 2026 09:18:49 gmt", NINE },
	/* the name of a day is not looked at */
	{ "Mon, 28 Nov 2026 09:18:49 UT", NINE },
	{ "Saturday, 28 Nov 2026 09:18:49 UTC", NINE },
	{ "Sat 28 Nov 2026 09:18:49 +0000", NINE },
	{ "Sat, 28 Nov 2026 04:18:49 EST", NINE },
	{ "Sat, 28 Nov 2026 05:18:49 EDT", NINE },
	{ "Sat, 28 Nov 2026 01:18:49 PST", NINE },
	/* not known, or military: UTC (4.3); none at all, too */
	{ "Sat, 28 Nov 2026 09:18:49 CET", NINE },
	{ "Sat, 28 Nov 2026 09:18:49 Z", NINE },
	{ "Sat, 28 Nov 2026 09:18:49 A", NINE },
	{ "Sat, 28 Nov 2026 09:18:49", NINE },
	/* years of two and three digits (4.3) */
	{ "Sat, 28 Nov 26 09:18:49 +0000", NINE },
	{ "28 Nov 126 09:18:49 +0000", NINE },
	{ "1 Jan 70 00:00:00 +0000", 0 },
	{ "1 Jan 49 00:00:00 +0000", 2493072000 },
	{ "1 Jan 50 00:00:00 +0000", -631152000 },
	{ "1 Jan 1970 00:00:00 +0001", -60 },
	{ "29 Feb 2024 12:00:00 +0000", 1709208000 },
	{ "31 Dec 2016 23:59:60 +0000", 1483228799 },
	{ "31 Dec 9999 23:59:59 +0000", 253402300799 },
};

static const char *const bad[] = {
	"",
	"today",
	"Sat",
	"Sat,",
	"Sat, 28",
	"Sat, 28 Nov",
	"Sat, 28 Nov 2026",
	"Sat, 28 Nov 2026 09",
	"Sat, 28 Nov 2026 09:18:",
	"Xyz, 28 Nov 2026 09:18:49 +0000",
	"Sat, 28 Nop 2026 09:18:49 +0000",
	"Sat, 28 11 2026 09:18:49 +0000",
	"Sat, 0 Nov 2026 09:18:49 +0000",
	"Sat, 31 Nov 2026 09:18:49 +0000",
	"Sat, 29 Feb 2026 09:18:49 +0000",
	"Sat, 29 Feb 1900 09:18:49 +0000",
	"Sat, 028 Nov 2026 09:18:49 +0000",
	"Sat, 28 Nov 6 09:18:49 +0000",
	"Sat, 28 Nov 12026 09:18:49 +0000",
	"Sat, 28 Nov 2026 24:18:49 +0000",
	"Sat, 28 Nov 2026 09:60:49 +0000",
	"Sat, 28 Nov 2026 09:18:61 +0000",
	"Sat, 28 Nov 2026 09:1:49 +0000",
	"Sat, 28 Nov 2026 09:18:49 +000",
	"Sat, 28 Nov 2026 09:18:49 +00000",
	"Sat, 28 Nov 2026 09:18:49 +0060",
	"Sat, 28 Nov 2026 09:18:49 GMT+1",
	"Sat, 28 Nov 2026 09:18:49 +0000 x",
	"Sat, 28 Nov 2026 09:18:49 +0000)",
	"(Sat, 28 Nov 2026 09:18:49 +0000",
	"2026-11-28T09:18:49Z",
	"Nov 28 2026 09:18:49 +0000",
};

static void
test_good(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(good); i++) {
		int64_t seconds = -1;

		print_message("# %s\n", good[i].in);
		assert_int_equal(
		    smtp_date_parse(slice_of(good[i].in), &seconds), 0);
		assert_int_equal(seconds, good[i].seconds);
	}
}

static void
test_bad(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		int64_t seconds = 7;

		print_message("# %s\n", bad[i]);
		assert_int_equal(
		    smtp_date_parse(slice_of(bad[i]), &seconds), -EINVAL);
		assert_int_equal(seconds, 7);
	}
}

/* A NUL is not the end, and nothing is read behind it. */
static void
test_cut(void **state)
{
	static const char text[] = "Sat, 28 Nov 2026 09:18:49 +0000";
	int64_t seconds;

	(void)state;
	for (size_t n = 0; n < sizeof(text); n++)
		(void)!smtp_date_parse((struct slice){ text, n }, &seconds);
	assert_int_equal(
	    smtp_date_parse((struct slice){ text, sizeof(text) }, &seconds),
	    -EINVAL);
	/* With two digits of its year, and no time. */
	assert_int_equal(
	    smtp_date_parse((struct slice){ text, 14 }, &seconds), -EINVAL);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_good),
		cmocka_unit_test(test_bad),
		cmocka_unit_test(test_cut),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
