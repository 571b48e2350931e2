/* SPDX-License-Identifier: MIT */
/* auth_password.c - PLAIN, LOGIN, CRAM-MD5: what they show. */
#include "auth.h"
#include "smtp/base64.h"
#include "smtp/sasl.h"

static hl_str
text(struct auth_exchange *x, struct slice bytes)
{
	return arena_str(x->ctx->arena, bytes);
}

/* RFC 4616.  Acting as somebody else is nothing that a password is good for:
 * refused as a wrong one, before a plugin is asked that would not look. */
bool
auth_show_plain(struct auth_exchange *x)
{
	struct slice message;
	struct sasl_plain plain;

	if (!auth_first(x, &message))
		return false;
	if (sasl_plain_parse(message, &plain) < 0)
		return auth_malformed(x);
	x->shown.user = text(x, plain.user);
	if (plain.authzid.n > 0 && !slice_eq(plain.authzid, plain.user))
		return auth_deny(x);
	x->shown.authzid = text(x, plain.authzid);
	x->shown.clear = text(x, plain.password);
	return true;
}

/* Two prompts (draft-murchison-sasl-login); the initial response is the
 * answer to the first. */
bool
auth_show_login(struct auth_exchange *x)
{
	struct slice user, password;

	if (x->initial.p != NULL) {
		if (!auth_first(x, &user))
			return false;
	} else if (!auth_ask(x, SLICE_LIT("Username:"), &user)) {
		return false;
	}
	if (!auth_ask(x, SLICE_LIT("Password:"), &password))
		return false;
	if (!sasl_user_is_sane(user) || !sasl_secret_is_sane(password))
		return auth_malformed(x);
	x->shown.user = text(x, user);
	x->shown.clear = text(x, password);
	return true;
}

/* RFC 2195 2: <random.time@me>. */
static hl_str
make_ticket(struct auth_exchange *x)
{
	return arena_printf(x->ctx->arena, "<%llx.%llx@%.*s>",
	    (unsigned long long)random_u64(),
	    (unsigned long long)(wall_now().us / 1000000),
	    STR(x->session->conv.me));
}

bool
auth_show_cram(struct auth_exchange *x)
{
	struct slice message;
	struct sasl_cram cram;
	char *hash;

	if (x->initial.p != NULL) { /* the server speaks first */
		reply_refuse(x->session, x->ctx, x->mechanism->hook, 501,
		    "5.5.4", "CRAM-MD5 has no initial response");
		return false;
	}
	x->shown.ticket = make_ticket(x);
	if (!auth_ask(x, slice_str(x->shown.ticket), &message))
		return false;
	if (sasl_cram_parse(message, &cram) < 0)
		return auth_malformed(x);
	hash = arena_alloc(x->ctx->arena, cram.hash.n + 1);
	for (size_t i = 0; i < cram.hash.n; i++)
		hash[i] = ascii_lower(cram.hash.p[i]);
	x->shown.user = text(x, cram.user);
	x->shown.hash = (hl_str){ hash, cram.hash.n };
	return true;
}
