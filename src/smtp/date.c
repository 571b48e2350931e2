/* SPDX-License-Identifier: MIT */
/* date.c - the date and time of a message's fields (RFC 5322, 3.3 and 4.3).
 *
 *	date-time = [ day-of-week "," ] date time [CFWS]
 *	date      = day month year
 *	time      = hour ":" minute [ ":" second ] zone
 *	zone      = ( "+" / "-" ) 4DIGIT / obs-zone
 *
 * UNSAFE: indices stay below the slice's n.
 */
#include "smtp/date.h"

#include <errno.h>

#include "base/num.h"
#include "smtp/calendar.h"

static const char *const days[] = { "mon", "tue", "wed", "thu", "fri", "sat",
	"sun" };
static const char *const months[] = { "jan", "feb", "mar", "apr", "may", "jun",
	"jul", "aug", "sep", "oct", "nov", "dec" };
static const struct {
	const char *name;
	int hours;
} zones[] = { { "edt", -4 }, { "est", -5 }, { "cdt", -5 }, { "cst", -6 },
	{ "mdt", -6 }, { "mst", -7 }, { "pdt", -7 }, { "pst", -8 } };

/* White space, folds and comments, which nest.  One that does not end takes
 * all of the rest. */
static void
skip_cfws(struct slice *in)
{
	size_t depth = 0, i = 0;

	for (; i < in->n; i++) {
		char c = in->p[i];

		if (c == '(')
			depth++;
		else if (c == ')' && depth > 0)
			depth--;
		else if (c == '\\' && depth > 0 && i + 1 < in->n)
			i++;
		else if (depth == 0 && !ascii_is_space(c))
			break;
	}
	*in = slice_from(*in, i);
}

static bool
take_char(struct slice *in, char wanted)
{
	skip_cfws(in);
	if (in->n == 0 || in->p[0] != wanted)
		return false;
	*in = slice_from(*in, 1);
	return true;
}

/* Letters; none is a word of none. */
static struct slice
take_word(struct slice *in)
{
	struct slice word;
	size_t n = 0;

	skip_cfws(in);
	while (n < in->n && ascii_is_alpha(in->p[n]))
		n++;
	word = slice_head(*in, n);
	*in = slice_from(*in, n);
	return word;
}

/* `least` to `most` digits; how many, or 0. */
static size_t
take_number(struct slice *in, size_t least, size_t most, unsigned *ret)
{
	size_t n = 0;

	skip_cfws(in);
	while (n < in->n && ascii_is_digit(in->p[n]))
		n++;
	if (n < least || n > most ||
	    num_parse_unsigned(slice_head(*in, n), 9999, ret) < 0)
		return 0;
	*in = slice_from(*in, n);
	return n;
}

/* 1 for the first of these, 0 for none. */
static unsigned
find_name(struct slice word, const char *const *names, unsigned count)
{
	for (unsigned i = 0; i < count; i++) {
		if (slice_caseeq_text(word, names[i]))
			return i + 1;
	}
	return 0;
}

static bool
take_day_of_week(struct slice *in)
{
	struct slice word = take_word(in);

	if (word.n == 0)
		return true;
	(void)take_char(in, ',');
	return find_name(slice_head(word, word.n < 3 ? word.n : 3), days,
		   ARRAY_SIZE(days)) > 0;
}

static bool
take_date(struct slice *in, struct calendar *c)
{
	size_t digits;

	if (take_number(in, 1, 2, &c->day) == 0)
		return false;
	c->month = find_name(take_word(in), months, ARRAY_SIZE(months));
	digits = take_number(in, 2, 4, &c->year);
	if (digits == 2)
		c->year += c->year < 50 ? 2000 : 1900;
	else if (digits == 3)
		c->year += 1900;
	return digits > 0;
}

static bool
take_time(struct slice *in, struct calendar *c)
{
	c->second = 0;
	return take_number(in, 1, 2, &c->hour) > 0 && take_char(in, ':') &&
	       take_number(in, 2, 2, &c->minute) > 0 &&
	       (!take_char(in, ':') || take_number(in, 2, 2, &c->second) > 0);
}

/* Seconds east of UTC. */
static bool
take_zone(struct slice *in, int64_t *ret)
{
	bool is_west = take_char(in, '-');
	unsigned number;
	struct slice name;

	*ret = 0;
	if (is_west || take_char(in, '+')) {
		if (take_number(in, 4, 4, &number) == 0 || number % 100 > 59)
			return false;
		*ret = (int64_t)(number / 100) * 3600 +
		       (int64_t)(number % 100) * 60;
		if (is_west)
			*ret = -*ret;
		return true;
	}
	name = take_word(in);
	for (size_t i = 0; i < ARRAY_SIZE(zones); i++) {
		if (slice_caseeq_text(name, zones[i].name))
			*ret = (int64_t)zones[i].hours * 3600;
	}
	return true;
}

int
smtp_date_parse(struct slice in, int64_t *ret_s)
{
	struct calendar c = { 0 };
	int64_t offset;

	if (!take_day_of_week(&in) || !take_date(&in, &c) ||
	    !take_time(&in, &c) || !take_zone(&in, &offset))
		return -EINVAL;
	skip_cfws(&in);
	if (in.n > 0 || !calendar_is_valid(&c))
		return -EINVAL;
	*ret_s = calendar_seconds(&c) - offset;
	return 0;
}
