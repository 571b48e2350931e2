/* SPDX-License-Identifier: MIT */
/* sasl_bearer.c - XOAUTH2 and OAUTHBEARER: a token instead of a password.
 *
 *	client-resp = (gs2-header kvsep *kvpair kvsep) / kvsep    (RFC 7628 3.1)
 *	kvpair      = key "=" value kvsep
 *	key         = 1*(ALPHA)
 *	value       = *(VCHAR / SP / HTAB / CR / LF)
 *	kvsep       = %x01
 *
 * XOAUTH2 is the same with the pair "user=..." in place of the header.
 */
#include <errno.h>

#include "smtp/sasl.h"

#define SEP '\1'

/* "Bearer" SP token; tokens are b64token (RFC 6750 2.1). */
static int
parse_scheme(struct slice value, struct slice *ret_token)
{
	struct slice scheme = slice_word(&value), token = slice_trim(value);

	if (!slice_caseeq_text(scheme, "Bearer") || token.n == 0)
		return -EINVAL;
	for (size_t i = 0; i < token.n; i++) {
		if (token.p[i] <= ' ' || token.p[i] >= 127)
			return -EINVAL;
	}
	*ret_token = token;
	return 0;
}

static bool
is_key(struct slice key)
{
	for (size_t i = 0; i < key.n; i++) {
		if (!ascii_is_alpha(key.p[i]))
			return false;
	}
	return key.n > 0;
}

/* The pairs up to the separator that ends them; `want_user`: "user" is one. */
static int
parse_pairs(struct slice left, bool want_user, struct sasl_bearer *ret)
{
	bool has_user = false, has_token = false;
	struct slice pair, key;

	for (;;) {
		if (!slice_cut(&left, SEP, &pair))
			return -EINVAL;
		if (pair.n == 0)
			break;
		if (left.p == NULL || !slice_cut(&pair, '=', &key) ||
		    pair.p == NULL || !is_key(key))
			return -EINVAL;
		if (want_user && slice_eq_text(key, "user")) {
			if (has_user)
				return -EINVAL;
			ret->user = pair;
			has_user = true;
		} else if (slice_eq_text(key, "auth")) {
			if (has_token || parse_scheme(pair, &ret->token) < 0)
				return -EINVAL;
			has_token = true;
		}
	}
	/* A separator ends them, and nothing stands behind it. */
	if (left.p == NULL || left.n > 0 || !has_token || has_user != want_user)
		return -EINVAL;
	return 0;
}

int
sasl_xoauth2_parse(struct slice message, struct sasl_bearer *ret)
{
	struct sasl_bearer bearer = { 0 };

	if (parse_pairs(message, true, &bearer) < 0 ||
	    !sasl_user_is_sane(bearer.user))
		return -EINVAL;
	*ret = bearer;
	return 0;
}

int
sasl_oauthbearer_parse(struct slice message, struct sasl_bearer *ret)
{
	struct sasl_bearer bearer = { 0 };
	struct slice left = message, none;
	struct sasl_gs2 gs2;

	if (sasl_gs2_parse(&left, &gs2) < 0 || gs2.binding == 'p')
		return -EINVAL;
	if (!slice_cut(&left, SEP, &none) || none.n > 0 || left.p == NULL)
		return -EINVAL;
	if (parse_pairs(left, false, &bearer) < 0)
		return -EINVAL;
	if (gs2.authzid.n > 0 && !sasl_user_is_sane(gs2.authzid))
		return -EINVAL;
	bearer.user = gs2.authzid;
	bearer.is_escaped = true;
	*ret = bearer;
	return 0;
}
