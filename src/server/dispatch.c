/* SPDX-License-Identifier: MIT */
/* dispatch.c - finds the function of a command line. */
#include "auth.h"
#include "data.h"
#include "hook/hook_log.h"
#include "rt/fiber.h"
#include "smtputf8.h"

static const struct handler {
	command_fn *fn;
	enum hook_id hook; /* for log lines of the core's refusals */
	bool is_junk;      /* has no effect on the message (max_junk) */
	bool needs_memory; /* refused when the transaction is over its cap */
} handlers[SMTP_VERB_COUNT] = {
	[SMTP_VERB_EHLO] = { cmd_ehlo, HOOK_EHLO, true, false },
	[SMTP_VERB_LHLO] = { cmd_lhlo, HOOK_EHLO, true, false },
	[SMTP_VERB_HELO] = { cmd_helo, HOOK_HELO, true, false },
	[SMTP_VERB_MAIL] = { cmd_mail, HOOK_MAIL, false, false },
	[SMTP_VERB_RCPT] = { cmd_rcpt, HOOK_RCPT, false, true },
	[SMTP_VERB_DATA] = { cmd_data, HOOK_DATA, false, true },
	[SMTP_VERB_BDAT] = { cmd_bdat, HOOK_DATA, false, false },
	[SMTP_VERB_RSET] = { cmd_rset, HOOK_RSET, true, false },
	[SMTP_VERB_NOOP] = { cmd_noop, HOOK_NOOP, true, false },
	[SMTP_VERB_VRFY] = { cmd_vrfy, HOOK_VRFY, true, false },
	[SMTP_VERB_HELP] = { cmd_help, HOOK_HELP, true, false },
	[SMTP_VERB_QUIT] = { cmd_quit, HOOK_QUIT, false, false },
	[SMTP_VERB_AUTH] = { cmd_auth, HOOK_AUTH, false, false },
	[SMTP_VERB_XCLIENT] = { cmd_xclient, HOOK_UNRECOGNIZED_COMMAND, false,
	    false },
	[SMTP_VERB_XFORWARD] = { cmd_xforward, HOOK_UNRECOGNIZED_COMMAND, true,
	    false },
	[SMTP_VERB_STARTTLS] = { cmd_starttls, HOOK_UNRECOGNIZED_COMMAND, true,
	    false },
};

static hl_str
lower(struct arena *arena, struct slice word)
{
	char *copy = arena_alloc(arena, word.n + 1);

	for (size_t i = 0; i < word.n; i++)
		copy[i] = ascii_lower(word.p[i]);
	return (hl_str){ copy, word.n };
}

static void
unrecognized(struct session *session, struct hl_ctx *ctx,
    const struct smtp_command *command)
{
	struct hook_args args = { .a = lower(ctx->arena, command->word),
		.b = command->verb == SMTP_VERB_AUTH
			 ? auth_masked(ctx->arena, command->rest)
			 : arena_str(ctx->arena, command->rest) };
	struct outcome outcome;

	hook_run(ctx, HOOK_UNRECOGNIZED_COMMAND, &args, &outcome);
	(void)reply_outcome(session, ctx, &outcome);
}

/* EXPN and ETRN are verbs that a plugin may serve; without one they are known,
 * but not implemented (RFC 5321 4.2.4). */
static void
ask_hooks(struct session *session, struct hl_ctx *ctx,
    const struct smtp_command *command)
{
	struct slice rest = command->rest;
	struct hook_args args = { .a = lower(ctx->arena, command->word) };
	struct hl_params params;
	struct outcome outcome;

	if (command->verb == SMTP_VERB_EXPN &&
	    !smtputf8_take(
		session, ctx, HOOK_UNRECOGNIZED_COMMAND, 550, &rest, &params))
		return;
	args.b = arena_str(ctx->arena, rest);
	hook_run(ctx, HOOK_UNRECOGNIZED_COMMAND, &args, &outcome);
	if (outcome.column == COLUMN_NONE) {
		outcome.code = 502;
		outcome.text = STR_LIT("Command not implemented");
	}
	(void)reply_outcome(session, ctx, &outcome);
}

static void
count_junk(struct session *session)
{
	if (session->junk < UINT32_MAX)
		session->junk++;
	if (session->limits->max_junk > 0 &&
	    session->junk > session->limits->max_junk &&
	    session->errors < UINT32_MAX)
		session->errors++;
}

static void
run_handler(struct session *session, struct hl_ctx *ctx,
    const struct handler *handler, struct slice rest)
{
	if (handler->is_junk)
		count_junk(session);
	if (handler->needs_memory && session->conv.txn != NULL &&
	    txn_is_over(session->conv.txn)) {
		reply_refuse(session, ctx, handler->hook, 452, "4.3.1",
		    "Message needs too much memory");
		session_reset_txn(session, ctx);
		return;
	}
	handler->fn(session, ctx, rest);
}

void
check_errors(struct session *session, struct hl_ctx *ctx)
{
	int64_t max = session->limits->max_errors;

	if (session->end != END_NOT || session->gone || max == 0 ||
	    session->errors < max)
		return;
	session_take_back_tls(session);
	reply_refuse(session, ctx, HOOK_UNRECOGNIZED_COMMAND, 421, "4.7.0",
	    "Too many errors");
	session_finish(session, END_QUIT);
}

static const struct handler *
handler_of(const struct session *session, enum smtp_verb verb)
{
	if (verb == SMTP_VERB_LHLO && !session->conv.facts.lmtp)
		verb = SMTP_VERB_UNKNOWN;
	return &handlers[verb];
}

void
dispatch(struct session *session, struct hl_ctx *ctx, struct slice line)
{
	hl_str text = arena_str(ctx->arena, line);
	struct smtp_command command = smtp_command_split(slice_str(text));
	const struct handler *handler = handler_of(session, command.verb);

	session->conv.command_line =
	    command.verb == SMTP_VERB_AUTH
		? arena_printf(ctx->arena, "AUTH %s",
		      auth_masked(ctx->arena, command.rest).p)
		: text;
	session->conv.commands++;
	session->answered = false;
	ctx->txn = session->conv.txn;
	if (session_is_refused(session, ctx, command.verb))
		session->answered = true;
	else if (command.verb == SMTP_VERB_EXPN ||
		 command.verb == SMTP_VERB_ETRN)
		ask_hooks(session, ctx, &command);
	else if (handler->fn == NULL ||
		 (command.verb == SMTP_VERB_AUTH && !auth_is_known(session)))
		unrecognized(session, ctx, &command);
	else
		run_handler(session, ctx, handler, command.rest);
	session->hide_code = 0;
	ctx->params = NULL; /* of MAIL or RCPT: on the stack of its function */
	/* Exactly one final reply a command; that of a chunk comes later. */
	if (!session->answered && session->end == END_NOT &&
	    !data_is_due(session) && !fiber_is_cancelled(fiber_self()))
		reply_refuse(session, ctx,
		    handler->fn != NULL ? handler->hook
					: HOOK_UNRECOGNIZED_COMMAND,
		    451, "4.3.0", "Internal error, try again later");
	check_errors(session, ctx);
	session->conv.command_line = STR_EMPTY;
}
