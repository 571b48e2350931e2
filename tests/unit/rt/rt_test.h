/* SPDX-License-Identifier: MIT */
/* rt_test.h - what the tests of rt/ share: a clock that stands still, a trace
 * of what happened in which order.
 *
 * Assertions are made on the loop's stack, after the fact: cmocka leaves a
 * failed test by longjmp, which must not cross fibers.
 */
#ifndef HOOKLINE_TESTS_RT_TEST_H
#define HOOKLINE_TESTS_RT_TEST_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/clock.h"
#include "rt/fiber.h"
#include "rt/rt_private.h"

#define IO_THREADS 4 /* of every test program; libuv reads it once */

static struct mono test_now;
static char trace[4096];

static inline struct mono
test_mono(void)
{
	return test_now;
}

static inline struct wall
test_wall(void)
{
	return (struct wall){ 0 };
}

static inline void
test_random(void *bytes, size_t n)
{
	memset(bytes, 7, n);
}

/* Appends a word to the trace. */
static inline void note(const char *fmt, ...) PRINTF_LIKE(1, 2);
static inline void
note(const char *fmt, ...)
{
	size_t n = strlen(trace);
	va_list args;

	if (n > 0 && n + 1 < sizeof(trace))
		trace[n++] = ' ';
	va_start(args, fmt);
	(void)vsnprintf(trace + n, sizeof(trace) - n, fmt, args);
	va_end(args);
}

static inline struct rt *
test_rt(unsigned max_fibers)
{
	static const struct clock_source source = {
		.mono = test_mono, .wall = test_wall, .random = test_random
	};
	struct rt_options options = { .max_fibers = max_fibers,
		.io_threads = IO_THREADS };

	trace[0] = '\0';
	test_now = (struct mono){ 1000 * 1000000ull };
	clock_set_source(&source);
	return rt_new(&options);
}

/* Turns the loop, without waiting, until nothing is ready. */
static inline void
turn(struct rt *rt)
{
	do {
		(void)uv_run(rt_loop(rt), UV_RUN_NOWAIT);
	} while (rt->ready_count > 0);
}

/* Lets `ms` pass: alarms go off, what they wake runs. */
static inline void
pass_ms(struct rt *rt, uint64_t ms)
{
	test_now = mono_add_ms(test_now, ms);
	alarm__on_timer(&rt->alarm_timer);
	turn(rt);
}

static inline void
test_rt_done(struct rt **rt)
{
	assert_int_equal(rt_fibers_in_use(*rt), 0);
	assert_int_equal((*rt)->alarm_count, 0);
	rt_free(rt);
	assert_null(*rt);
	clock_set_source(NULL);
}

#endif
