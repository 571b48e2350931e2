/* SPDX-License-Identifier: MIT */
/* hold.c - when a message is released (FUTURERELEASE, RFC 4865).
 *
 * UNSAFE: indices stay below the slice's n.
 */
#include "smtp/hold.h"

#include <errno.h>

#include "base/num.h"
#include "smtp/calendar.h"
#include "smtp/octet_private.h"

/* future-release-integer = %x31-39 *8DIGIT */
int
smtp_hold_for_parse(struct slice value, uint64_t *ret_s)
{
	if (value.n == 0 || value.n > 9 || value.p[0] == '0')
		return -EINVAL;
	return num_parse_u64(value, 999999999, ret_s) < 0 ? -EINVAL : 0;
}

/* Exactly `digits` of them, `least` to `most`, then `after` (NUL: nothing). */
static bool
take(struct slice *in, size_t digits, unsigned least, unsigned most, char after,
    unsigned *ret)
{
	if (in->n < digits ||
	    num_parse_unsigned(slice_head(*in, digits), most, ret) < 0 ||
	    *ret < least)
		return false;
	*in = slice_from(*in, digits);
	if (after == '\0')
		return true;
	if (in->n == 0 || ascii_lower(in->p[0]) != after)
		return false;
	*in = slice_from(*in, 1);
	return true;
}

/* partial: [time-secfrac] time-offset; seconds east of UTC */
static bool
take_offset(struct slice *in, int64_t *ret)
{
	unsigned hour, minute;
	char sign;

	if (in->n > 1 && in->p[0] == '.' && ascii_is_digit(in->p[1])) {
		*in = slice_from(*in, 2);
		while (in->n > 0 && ascii_is_digit(in->p[0]))
			*in = slice_from(*in, 1);
	}
	if (in->n == 0)
		return false;
	sign = in->p[0];
	*in = slice_from(*in, 1);
	*ret = 0;
	if (sign == 'Z' || sign == 'z')
		return true;
	if ((sign != '+' && sign != '-') || !take(in, 2, 0, 23, ':', &hour) ||
	    !take(in, 2, 0, 59, '\0', &minute))
		return false;
	*ret = (sign == '+' ? 1 : -1) * (int64_t)(hour * 3600 + minute * 60);
	return true;
}

/* date-time = full-date "T" full-time */
int
smtp_hold_until_parse(struct slice value, int64_t *ret_s)
{
	struct calendar d;
	int64_t offset;

	if (!take(&value, 4, 0, 9999, '-', &d.year) ||
	    !take(&value, 2, 1, 12, '-', &d.month) ||
	    !take(&value, 2, 1, 31, 't', &d.day) ||
	    !take(&value, 2, 0, 23, ':', &d.hour) ||
	    !take(&value, 2, 0, 59, ':', &d.minute) ||
	    !take(&value, 2, 0, 60, '\0', &d.second) ||
	    !take_offset(&value, &offset) || value.n > 0 ||
	    !calendar_is_valid(&d))
		return -EINVAL;
	*ret_s = calendar_seconds(&d) - offset;
	return 0;
}
