/* SPDX-License-Identifier: MIT */
/* cmd_xclient.c - XCLIENT and XFORWARD, from hosts in xclient_hosts.
 *
 * XCLIENT: the connection is that of another client from now on, and begins
 * anew with its greeting.  For plugins the session of the one before ends:
 * what they began at `connect` they end at `disconnect`.  TLS stays, and is
 * the proxy's: hooks are told of it, but the client cannot use its certificate
 * (AUTH EXTERNAL).  XFORWARD: the next message came from there; that is told,
 * and nothing else changes (Postfix's XCLIENT_README and XFORWARD_README).
 */
#include "base/err.h"
#include "base/mem.h"
#include "commands.h"
#include "mail/forwarded.h"
#include "smtp/xclient.h"

/* False: refused and answered. */
static bool
parse(struct session *session, struct hl_ctx *ctx, struct slice rest,
    unsigned known, struct xattrs *ret)
{
	const struct txn *txn = session->conv.txn;
	struct err err;

	if (!session->may_xclient) {
		reply_refuse(session, ctx, HOOK_UNRECOGNIZED_COMMAND, 550,
		    "5.7.0", "Not for your network");
		return false;
	}
	if (txn != NULL && txn->sender != NULL) {
		reply_refuse(session, ctx, HOOK_UNRECOGNIZED_COMMAND, 503,
		    "5.5.1", "Not within a message");
		return false;
	}
	if (xattrs_parse(ctx->arena, rest, known, ret, &err) < 0) {
		reply_refuse(session, ctx, HOOK_UNRECOGNIZED_COMMAND, 501,
		    "5.5.4", err.text);
		return false;
	}
	return true;
}

/* Values of attributes live in the call arena, facts in the session's. */
static hl_str
keep(struct session *session, const struct xattrs *attrs, enum xattr attr)
{
	return arena_str(&session->conv.arena, slice_str(attrs->value[attr]));
}

static bool
has_no_address(const struct xattrs *attrs)
{
	return attrs->value[XATTR_ADDR].p != NULL &&
	       attrs->value[XATTR_ADDR].n == 0;
}

static void
set_addresses(struct session *session, const struct xattrs *attrs)
{
	struct facts *facts = &session->conv.facts;
	char text[INET_TEXT_MAX];

	(void)xattrs_addr(attrs, XATTR_DESTADDR, XATTR_DESTPORT, &facts->local);
	if (has_no_address(attrs)) {
		facts_hide_peer(facts);
	} else if (xattrs_addr(attrs, XATTR_ADDR, XATTR_PORT, &facts->peer)) {
		facts->peer_ip = arena_str(&session->conv.arena,
		    (struct slice){ text, inet_text(&facts->peer, text) });
	} else {
		return;
	}
	facts->peer_name = (hl_str){ NULL, 0 };
	session->conv.peer_lookup = NULL;
	session_count_peer(session);
}

/* An attribute with a value. */
static bool
has(const struct xattrs *attrs, enum xattr attr)
{
	return attrs->value[attr].n > 0;
}

static void
set_facts(struct session *session, const struct xattrs *attrs)
{
	struct facts *facts = &session->conv.facts;

	set_addresses(session, attrs);
	if (has(attrs, XATTR_NAME))
		facts->peer_name = keep(session, attrs, XATTR_NAME);
	else if (attrs->value[XATTR_NAME].p != NULL)
		facts->peer_name = STR_LIT("Unknown");
	if (has(attrs, XATTR_HELO))
		facts->helo =
		    (hl_str){ mem_dup(slice_str(attrs->value[XATTR_HELO])),
			    attrs->value[XATTR_HELO].n };
	if (has(attrs, XATTR_PROTO))
		facts->esmtp =
		    str_caseeq(attrs->value[XATTR_PROTO], STR_LIT("ESMTP"));
	if (!has(attrs, XATTR_LOGIN))
		return;
	facts->auth_user = keep(session, attrs, XATTR_LOGIN);
	facts->auth_mechanism = STR_LIT("xclient");
	facts->relay_client = true;
}

void
cmd_xclient(struct session *session, struct hl_ctx *ctx, struct slice rest)
{
	struct xattrs attrs;

	if (!parse(session, ctx, rest, XCLIENT_ATTRS, &attrs))
		return;
	session_end_for_plugins(session, ctx);
	session_start_over(session, ctx);
	if (session->conv.facts.tls != NULL)
		session_note_tls(session);
	session->is_introduced = true;
	session->auth_failures = 0;
	session->errors = 0;
	session->junk = 0;
	set_facts(session, &attrs);
	session_resolve(session, ctx);
	session_welcome(session, ctx);
}

void
cmd_xforward(struct session *session, struct hl_ctx *ctx, struct slice rest)
{
	struct xattrs attrs;

	if (!parse(session, ctx, rest, XFORWARD_ATTRS, &attrs))
		return;
	forwarded_add(&session->forwarded, &attrs);
	reply_text(session, ctx, 250, "2.0.0", "OK");
}
