/* SPDX-License-Identifier: MIT */
/* auth_external.c - EXTERNAL (RFC 4422 A): the client's certificate.
 *
 * Offered only to a client whose certificate was verified, not to one whom its
 * proxy has introduced with XCLIENT.  That somebody has a certificate does not
 * say as whom it may act: the hook decides, by hl_tls.
 */
#include "auth.h"
#include "smtp/sasl.h"

bool
auth_can_external(const struct session *session)
{
	const struct hl_tls *tls = session->conv.facts.tls;

	return tls != NULL && tls->cert_verified && !session->is_introduced;
}

/* Whom the certificate is for: its first mail address, else its subject. */
static hl_str
name_of(const struct hl_tls *tls)
{
	for (size_t i = 0; i < tls->alt_name_count; i++) {
		struct slice name = slice_str(tls->alt_names[i]);

		if (slice_find(name, '@') < name.n)
			return tls->alt_names[i];
	}
	return tls->cert_subject;
}

bool
auth_show_external(struct auth_exchange *x)
{
	const struct hl_tls *tls = x->session->conv.facts.tls;
	struct slice authzid;

	if (!auth_first(x, &authzid))
		return false;
	if (authzid.n > 0 && !sasl_user_is_sane(authzid))
		return auth_malformed(x);
	x->shown.authzid = arena_str(x->ctx->arena, authzid);
	x->shown.user = authzid.n > 0 ? x->shown.authzid : name_of(tls);
	return sasl_user_is_sane(slice_str(x->shown.user)) || auth_deny(x);
}
