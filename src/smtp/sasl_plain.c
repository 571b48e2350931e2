/* SPDX-License-Identifier: MIT */
/* sasl_plain.c - PLAIN (RFC 4616).
 *
 *	message  = [authzid] UTF8NUL authcid UTF8NUL passwd
 *	authcid  = 1*SAFE ; MUST accept up to 255 octets
 *	passwd   = 1*SAFE
 *	SAFE     = any UTF-8 character but NUL
 *
 * A password that is no UTF-8 is taken as it is: clients of sites with older
 * passwords send those.
 */
#include <errno.h>

#include "smtp/sasl.h"

int
sasl_plain_parse(struct slice message, struct sasl_plain *ret)
{
	struct sasl_plain plain;
	struct slice left = message;

	if (!slice_cut(&left, '\0', &plain.authzid) || left.p == NULL ||
	    !slice_cut(&left, '\0', &plain.user) || left.p == NULL)
		return -EINVAL;
	plain.password = left;
	if (!sasl_user_is_sane(plain.user) ||
	    !sasl_secret_is_sane(plain.password))
		return -EINVAL;
	*ret = plain;
	return 0;
}
