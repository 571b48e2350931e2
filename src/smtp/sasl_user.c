/* SPDX-License-Identifier: MIT */
/* sasl_user.c - what can be a user's name, and what a password.
 *
 * UNSAFE: indices stay below the slice's n.
 */
#include <string.h>

#include "smtp/sasl.h"
#include "smtp/utf8_private.h"

bool
sasl_user_is_sane(struct slice user)
{
	if (user.n == 0 || user.n > SASL_USER_MAX)
		return false;
	for (size_t i = 0; i < user.n;) {
		unsigned char c = (unsigned char)user.p[i];
		size_t len = 1;

		if (c < ' ' || c == 127)
			return false;
		if (c > 127)
			len = smtp__utf8_len(slice_from(user, i));
		if (len == 0)
			return false;
		i += len;
	}
	return true;
}

bool
sasl_secret_is_sane(struct slice secret)
{
	return secret.n > 0 && memchr(secret.p, '\0', secret.n) == NULL;
}
