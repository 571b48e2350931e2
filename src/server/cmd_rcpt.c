/* SPDX-License-Identifier: MIT */
/* cmd_rcpt.c - RCPT (RFC 5321 4.1.1.3). */
#include "commands.h"
#include "rcpt_domains.h"
#include "smtp/path.h"

static const struct envelope_kind rcpt_kind = {
	.prefix = "TO:",
	.parse = HOOK_RCPT_PARSE,
	.pre = HOOK_RCPT_PRE,
	.hook = HOOK_RCPT,
	.path_flags = SMTP_PATH_POSTMASTER | SMTP_PATH_UNDERSCORE,
	.bad_path = "5.1.3",
	.no_utf8 = 553,
};

/* False: refused and answered. */
static bool
check_sequence(struct session *session, struct hl_ctx *ctx,
    const struct envelope *envelope)
{
	const struct txn *txn = session->conv.txn;

	if (txn == NULL || txn->sender == NULL || txn->has_message) {
		reply_refuse(session, ctx, HOOK_RCPT, 503, "5.5.1",
		    "Use MAIL before RCPT");
		return false;
	}
	if (txn->rcpt_count >= (unsigned)session->limits->max_recipients) {
		reply_refuse(session, ctx, HOOK_RCPT, 452, "4.5.3",
		    "Too many recipients");
		return false;
	}
	if (!rcpt_domains_allow(session, envelope->addr)) {
		reply_refuse(session, ctx, HOOK_RCPT, 452, "4.5.3",
		    "Too many recipient domains in one connection");
		return false;
	}
	return envelope_params_check(
	    session, ctx, HOOK_RCPT, &envelope->params.list);
}

/* The client has a 250 for it.
 *
 * to       the envelope's address, or what a plugin has made of it
 * is_fine  it shall get the message; else (a plugin has replied by itself, or
 *          there is no more memory) the client only waits for its reply
 */
static void
take_rcpt(struct session *session, const struct envelope *envelope,
    const struct hl_addr *to, bool is_fine)
{
	struct txn *txn = session->conv.txn;
	const struct hl_addr *addr;
	struct hl_rcpt *rcpt;

	addr = addr_from_parts(
	    &txn->arena, slice_str(to->local), slice_str(to->host));
	rcpt = txn_rcpt_add(txn, addr, &envelope->params.list);
	txn_rcpt_give(txn, rcpt);
	if (!is_fine) {
		txn_rcpt_remove(txn, rcpt);
		return;
	}
	rcpt_domains_add(session, addr);
	session->conv.facts.phase = HL_PHASE_RCPT;
}

void
cmd_rcpt(struct session *session, struct hl_ctx *ctx, struct slice rest)
{
	struct hook_args args = { 0 };
	struct envelope envelope;
	struct outcome outcome;
	bool accepted;

	if (envelope_parse(session, ctx, &rcpt_kind, rest, &envelope) < 0)
		return;
	args.addr = envelope.addr;
	session->addr = envelope.addr; /* for the log, whoever refuses it */
	if (check_sequence(session, ctx, &envelope)) {
		ctx->addr = &args.addr;
		hook_run(ctx, HOOK_RCPT, &args, &outcome);
		ctx->addr = NULL;
		accepted = reply_outcome(session, ctx, &outcome);
		if (accepted ||
		    (outcome.answered && session->plugin_code < 300))
			take_rcpt(session, &envelope, args.addr,
			    accepted && outcome.column == COLUMN_OK &&
				!txn_is_over(session->conv.txn));
	}
	session->addr = NULL;
}
