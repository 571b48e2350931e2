/* SPDX-License-Identifier: MIT */
/* bdat.c - the arguments of BDAT (RFC 3030 2). */
#include "smtp/bdat.h"

#include <errno.h>

#include "base/num.h"

int
smtp_bdat_parse(struct slice rest, struct smtp_bdat *ret)
{
	struct slice word = slice_word(&rest);
	uint64_t size;

	if (num_parse_u64(word, INT64_MAX, &size) < 0)
		return -EINVAL;
	*ret = (struct smtp_bdat){ .size = size };
	rest = slice_trim(rest);
	if (rest.n == 0)
		return 0;
	if (!slice_caseeq_text(rest, "LAST"))
		return -EPROTO;
	ret->is_last = true;
	return 0;
}
