/* SPDX-License-Identifier: MIT */
/* auth.h - AUTH (RFC 4954), private to server/.
 *
 *	cmd_auth.c        may it be asked now, of which mechanism
 *	auth_mechanisms.c the table: which there are, which are offered
 *	auth_exchange.c   334 and the client's answer
 *	auth_password.c   PLAIN, LOGIN, CRAM-MD5: what they show
 *	auth_bearer.c     XOAUTH2, OAUTHBEARER
 *	auth_external.c   EXTERNAL
 *	auth_scram.c      SCRAM-SHA-256 and -PLUS, all of it
 *	auth_outcome.c    what success and failure come to
 *
 * An exchange runs on the session's fiber.  What the client shows lives in
 * the call arena, which is wiped when the command ends (has_secret), as are
 * the bytes of the input that it came in; it reaches no log line.
 *
 * To add a mechanism: its hook in hooks.def, its row in auth_mechanisms.c, a
 * parser in smtp/, dialogs.
 */
#ifndef HOOKLINE_SERVER_AUTH_H
#define HOOKLINE_SERVER_AUTH_H

#include "commands.h"
#include "hook/auth.h"

struct auth_exchange {
	struct session *session;
	struct hl_ctx *ctx;
	const struct auth_mechanism *mechanism;
	struct slice initial; /* base64 as sent; p NULL: none */
	struct hl_auth shown;
	struct auth_ret given;
	struct mono since; /* all was shown, or nothing will be */
	struct outcome outcome;
};

/* Steps return false when the command has been answered, or needs no answer
 * any more. */
typedef bool auth_step_fn(struct auth_exchange *x);

struct auth_mechanism {
	const char *name; /* as EHLO has it */
	const char *word; /* as hooks and log lines have it */
	enum hook_id hook;
	bool by_auth; /* the hook `auth` makes it, and decides after `hook` */
	/* Can this session do it at all?  NULL: always. */
	bool (*can)(const struct session *session);
	auth_step_fn *show BLOCKS;    /* fills `shown` */
	auth_step_fn *decide BLOCKS;  /* fills `outcome` and `given` */
	auth_step_fn *explain BLOCKS; /* says why before a refusal; or NULL */
};

/* -- auth_mechanisms.c -- */
/* NULL: the client may not use it, or there is none of that name. */
const struct auth_mechanism *auth_find(
    const struct session *session, struct slice name);
/* Has the chain any auth hook?  Without, AUTH is an unknown command. */
bool auth_is_known(const struct session *session);
/* What is secret must not be sent in clear (config/tls_before_auth). */
bool auth_needs_tls(const struct session *session);
/* For ehlo.c: is there a mechanism for this client now; " PLAIN LOGIN". */
bool auth_is_offered(const struct session *session);
void auth_list(const struct session *session, struct buf *list);
/* The first word of AUTH's arguments if it names a mechanism, then " ***" for
 * what follows: what may be shown of the command. */
hl_str auth_masked(struct arena *arena, struct slice rest);

/* -- auth_exchange.c -- */
/* Sends `challenge` and reads the answer, in the call arena. */
bool auth_ask(struct auth_exchange *x, struct slice challenge,
    struct slice *ret) BLOCKS WARN_UNUSED;
/* Sends the reason of a refusal, to which the client answers anything at all.
 * False: it did not wait for the refusal, which is logged. */
bool auth_tell(struct auth_exchange *x, struct slice reason) BLOCKS;
/* The initial response, else the answer to an empty challenge. */
bool auth_first(struct auth_exchange *x, struct slice *ret) BLOCKS WARN_UNUSED;
/* 501 5.5.2; returns false. */
bool auth_malformed(struct auth_exchange *x) BLOCKS;
/* Refuses as a wrong password is refused, and asks no plugin. */
bool auth_deny(struct auth_exchange *x);
/* The mechanism's hook; then `auth`, where it takes part. */
bool auth_decide(struct auth_exchange *x) BLOCKS;

auth_step_fn auth_show_plain BLOCKS, auth_show_login BLOCKS;
auth_step_fn auth_show_cram BLOCKS, auth_show_external BLOCKS;
auth_step_fn auth_show_xoauth2 BLOCKS, auth_explain_xoauth2 BLOCKS;
auth_step_fn auth_show_oauthbearer BLOCKS, auth_explain_oauthbearer BLOCKS;
auth_step_fn auth_show_scram BLOCKS, auth_decide_scram BLOCKS;
bool auth_can_external(const struct session *session);
bool auth_can_bind(const struct session *session);

/* -- auth_outcome.c -- */
/* Too many of this client's have failed: answered, returns true. */
bool auth_is_locked(struct session *session, struct hl_ctx *ctx) BLOCKS;
/* Answers, and keeps what follows from it. */
void auth_finish(struct auth_exchange *x) BLOCKS;

#endif
