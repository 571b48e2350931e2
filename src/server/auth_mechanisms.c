/* SPDX-License-Identifier: MIT */
/* auth_mechanisms.c - the mechanisms of AUTH, and which are offered.
 *
 * Offered is what the hooks of the session's chain make: `auth` makes PLAIN,
 * LOGIN and CRAM-MD5, each `auth-...` its own; in this order.  The control
 * file auth_mechanisms may leave some of them.
 */
#include "auth.h"

static const struct auth_mechanism mechanisms[] = {
	{ "PLAIN", "plain", HOOK_AUTH_PLAIN, true, NULL, auth_show_plain,
	    auth_decide, NULL },
	{ "LOGIN", "login", HOOK_AUTH_LOGIN, true, NULL, auth_show_login,
	    auth_decide, NULL },
	{ "CRAM-MD5", "cram-md5", HOOK_AUTH_CRAM_MD5, true, NULL,
	    auth_show_cram, auth_decide, NULL },
	{ "XOAUTH2", "xoauth2", HOOK_AUTH_XOAUTH2, false, NULL,
	    auth_show_xoauth2, auth_decide, auth_explain_xoauth2 },
	{ "OAUTHBEARER", "oauthbearer", HOOK_AUTH_OAUTHBEARER, false, NULL,
	    auth_show_oauthbearer, auth_decide, auth_explain_oauthbearer },
	{ "EXTERNAL", "external", HOOK_AUTH_EXTERNAL, false, auth_can_external,
	    auth_show_external, auth_decide, NULL },
	{ "SCRAM-SHA-256", "scram-sha-256", HOOK_AUTH_SCRAM_SHA_256, false,
	    NULL, auth_show_scram, auth_decide_scram, NULL },
	{ "SCRAM-SHA-256-PLUS", "scram-sha-256-plus", HOOK_AUTH_SCRAM_SHA_256,
	    false, auth_can_bind, auth_show_scram, auth_decide_scram, NULL },
};

static bool
is_hooked(const struct session *session, const struct auth_mechanism *at)
{
	const struct chain *const *hooks = session->conv.chains->hooks;

	return hooks[at->hook] != NULL ||
	       (at->by_auth && hooks[HOOK_AUTH] != NULL);
}

/* config/auth_mechanisms, if there is one, names those that may be used. */
static bool
is_allowed(const struct session *session, const struct auth_mechanism *at)
{
	struct slice left = slice_str(session->limits->auth_mechanisms), word;
	bool any = false;

	while ((word = slice_word(&left)).n > 0) {
		if (slice_caseeq_text(word, at->name))
			return true;
		any = true;
	}
	return !any;
}

static bool
is_usable(const struct session *session, const struct auth_mechanism *at)
{
	return is_hooked(session, at) && is_allowed(session, at) &&
	       (at->can == NULL || at->can(session));
}

const struct auth_mechanism *
auth_find(const struct session *session, struct slice name)
{
	for (size_t i = 0; i < ARRAY_SIZE(mechanisms); i++) {
		if (slice_caseeq_text(name, mechanisms[i].name) &&
		    is_usable(session, &mechanisms[i]))
			return &mechanisms[i];
	}
	return NULL;
}

bool
auth_is_known(const struct session *session)
{
	for (size_t i = 0; i < ARRAY_SIZE(mechanisms); i++) {
		if (is_hooked(session, &mechanisms[i]))
			return true;
	}
	return false;
}

bool
auth_needs_tls(const struct session *session)
{
	return session->limits->tls_before_auth != 0 &&
	       session->conv.facts.tls == NULL;
}

bool
auth_is_offered(const struct session *session)
{
	if (auth_needs_tls(session))
		return false;
	for (size_t i = 0; i < ARRAY_SIZE(mechanisms); i++) {
		if (is_usable(session, &mechanisms[i]))
			return true;
	}
	return false;
}

void
auth_list(const struct session *session, struct buf *list)
{
	for (size_t i = 0; i < ARRAY_SIZE(mechanisms); i++) {
		if (is_usable(session, &mechanisms[i]))
			buf_printf(list, " %s", mechanisms[i].name);
	}
}

hl_str
auth_masked(struct arena *arena, struct slice rest)
{
	struct slice word = slice_word(&rest);
	const char *more = slice_trim(rest).n > 0 ? " ***" : "";

	for (size_t i = 0; i < ARRAY_SIZE(mechanisms); i++) {
		if (slice_caseeq_text(word, mechanisms[i].name))
			return arena_printf(
			    arena, "%s%s", mechanisms[i].name, more);
	}
	return word.n > 0 ? STR_LIT("***") : STR_EMPTY;
}
