/* SPDX-License-Identifier: MIT */
/* state_text.c - rows of the state, as people read them. */
#include "state_text.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/num.h"

const char *
state_time(int64_t seconds, char ret[STATE_TIME_MAX])
{
	time_t at = (time_t)seconds;
	struct tm tm;

	if (seconds <= 0 || localtime_r(&at, &tm) == NULL ||
	    strftime(ret, STATE_TIME_MAX, "%Y-%m-%d %H:%M", &tm) == 0)
		(void)snprintf(ret, STATE_TIME_MAX, "-");
	return ret;
}

uint64_t
state_number(struct slice *value)
{
	struct slice part;
	uint64_t number;

	if (!slice_cut(value, ':', &part) ||
	    num_parse_u64(part, INT64_MAX, &number) < 0)
		return 0;
	return number;
}

/* U+0080 to U+009F in UTF-8. */
static bool
is_c1(struct slice text, size_t at)
{
	return at + 1 < text.n && text.p[at] == '\xc2' &&
	       (unsigned char)text.p[at + 1] < 0xa0;
}

void
state_print(struct slice text)
{
	for (size_t i = 0; i < text.n; i++) {
		unsigned char c = (unsigned char)text.p[i];
		bool is_order = is_c1(text, i);

		i += is_order;
		(void)putchar(c < ' ' || c == 127 || is_order ? '?' : c);
	}
}
