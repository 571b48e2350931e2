/* SPDX-License-Identifier: MIT */
/* auth_bearer.c - XOAUTH2 and OAUTHBEARER (RFC 7628).
 *
 * A refusal comes in two steps: 334 with the reason as JSON, to which the
 * client answers with a dummy, then 535.
 */
#include "auth.h"
#include "smtp/sasl.h"

/* The user's name, unescaped if need be; "" in OAUTHBEARER is nobody yet. */
static bool
take_user(struct auth_exchange *x, const struct sasl_bearer *bearer)
{
	char *user = arena_alloc(x->ctx->arena, bearer->user.n + 1);
	size_t n;

	if (!bearer->is_escaped) {
		x->shown.user = arena_str(x->ctx->arena, bearer->user);
		return true;
	}
	if (sasl_name_decode(bearer->user, user, &n) < 0)
		return auth_malformed(x);
	x->shown.user = x->shown.authzid = (hl_str){ user, n };
	return true;
}

static bool
show(struct auth_exchange *x,
    int (*parse)(struct slice message, struct sasl_bearer *ret))
{
	struct slice message;
	struct sasl_bearer bearer;

	if (!auth_first(x, &message))
		return false;
	if (parse(message, &bearer) < 0)
		return auth_malformed(x);
	x->shown.clear = arena_str(x->ctx->arena, bearer.token);
	return take_user(x, &bearer);
}

bool
auth_show_xoauth2(struct auth_exchange *x)
{
	return show(x, sasl_xoauth2_parse);
}

bool
auth_show_oauthbearer(struct auth_exchange *x)
{
	return show(x, sasl_oauthbearer_parse);
}

bool
auth_explain_xoauth2(struct auth_exchange *x)
{
	return auth_tell(
	    x, SLICE_LIT("{\"status\":\"401\",\"schemes\":\"bearer\"}"));
}

bool
auth_explain_oauthbearer(struct auth_exchange *x)
{
	return auth_tell(x, SLICE_LIT("{\"status\":\"invalid_token\"}"));
}
