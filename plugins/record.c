/* SPDX-License-Identifier: MIT */
/* record.c - four numbers of a client in the database. */
#include "record.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

static int64_t
take_number(const char **text)
{
	int64_t number = 0;

	for (; **text >= '0' && **text <= '9' && number < INT64_MAX / 16;
	     (*text)++)
		number = 10 * number + (**text - '0');
	*text += **text == ':';
	return number;
}

void
record_parse(const char *text, int64_t ret[RECORD_NUMBERS])
{
	for (int i = 0; i < RECORD_NUMBERS; i++)
		ret[i] = take_number(&text);
}

hl_str
record_text(struct hl_ctx *ctx, const int64_t numbers[RECORD_NUMBERS])
{
	return hl_printf(ctx, "%" PRId64 ":%" PRId64 ":%" PRId64 ":%" PRId64,
	    numbers[0], numbers[1], numbers[2], numbers[3]);
}

void
record_health(
    struct hl_ctx *ctx, bool *is_broken, int rc, const char *meanwhile)
{
	if (rc == -ECANCELED || rc == -ETIMEDOUT || rc == -EEXIST ||
	    *is_broken == (rc < 0))
		return;
	*is_broken = rc < 0;
	if (*is_broken)
		hl_log(ctx, HL_LOG_ERROR,
		    "error, no database (%s): %s until it works again",
		    strerror(-rc), meanwhile);
	else
		hl_log(ctx, HL_LOG_NOTICE, "the database works again");
}
