/* SPDX-License-Identifier: MIT */
/* cmd_mail.c - MAIL (RFC 5321 4.1.1.2, RFC 1870, RFC 6152, RFC 3030). */
#include "commands.h"
#include "mail/forwarded.h"
#include "smtp/path.h"

static const struct envelope_kind mail_kind = {
	.prefix = "FROM:",
	.parse = HOOK_MAIL_PARSE,
	.pre = HOOK_MAIL_PRE,
	.hook = HOOK_MAIL,
	.path_flags = SMTP_PATH_NULL | SMTP_PATH_UNDERSCORE,
	.bad_path = "5.1.7",
	.no_utf8 = 550,
};

static void
begin_txn(struct session *session, struct hl_ctx *ctx)
{
	session_reset_txn(session, ctx);
	session->conv.txn = txn_new(&session->conv.facts, ++session->txn_number,
	    (size_t)session->limits->max_transaction_memory);
	session->conv.txn->account.cap = (size_t)session->limits->max_notes;
	session->conv.txn->forwarded =
	    forwarded_dup(&session->conv.txn->arena, session->forwarded);
	forwarded_free(&session->forwarded);
	ctx->txn = session->conv.txn;
}

static void
take_params(struct txn *txn)
{
	const struct smtp_params *params = &txn->params.list;

	for (size_t i = 0; i < params->count; i++) {
		const struct smtp_param *param = &params->items[i];

		if (str_eq_text(param->key, "body"))
			txn->is_binary = slice_caseeq_text(
			    slice_str(param->value), "BINARYMIME");
		else if (str_eq_text(param->key, "prdr"))
			txn->prdr = true;
	}
}

/* The reply, then the sender is kept: the envelope's, or what a plugin has made
 * of it. */
static void
accept_sender(struct session *session, struct hl_ctx *ctx,
    const struct envelope *envelope, const struct hl_addr *from,
    const struct outcome *outcome)
{
	struct txn *txn = session->conv.txn;

	if (!reply_outcome(session, ctx, outcome) || outcome->fate != FATE_KEEP)
		return;
	txn->sender = addr_from_parts(
	    &txn->arena, slice_str(from->local), slice_str(from->host));
	txn->params = txn_params_dup(&txn->arena, &envelope->params.list);
	take_params(txn);
	session->conv.facts.phase = HL_PHASE_MAIL;
}

/* RFC 9422 4.1: MAIL counts whether it succeeds or not. */
static bool
check_count(struct session *session, struct hl_ctx *ctx)
{
	int64_t max = session->limits->max_mails;

	if (max == 0 || session->txn_number < max)
		return true;
	reply_refuse(session, ctx, HOOK_MAIL, 421, "4.7.0",
	    "Too many messages in one connection, begin another");
	session_finish(session, END_QUIT);
	return false;
}

void
cmd_mail(struct session *session, struct hl_ctx *ctx, struct slice rest)
{
	struct hook_args args = { 0 };
	struct envelope envelope;
	struct outcome outcome;

	if (session->conv.facts.helo.n == 0) {
		reply_refuse(session, ctx, HOOK_MAIL, 503, "5.5.1",
		    session->conv.facts.lmtp ? "Say LHLO first"
					     : "Say HELO or EHLO first");
		return;
	}
	if (!check_count(session, ctx))
		return;
	begin_txn(session, ctx);
	if (envelope_parse(session, ctx, &mail_kind, rest, &envelope) < 0)
		return;
	args.addr = envelope.addr;
	session->addr = envelope.addr; /* for the log, whoever refuses it */
	if (envelope_params_check(
		session, ctx, HOOK_MAIL, &envelope.params.list)) {
		ctx->addr = &args.addr;
		hook_run(ctx, HOOK_MAIL, &args, &outcome);
		ctx->addr = NULL;
		accept_sender(session, ctx, &envelope, args.addr, &outcome);
	}
	session->addr = NULL;
}
