/* SPDX-License-Identifier: MIT */
/* sasl_gs2.c - the header that SCRAM and OAUTHBEARER share (RFC 5801 4).
 *
 *	gs2-header      = gs2-cbind-flag "," [gs2-authzid] ","
 *	gs2-cbind-flag  = ("p=" cb-name) / "n" / "y"
 *	cb-name         = 1*(ALPHA / DIGIT / "." / "-")
 *	gs2-authzid     = "a=" saslname
 *	saslname        = 1*(value-safe-char / "=2C" / "=3D")
 *
 * An empty "a=" is taken as none, since gsasl(1) sends it.  The flag "F", for
 * mechanisms that are none of GSS-API's, is refused: none of ours is.
 *
 * UNSAFE: indices stay below the slice's n; the output has room for it.
 */
#include <errno.h>

#include "smtp/sasl.h"

static bool
is_cb_name(struct slice name)
{
	for (size_t i = 0; i < name.n; i++) {
		char c = name.p[i];

		if (!ascii_is_alnum(c) && c != '.' && c != '-')
			return false;
	}
	return name.n > 0;
}

static int
parse_flag(struct slice flag, struct sasl_gs2 *ret)
{
	if (flag.n == 0)
		return -EINVAL;
	ret->binding = flag.p[0];
	ret->cb_name = SLICE_NONE;
	if (ret->binding == 'p') {
		if (!slice_starts(flag, "p="))
			return -EINVAL;
		ret->cb_name = slice_from(flag, 2);
		return is_cb_name(ret->cb_name) ? 0 : -EINVAL;
	}
	if (flag.n != 1 || (ret->binding != 'n' && ret->binding != 'y'))
		return -EINVAL;
	return 0;
}

int
sasl_gs2_parse(struct slice *message, struct sasl_gs2 *ret)
{
	struct slice left = *message, flag, authzid;
	struct sasl_gs2 gs2 = { 0 };

	if (!slice_cut(&left, ',', &flag) || left.p == NULL ||
	    !slice_cut(&left, ',', &authzid) || left.p == NULL)
		return -EINVAL;
	if (parse_flag(flag, &gs2) < 0)
		return -EINVAL;
	if (authzid.n > 0) {
		if (!slice_starts(authzid, "a="))
			return -EINVAL;
		gs2.authzid = slice_from(authzid, 2);
	}
	gs2.header = slice_head(*message, (size_t)(left.p - message->p));
	*ret = gs2;
	*message = left;
	return 0;
}

int
sasl_name_decode(struct slice in, char *ret, size_t *ret_n)
{
	size_t n = 0;

	for (size_t i = 0; i < in.n; i++) {
		struct slice rest = slice_from(in, i);

		if (in.p[i] == ',')
			return -EINVAL;
		if (in.p[i] != '=') {
			ret[n++] = in.p[i];
			continue;
		}
		if (slice_starts(rest, "=2C"))
			ret[n++] = ',';
		else if (slice_starts(rest, "=3D"))
			ret[n++] = '=';
		else
			return -EINVAL;
		i += 2;
	}
	ret[n] = '\0';
	*ret_n = n;
	return 0;
}
