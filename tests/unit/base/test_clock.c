/* SPDX-License-Identifier: MIT */
/* test_clock.c - dates in several zones, and a clock that can be replaced. */
#include "unit.h"

#include <stdlib.h>
#include <time.h>

#include "base/clock.h"

#define US INT64_C(1000000)

struct date_case {
	const char *name, *zone;
	int64_t second;
	const char *want;
};

/* Zones in POSIX form, so that no table of zones is needed. */
static const struct date_case dates[] = {
	{ "utc", "UTC0", 1795398588, "Mon, 23 Nov 2026 01:49:48 +0000" },
	{ "epoch", "UTC0", 0, "Thu, 01 Jan 1970 00:00:00 +0000" },
	{ "before the epoch", "UTC0", -1, "Wed, 31 Dec 1969 23:59:59 +0000" },
	{ "leap day", "UTC0", 1709164800, "Thu, 29 Feb 2024 00:00:00 +0000" },
	{ "half hour east", "IST-5:30", 1795398588,
	    "Mon, 23 Nov 2026 07:19:48 +0530" },
	{ "quarter hour east", "NPT-5:45", 1795398588,
	    "Mon, 23 Nov 2026 07:34:48 +0545" },
	{ "half hour west", "NST3:30", 1795398588,
	    "Sun, 22 Nov 2026 22:19:48 -0330" },
	{ "half an hour west", "XXX0:30", 1795398588,
	    "Mon, 23 Nov 2026 01:19:48 -0030" },
	{ "winter", "CET-1CEST,M3.5.0,M10.5.0/3", 1795398588,
	    "Mon, 23 Nov 2026 02:49:48 +0100" },
	{ "last second of winter", "CET-1CEST,M3.5.0,M10.5.0/3", 1774745999,
	    "Sun, 29 Mar 2026 01:59:59 +0100" },
	{ "first second of summer", "CET-1CEST,M3.5.0,M10.5.0/3", 1774746000,
	    "Sun, 29 Mar 2026 03:00:00 +0200" },
	{ "seconds in the offset", "LMT0:44:30", 1795398588,
	    "Mon, 23 Nov 2026 01:05:18 -0044" },
	{ "seconds in the offset, next minute", "LMT0:44:30", 1795398630,
	    "Mon, 23 Nov 2026 01:06:00 -0044" },
	{ "five digits of year", "UTC0", 253402300800,
	    "Sat, 01 Jan 10000 00:00:00 +0000" },
};

static void
set_zone(const char *zone)
{
	assert_int_equal(setenv("TZ", zone, 1), 0);
	tzset();
	clock_set_source(NULL); /* forgets the last minute */
}

static void
test_rfc5322_in_zones(void **state)
{
	char buf[WALL_RFC5322_MAX];

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(dates); i++) {
		const struct date_case *c = &dates[i];
		size_t n;

		set_zone(c->zone);
		n = wall_rfc5322(
		    (struct wall){ c->second * US + 999999 }, buf, sizeof(buf));
		if (strcmp(buf, c->want) != 0 || n != strlen(buf))
			fail_msg("%s: got '%s'", c->name, buf);
	}
}

/* The cached minute must never show: compare with libc at each second
 * around borders of minutes, forwards and backwards. */
static void
test_rfc5322_second_by_second(void **state)
{
	static const char *const zones[] = { "UTC0", "IST-5:30",
		"CET-1CEST,M3.5.0,M10.5.0/3", "LMT0:44:30" };
	char buf[WALL_RFC5322_MAX], want[64];

	(void)state;
	for (size_t z = 0; z < ARRAY_SIZE(zones); z++) {
		set_zone(zones[z]);
		for (int i = 0; i < 600; i++) {
			int step = i < 300 ? i : 600 - i;
			time_t second = 1774745999 - 150 + step;
			struct tm tm;

			(void)wall_rfc5322(
			    (struct wall){ second * US }, buf, sizeof(buf));
			assert_non_null(localtime_r(&second, &tm));
			assert_true(strftime(want, sizeof(want),
					"%a, %d %b %Y %T %z", &tm) > 0);
			assert_string_equal(buf, want);
		}
	}
}

