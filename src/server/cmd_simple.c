/* SPDX-License-Identifier: MIT */
/* cmd_simple.c - the verbs that only a hook answers: RSET NOOP VRFY HELP
 * QUIT (RFC 5321 4.1.1.5 to 4.1.1.10). */
#include "commands.h"
#include "smtputf8.h"

static void
answer(struct session *session, struct hl_ctx *ctx, enum hook_id hook,
    struct slice rest)
{
	struct hook_args args = { .a = arena_str(ctx->arena, rest) };
	struct outcome outcome;

	hook_run(ctx, hook, &args, &outcome);
	(void)reply_outcome(session, ctx, &outcome);
}

/* RSET has one reply whatever a hook thinks; it may only hang up. */
void
cmd_rset(struct session *session, struct hl_ctx *ctx, struct slice rest)
{
	struct outcome outcome;

	if (rest.n > 0) {
		reply_refuse(session, ctx, HOOK_RSET, 501, "5.5.4",
		    "RSET takes no argument");
		return;
	}
	hook_run(ctx, HOOK_RSET, NULL, &outcome);
	if (outcome.fate != FATE_DISC)
		session_rset(session, ctx);
	(void)reply_outcome(session, ctx, &outcome);
}

void
cmd_noop(struct session *session, struct hl_ctx *ctx, struct slice rest)
{
	answer(session, ctx, HOOK_NOOP, rest);
}

/* VRFY SP ( uLocal-part / uMailbox ) [ SP "SMTPUTF8" ]  (RFC 6531 3.7.4.2) */
void
cmd_vrfy(struct session *session, struct hl_ctx *ctx, struct slice rest)
{
	struct hl_params params;

	if (smtputf8_take(session, ctx, HOOK_VRFY, 252, &rest, &params))
		answer(session, ctx, HOOK_VRFY, rest);
}

void
cmd_help(struct session *session, struct hl_ctx *ctx, struct slice rest)
{
	answer(session, ctx, HOOK_HELP, rest);
}

void
cmd_quit(struct session *session, struct hl_ctx *ctx, struct slice rest)
{
	struct outcome outcome;

	if (rest.n > 0) {
		reply_refuse(session, ctx, HOOK_QUIT, 501, "5.5.4",
		    "QUIT takes no argument");
		return;
	}
	hook_run(ctx, HOOK_QUIT, NULL, &outcome);
	(void)reply_outcome(session, ctx, &outcome);
	session_finish(session, END_QUIT);
}
