/* SPDX-License-Identifier: MIT */
/* reply.c - sends replies, and does what an outcome says. */
#include "reply.h"

#include <errno.h>

#include "hook/hook_log.h"
#include "hook/reply_view.h"
#include "rcpt_replies.h"
#include "shm/stats.h"
#include "smtp/reply.h"
#include "smtputf8.h"

/* Lets `reply` hooks change it; not for replies made inside one. */
static void
run_reply_hooks(struct hl_ctx *ctx, struct hl_reply *reply)
{
	struct hook_args args = { .object = reply };
	struct outcome outcome;

	if (!hook_is_used(ctx, HOOK_REPLY) || ctx->reply != NULL)
		return;
	ctx->reply = reply;
	hook_run(ctx, HOOK_REPLY, &args, &outcome);
	ctx->reply = NULL;
}

/* Our own words were changed: whose fault it is stands in the line. */
static void
log_changes(struct hl_ctx *ctx, unsigned changes, const struct hl_reply *reply)
{
	struct log_line line;

	if ((changes & (SMTP_REPLY_CLASS | SMTP_REPLY_BAD_ENH |
			   SMTP_REPLY_CLEANED)) == 0)
		return;
	hook_log_begin_ctx(&line, LOG_LEVEL_WARN, ctx);
	log_add_text(&line, LOG_event, "reply_changed");
	log_add_int(&line, LOG_code, reply->code);
	log_add(&line, LOG_enh, slice_str(reply->enhanced));
	log_add(&line, LOG_text, slice_str(reply->text));
	log_add_text(&line, LOG_err,
	    (changes & SMTP_REPLY_CLASS) != 0
		? "the enhanced code's class does not fit the code"
	    : (changes & SMTP_REPLY_BAD_ENH) != 0
		? "that is no enhanced code"
		: "control characters became spaces");
	log_end(&line);
}

void
reply_send(struct session *session, struct hl_ctx *ctx, unsigned code,
    hl_str enhanced, hl_str text)
{
	struct hl_reply reply = { code, enhanced, text };
	unsigned changes;
	bool utf8;

	session->answered = true;
	if (session->gone)
		return;
	run_reply_hooks(ctx, &reply);
	utf8 = smtputf8_in_reply(session, ctx, &reply);
	changes = smtp_reply_format(&session->out, reply.code,
	    reply.enhanced.n > 0 ? reply.enhanced.p : NULL,
	    slice_str(reply.text), utf8);
	if (changes != 0)
		log_changes(ctx, changes, &reply);
}

void
reply_text(struct session *session, struct hl_ctx *ctx, unsigned code,
    const char *enhanced, const char *text)
{
	reply_send(session, ctx, code, str_of(enhanced), str_of(text));
}

void
reply_count_error(struct session *session, unsigned code)
{
	if (code >= 400 && session->errors < UINT32_MAX)
		session->errors++;
}

void
reply_decision(struct session *session, struct hl_ctx *ctx,
    const struct decision *decision)
{
	reply_send(
	    session, ctx, decision->code, decision->enhanced, decision->text);
	reply_count_error(session, decision->code);
	decision_reject(session, ctx, decision);
}

void
reply_refuse(struct session *session, struct hl_ctx *ctx, enum hook_id hook,
    unsigned code, const char *enhanced, const char *text)
{
	struct decision decision = { .hook = hook,
		.plugin = STR_LIT("core"),
		.code = code,

		.enhanced = str_of(enhanced),
		.text = str_of(text) };

	reply_decision(session, ctx, &decision);
}

/* Nobody, if all have declined; but if its text is sent it is its reply. */
hl_str
reply_author(const struct outcome *outcome)
{
	bool decided = outcome->column != COLUMN_NONE ||
		       (outcome->plugin_text.n > 0 &&
			   str_eq(outcome->text, outcome->plugin_text));

	return outcome->plugin != NULL && decided ? outcome->plugin->name
						  : STR_LIT("core");
}

void
reply_fate(struct session *session, struct hl_ctx *ctx, enum hook_fate fate)
{
	if (fate == FATE_RESET)
		session_reset_txn(session, ctx);
	if (fate == FATE_DISC || fate == FATE_CLOSE)
		session_finish(session, END_QUIT);
}

void
reply_log_refusal(
    struct session *session, struct hl_ctx *ctx, const struct outcome *outcome)
{
	struct decision decision = { .hook = outcome->hook,
		.plugin = reply_author(outcome),
		.code = outcome->code,
		.enhanced = outcome->enhanced,
		.text = outcome->text };

	reply_count_error(session, outcome->code);
	decision_reject(session, ctx, &decision);
}

bool
reply_outcome(
    struct session *session, struct hl_ctx *ctx, const struct outcome *outcome)
{
	if (outcome->answered) {
		session->answered = true;
		return false;
	}
	if (outcome->code != 0) {
		reply_send(session, ctx, outcome->code, outcome->enhanced,
		    outcome->text);
		if (outcome->code >= 400)
			reply_log_refusal(session, ctx, outcome);
	}
	reply_fate(session, ctx, outcome->fate);
	return outcome->code != 0 && outcome->code < 400;
}

void
reply_noted(struct session *session, struct hl_ctx *ctx,
    const struct decision *decision)
{
	session->plugin_code = (uint16_t)decision->code;
	if (decision->code >= 400) {
		reply_count_error(session, decision->code);
		decision_reject(session, ctx, decision);
	}
	if (decision->code == 421 || decision->code == 221)
		session_finish(session, END_QUIT);
}

/* A plugin's own reply (docs/hooks.md, "Replies"). */
int
reply_of_plugin(struct hl_ctx *ctx, unsigned code, hl_str enhanced, hl_str text)
{
	struct session *session = session_of(ctx->conv);
	struct decision decision = { .hook = ctx->frame->hook,
		.plugin = ctx->frame->plugin->name,
		.code = code,
		.enhanced = enhanced,
		.text = text };

	if (session->answered)
		return -EALREADY;
	if (!rcpt_replies_of_plugin(session, ctx, code, enhanced, text))
		reply_send(session, ctx, code, enhanced, text);
	if (code == 334) {
		session->plugin_code = (uint16_t)code;
		session->answered = false;
		return 0;
	}
	reply_noted(session, ctx, &decision);
	return 0;
}