static void
test_rfc3339(void **state)
{
	static const struct {
		int64_t us;
		const char *want;
	} cases[] = {
		{ 1795398588 * US + 123999, "2026-11-23T01:49:48.123Z" },
		{ 1795398588 * US, "2026-11-23T01:49:48.000Z" },
		{ 1795398540 * US - 1, "2026-11-23T01:48:59.999Z" },
		{ -1, "1969-12-31T23:59:59.999Z" },
		{ 0, "1970-01-01T00:00:00.000Z" },
	};
	char buf[WALL_RFC3339_MAX];

	(void)state;
	set_zone("IST-5:30");
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		size_t n = wall_rfc3339(
		    (struct wall){ cases[i].us }, buf, sizeof(buf));

		assert_string_equal(buf, cases[i].want);
		assert_int_equal(n, strlen(buf));
	}
}

static void
small_buffer(void)
{
	char buf[WALL_RFC5322_MAX];

	(void)wall_rfc5322((struct wall){ 0 }, buf, WALL_RFC5322_MAX - 1);
}

static void
test_small_buffer_aborts(void **state)
{
	(void)state;
	assert_true(unit_aborts(small_buffer, "wall_rfc5322"));
}

static void
test_system_clocks_advance(void **state)
{
	struct mono a, b;
	struct wall w;

	(void)state;
	clock_set_source(NULL);
	a = mono_now();
	b = mono_now();
	assert_false(mono_is_before(b, a));
	w = wall_now();
	assert_in_range(w.us / US, time(NULL) - 2, time(NULL) + 2);
}

static void
test_mono_arithmetic(void **state)
{
	struct mono a = { 5000000 }, b = mono_add_ms(a, 7);

	(void)state;
	assert_int_equal(b.ns, 12000000);
	assert_int_equal(mono_since_us(b, a), 7000);
	assert_int_equal(mono_since_us(a, b), 0);
	assert_int_equal(mono_since_us(a, a), 0);
	assert_true(mono_is_before(a, b));
	assert_false(mono_is_before(b, a));
	assert_false(mono_is_before(a, a));
	assert_true(mono_add_ms(a, UINT64_MAX).ns == UINT64_MAX);
	assert_true(mono_add_ms(a, UINT64_MAX / 1000000).ns == UINT64_MAX);
}

static struct mono
fixed_mono(void)
{
	return (struct mono){ 42 };
}

static struct wall
fixed_wall(void)
{
	return (struct wall){ 43 };
}

static void
fixed_random(void *bytes, size_t n)
{
	memset(bytes, 0x11, n);
}

static void
test_source_is_replaced_and_restored(void **state)
{
	static const struct clock_source all = { fixed_mono, fixed_wall,
		fixed_random };
	static const struct clock_source some = { .wall = fixed_wall };

	(void)state;
	clock_set_source(&all);
	assert_int_equal(mono_now().ns, 42);
	assert_int_equal(wall_now().us, 43);
	assert_true(random_u64() == UINT64_C(0x1111111111111111));
	clock_set_source(&some);
	assert_int_equal(wall_now().us, 43);
	assert_true(mono_now().ns != 42);
	clock_set_source(NULL);
	assert_true(wall_now().us != 43);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rfc5322_in_zones),
		cmocka_unit_test(test_rfc5322_second_by_second),
		cmocka_unit_test(test_rfc3339),
		cmocka_unit_test(test_small_buffer_aborts),
		cmocka_unit_test(test_system_clocks_advance),
		cmocka_unit_test(test_mono_arithmetic),
		cmocka_unit_test(test_source_is_replaced_and_restored),
	};

	return cmocka_run_group_tests_name("base/clock", tests, NULL, NULL);
}
