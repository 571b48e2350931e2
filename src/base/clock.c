/* SPDX-License-Identifier: MIT */
/* clock.c - the two clocks, and dates in text.
 *
 * Both clocks are read without a system call (vDSO).  Splitting a time into
 * a date takes a lock and the time zone's table in libc, so each format
 * keeps the text of the last minute it was asked for; no zone changes its
 * offset within a minute.
 */
#include "clock.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "check.h"
#include "clock_private.h"

#define US_PER_S 1000000

/* Everything of a date but the seconds, for one minute. */
struct minute_text {
	int64_t minute; /* since 1970 */
	bool valid;
	unsigned char head_len, tail_len;
	char head[32];
	char tail[8];
};

static const struct clock_source *source;
static _Thread_local struct minute_text local_minute, utc_minute;

void
clock_set_source(const struct clock_source *new_source)
{
	source = new_source;
	local_minute.valid = utc_minute.valid = false;
	random__forget();
}

const struct clock_source *
clock__source(void)
{
	return source;
}

struct mono
mono_now(void)
{
	struct timespec ts;

	if (source != NULL && source->mono != NULL)
		return source->mono();
	CHECK(clock_gettime(CLOCK_MONOTONIC, &ts) == 0);
	return (struct mono){ (uint64_t)ts.tv_sec * 1000000000u +
			      (uint64_t)ts.tv_nsec };
}

struct wall
wall_now(void)
{
	struct timespec ts;

	if (source != NULL && source->wall != NULL)
		return source->wall();
	CHECK(clock_gettime(CLOCK_REALTIME, &ts) == 0);
	return (
	    struct wall){ (int64_t)ts.tv_sec * US_PER_S + ts.tv_nsec / 1000 };
}

struct mono
mono_add_ms(struct mono t, uint64_t ms)
{
	uint64_t ns;

	/* A deadline too far away is never. */
	if (__builtin_mul_overflow(ms, UINT64_C(1000000), &ns) ||
	    __builtin_add_overflow(t.ns, ns, &t.ns))
		t.ns = UINT64_MAX;
	return t;
}

uint64_t
mono_since_us(struct mono a, struct mono b)
{
	return a.ns > b.ns ? (a.ns - b.ns) / 1000 : 0;
}

bool
mono_is_before(struct mono a, struct mono b)
{
	return a.ns < b.ns;
}

/* Towards minus infinity, for times before 1970. */
static int64_t
floor_div(int64_t a, int64_t b)
{
	return a / b - (a % b < 0 ? 1 : 0);
}

/* RFC 5322 3.3: day-name and month are English in every locale. */
static void
render_rfc5322(struct minute_text *text, const struct tm *tm)
{
	static const char days[][4] = { "Sun", "Mon", "Tue", "Wed", "Thu",
		"Fri", "Sat" };
	static const char months[][4] = { "Jan", "Feb", "Mar", "Apr", "May",
		"Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec" };
	long off = tm->tm_gmtoff / 60;
	long size = off < 0 ? -off : off;
	int n;

	n = snprintf(text->head, sizeof(text->head),
	    "%s, %02d %s %04d %02d:%02d:", days[tm->tm_wday], tm->tm_mday,
	    months[tm->tm_mon], tm->tm_year + 1900, tm->tm_hour, tm->tm_min);
	CHECK(n > 0 && (size_t)n < sizeof(text->head));
	text->head_len = (unsigned char)n;
	n = snprintf(text->tail, sizeof(text->tail), " %c%02ld%02ld",
	    off < 0 ? '-' : '+', size / 60 % 100, size % 60);
	CHECK(n > 0 && (size_t)n < sizeof(text->tail));
	text->tail_len = (unsigned char)n;
}

static void
render_rfc3339(struct minute_text *text, const struct tm *tm)
{
	int n;

	n = snprintf(text->head, sizeof(text->head),
	    "%04d-%02d-%02dT%02d:%02d:", tm->tm_year + 1900, tm->tm_mon + 1,
	    tm->tm_mday, tm->tm_hour, tm->tm_min);
	CHECK(n > 0 && (size_t)n < sizeof(text->head));
	text->head_len = (unsigned char)n;
	text->tail[0] = 'Z';
	text->tail_len = 1;
}

/* Makes `text` that of the second's minute; returns the second in it. */
static unsigned
minute_text_for(struct minute_text *text, int64_t second,
    struct tm *(*split)(const time_t *, struct tm *),
    void (*render)(struct minute_text *, const struct tm *))
{
	int64_t minute = floor_div(second, 60);
	unsigned in_minute = (unsigned)(second - minute * 60);
	time_t time = (time_t)second;
	struct tm tm;

	if (text->valid && text->minute == minute)
		return in_minute;
	CHECK(split(&time, &tm) != NULL);
	render(text, &tm);
	text->minute = minute;
	/* Historical offsets have seconds; then minutes begin elsewhere. */
	text->valid = tm.tm_sec == (int)in_minute;
	return (unsigned)tm.tm_sec;
}

static char *
put(char *at, const char *bytes, size_t n)
{
	memcpy(at, bytes, n);
	return at + n;
}

static char *
put_digits(char *at, unsigned value, unsigned count)
{
	for (unsigned i = count; i-- > 0; value /= 10)
		at[i] = (char)('0' + value % 10);
	return at + count;
}

size_t
wall_rfc5322(struct wall t, char *buf, size_t size)
{
	struct minute_text *text = &local_minute;
	unsigned second;
	char *at = buf;

	CHECK(size >= WALL_RFC5322_MAX);
	second = minute_text_for(
	    text, floor_div(t.us, US_PER_S), localtime_r, render_rfc5322);
	at = put(at, text->head, text->head_len);
	at = put_digits(at, second, 2);
	at = put(at, text->tail, text->tail_len);
	*at = '\0';
	return (size_t)(at - buf);
}

size_t
wall_rfc3339(struct wall t, char *buf, size_t size)
{
	struct minute_text *text = &utc_minute;
	int64_t whole = floor_div(t.us, US_PER_S);
	unsigned second, ms;
	char *at = buf;

	CHECK(size >= WALL_RFC3339_MAX);
	second = minute_text_for(text, whole, gmtime_r, render_rfc3339);
	ms = (unsigned)(t.us - whole * US_PER_S) / 1000;
	at = put(at, text->head, text->head_len);
	at = put_digits(at, second, 2);
	*at++ = '.';
	at = put_digits(at, ms, 3);
	at = put(at, text->tail, text->tail_len);
	*at = '\0';
	return (size_t)(at - buf);
}
