/* SPDX-License-Identifier: MIT */
/* sasl_cram.c - CRAM-MD5 (RFC 2195). */
#include <errno.h>

#include "smtp/sasl.h"

#define HEX_MD5 32

static bool
is_hex(struct slice text)
{
	for (size_t i = 0; i < text.n; i++) {
		char c = ascii_lower(text.p[i]);

		if (!ascii_is_digit(c) && (c < 'a' || c > 'f'))
			return false;
	}
	return true;
}

int
sasl_cram_parse(struct slice message, struct sasl_cram *ret)
{
	size_t space = slice_rfind(message, ' ');
	struct sasl_cram cram = { slice_head(message, space),
		slice_from(message, space + 1) };

	if (space == message.n || cram.hash.n != HEX_MD5 ||
	    !is_hex(cram.hash) || !sasl_user_is_sane(cram.user))
		return -EINVAL;
	*ret = cram;
	return 0;
}
