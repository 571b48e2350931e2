/* SPDX-License-Identifier: MIT */
/* cmd_starttls.c - STARTTLS (RFC 3207).
 *
 * Only says yes or no; session_tls.c does it, when the 220 is about to go
 * out.
 */
#include "commands.h"
#include "server_tls.h"

bool
starttls_is_possible(const struct session *session)
{
	return session->conv.facts.tls == NULL &&
	       server_tls(session->listener) != NULL;
}

static void
refuse(struct session *session, struct hl_ctx *ctx, unsigned code,
    const char *enhanced, const char *text)
{
	reply_refuse(
	    session, ctx, HOOK_UNRECOGNIZED_COMMAND, code, enhanced, text);
}

void
cmd_starttls(struct session *session, struct hl_ctx *ctx, struct slice rest)
{
	if (rest.n > 0) {
		refuse(
		    session, ctx, 501, "5.5.4", "STARTTLS takes no argument");
		return;
	}
	if (session->conv.facts.tls != NULL) {
		refuse(session, ctx, 503, "5.5.1", "TLS is on already");
		return;
	}
	if (!starttls_is_possible(session)) {
		refuse(session, ctx, 454, "4.7.0", "TLS is not available");
		return;
	}
	session_reset_txn(session, ctx);
	session_flush(session);
	reply_text(session, ctx, 220, "2.0.0", "Ready to start TLS");
	session->wants_tls = true;
}
