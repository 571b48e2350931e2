/* SPDX-License-Identifier: MIT */
/* clock.h - the two clocks, as types that cannot be mixed up.
 *
 * Tests replace them with clock_set_source.  Everything that asks for the
 * time or for chance asks here, so that a session can be replayed.
 */
#ifndef HOOKLINE_BASE_CLOCK_H
#define HOOKLINE_BASE_CLOCK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct mono {
	uint64_t ns; /* since an arbitrary start, never goes back */
};

struct wall {
	int64_t us; /* since 1970-01-01 00:00 UTC */
};

struct mono mono_now(void);
struct wall wall_now(void);
struct mono mono_add_ms(struct mono t, uint64_t ms);
/* a - b in microseconds, 0 when b is later. */
uint64_t mono_since_us(struct mono a, struct mono b);
bool mono_is_before(struct mono a, struct mono b);

#define WALL_RFC5322_MAX 40
#define WALL_RFC3339_MAX 32

/* RFC 5322 date-time ("Mon, 23 Nov 2026 01:49:48 +0000"), local zone.
 * `size` at least WALL_RFC5322_MAX; returns the length without the NUL.
 * Cheap: the zone is looked up once a minute. */
size_t wall_rfc5322(struct wall t, char *buf, size_t size);
/* RFC 3339 in UTC with milliseconds ("2026-11-23T01:49:48.123Z"); `size` at
 * least WALL_RFC3339_MAX; returns the length without the NUL. */
size_t wall_rfc3339(struct wall t, char *buf, size_t size);

struct clock_source {
	struct mono (*mono)(void);
	struct wall (*wall)(void);
	void (*random)(void *bytes, size_t n);
};
/* NULL restores the system's clocks and random numbers; so does a NULL
 * member for its part.  Forgets this thread's cached local time too. */
void clock_set_source(const struct clock_source *source);

/* Unpredictable (getrandom), never fails; buffered for each thread. */
void random_bytes(void *bytes, size_t n);
uint64_t random_u64(void);
/* Evenly from 0 to bound - 1; bound > 0. */
uint64_t random_below(uint64_t bound);

#endif
