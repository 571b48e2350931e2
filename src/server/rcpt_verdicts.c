/* SPDX-License-Identifier: MIT */
/* rcpt_verdicts.c - settles per-recipient answers of data_post and queue. */
#include "rcpt_verdicts.h"

#include "hook/hook_log.h"

struct tally {
	unsigned ok, soft, hard, lost;
};

bool
rcpt_is_lost(const struct session *session, const struct hl_rcpt *rcpt)
{
	bool is_told = session->reply_each && link_is_linked(&rcpt->given);

	return rcpt->verdict != HL_OK && !is_told;
}

static void
count_verdict(struct tally *tally, const struct session *session,
    const struct hl_rcpt *rcpt)
{
	if (rcpt->verdict == HL_OK)
		tally->ok++;
	else if (rcpt->verdict == HL_DENY)
		tally->hard++;
	else
		tally->soft++;
	tally->lost += rcpt_is_lost(session, rcpt);
}

/* What the hook returned holds for those that it did not name.  Nobody's
 * opinion lets data_post go on, but is no delivery. */
static unsigned
verdict_of(const struct outcome *outcome)
{
	switch (outcome->column) {
	case COLUMN_OK:
		return HL_OK;
	case COLUMN_DENY:
	case COLUMN_DENY_DISCONNECT:
		return HL_DENY;
	case COLUMN_NONE:
		return outcome->hook == HOOK_DATA_POST ? HL_OK : HL_DENYSOFT;
	case COLUMN_DENYSOFT:
	case COLUMN_DENYSOFT_DISCONNECT:
	case COLUMN_DONE:
	case COLUMN_COUNT:
		break;
	}
	return HL_DENYSOFT;
}

static const struct hook_cell *
cell_of(enum hook_id hook, unsigned verdict)
{
	const struct hook_cell *cells = hook_table[hook].cells;

	return &cells[verdict == HL_OK     ? COLUMN_OK
		      : verdict == HL_DENY ? COLUMN_DENY
					   : COLUMN_DENYSOFT];
}

/* ---- a reply for each -------------------------------------------------- */

static struct rcpt_reply
named_reply(enum hook_id hook, const struct hl_rcpt *rcpt)
{
	const struct hook_cell *cell = cell_of(hook, rcpt->verdict);

	return (struct rcpt_reply){ .hook = hook,
		.code = cell->code,
		.enhanced = str_of(cell->enhanced),
		.text = rcpt->text.n > 0 ? rcpt->text : str_of(cell->text),
		.plugin = rcpt->by };
}

/* Of those whom no plugin has named. */
static struct rcpt_reply
common_reply(struct txn *txn, const struct outcome *outcome)
{
	return (struct rcpt_reply){ .hook = outcome->hook,
		.code = outcome->code,
		.enhanced =
		    arena_str(&txn->arena, slice_str(outcome->enhanced)),
		.text = arena_str(&txn->arena, slice_str(outcome->text)),
		.plugin = reply_author(outcome) };
}

static void
settle_rcpt(struct txn *txn, struct hl_rcpt *rcpt,
    const struct outcome *outcome, const struct rcpt_reply *common)
{
	bool is_named = rcpt->verdict != 0;
	struct rcpt_reply reply;

	if (!is_named)
		rcpt->verdict = verdict_of(outcome);
	if (outcome->hook == HOOK_DATA_POST && rcpt->verdict == HL_OK)
		return;
	reply = is_named ? named_reply(outcome->hook, rcpt) : *common;
	if (reply.code < 400)
		reply.text = arena_printf(
		    &txn->arena, "%.*s [%s]", STR(reply.text), txn->id);
	rcpt->reply = reply;
	rcpt->is_refused = outcome->hook == HOOK_DATA_POST;
}

static struct tally
settle_rcpts(struct session *session, const struct outcome *outcome)
{
	struct txn *txn = session->conv.txn;
	struct rcpt_reply common = common_reply(txn, outcome);
	struct tally tally = { 0 };

	LIST_FOR_EACH (link, safe, &txn->rcpts) {
		struct hl_rcpt *rcpt = CONTAINER_OF(link, struct hl_rcpt, link);

		if (rcpt->is_refused)
			continue;
		settle_rcpt(txn, rcpt, outcome, &common);
		count_verdict(&tally, session, rcpt);
	}
	return tally;
}

static void
set_outcome(struct outcome *ret, enum hook_column column, struct hl_ctx *ctx)
{
	struct plugin *plugin = ret->plugin;

	outcome_set(ret, ret->hook, column, NULL, ctx, NULL);
	ret->plugin = plugin;
}

/* Those who are lost could not be kept: then nobody has the message, though
 * some get it twice. */
static void
take_all_back(struct txn *txn, struct hl_ctx *ctx, struct outcome *ret)
{
	struct rcpt_reply common;

	set_outcome(ret, COLUMN_DENYSOFT, ctx);
	common = common_reply(txn, ret);
	LIST_FOR_EACH (link, safe, &txn->rcpts) {
		struct hl_rcpt *rcpt = CONTAINER_OF(link, struct hl_rcpt, link);

		if (rcpt->is_refused)
			continue;
		rcpt->verdict = HL_DENYSOFT;
		rcpt->reply = common;
	}
}

static void log_lost(struct session *session, struct txn *txn);

static void
settle_each(struct session *session, struct hl_ctx *ctx, struct outcome *ret)
{
	struct txn *txn = session->conv.txn;
	struct tally tally = settle_rcpts(session, ret);

	/* Plugins may have removed them all: then the hook alone decides. */
	if (tally.ok == 0 && tally.soft + tally.hard > 0 && ret->code < 400) {
		set_outcome(
		    ret, tally.soft > 0 ? COLUMN_DENYSOFT : COLUMN_DENY, ctx);
	} else if (tally.ok > 0 && ret->code >= 400) {
		txn->hang_up |= ret->fate == FATE_DISC;
		set_outcome(ret, COLUMN_OK, ctx);
	}
	if (ret->hook == HOOK_DATA_POST)
		txn_rcpts_reopen(txn); /* the next hooks see who is left */
	if (ret->hook != HOOK_QUEUE || tally.ok == 0 || tally.lost == 0)
		return;
	if (undelivered_keep(session, ctx, txn) == 0)
		log_lost(session, txn);
	else
		take_all_back(txn, ctx, ret);
}

/* ---- one reply for all ------------------------------------------------- */

static bool
some_are_named(struct txn *txn)
{
	LIST_FOR_EACH (link, safe, &txn->rcpts) {
		if (CONTAINER_OF(link, struct hl_rcpt, link)->verdict != 0)
			return true;
	}
	return false;
}

static struct tally
fill_undecided(struct session *session, const struct outcome *outcome)
{
	struct txn *txn = session->conv.txn;
	unsigned verdict = verdict_of(outcome);
	hl_str text = arena_str(&txn->arena, slice_str(outcome->plugin_text));
	struct tally tally = { 0 };

	LIST_FOR_EACH (link, safe, &txn->rcpts) {
		struct hl_rcpt *rcpt = CONTAINER_OF(link, struct hl_rcpt, link);

		if (rcpt->verdict == 0) {
			rcpt->verdict = verdict;
			rcpt->text = text;
		}
		count_verdict(&tally, session, rcpt);
	}
	return tally;
}

/* "a@b: text, c@d: text" of those that failed. */
static hl_str
failed_list(struct hl_ctx *ctx, struct txn *txn)
{
	struct buf buf = BUF_INIT;
	hl_str text;

	LIST_FOR_EACH (link, safe, &txn->rcpts) {
		const struct hl_rcpt *rcpt =
		    CONTAINER_OF(link, struct hl_rcpt, link);

		if (rcpt->verdict == HL_OK)
			continue;
		if (buf.n > 0)
			buf_add_char(&buf, '\n');
		buf_printf(&buf, "<%.*s>", STR(rcpt->addr->text));
		if (rcpt->text.n > 0)
			buf_printf(&buf, " %.*s", STR(rcpt->text));
	}
	text = arena_str(ctx->arena, buf_slice(&buf));
	buf_done(&buf);
	return text;
}

static void
log_lost(struct session *session, struct txn *txn)
{
	LIST_FOR_EACH (link, safe, &txn->rcpts) {
		const struct hl_rcpt *rcpt =
		    CONTAINER_OF(link, struct hl_rcpt, link);
		struct log_line line;

		if (!rcpt_is_lost(session, rcpt))
			continue;
		hook_log_begin(&line, LOG_LEVEL_ERROR, &session->conv);
		log_add_text(&line, LOG_event, "undelivered");
		log_add(&line, LOG_to, slice_str(rcpt->addr->text));
		log_add(&line, LOG_text, slice_str(rcpt->text));
		log_end(&line);
	}
}

/* Single recipients were named: one outcome for all. */
static void
settle_all(struct session *session, struct hl_ctx *ctx, struct outcome *ret)
{
	struct txn *txn = session->conv.txn;
	const struct hook_cell *cell;
	struct tally tally = fill_undecided(session, ret);

	if (tally.soft + tally.hard == 0) {
		if (ret->column != COLUMN_OK)
			set_outcome(ret, COLUMN_OK, ctx);
		return;
	}
	/* After commit: accepted, if what failed is not lost.  Else the client
	 * keeps it, and some get it twice. */
	if (ret->hook == HOOK_QUEUE && tally.ok > 0 &&
	    ret->column == COLUMN_OK) {
		if (undelivered_keep(session, ctx, txn) == 0) {
			log_lost(session, txn);
			return;
		}
		tally.soft++;
	}
	cell = cell_of(ret->hook, tally.soft > 0 ? HL_DENYSOFT : HL_DENY);
	ret->code = cell->code;
	ret->enhanced = str_of(cell->enhanced);
	if (ret->fate != FATE_DISC)
		ret->fate = FATE_RESET;
	ret->text = failed_list(ctx, txn);
}

void
hook_run_rcpts(struct session *session, struct hl_ctx *ctx, enum hook_id hook,
    struct outcome *ret)
{
	struct txn *txn = session->conv.txn;

	txn_rcpts_reopen(txn);
	hook_run(ctx, hook, NULL, ret);
	if (ret->answered)
		return;
	if (session->reply_each)
		settle_each(session, ctx, ret);
	else if (some_are_named(txn))
		settle_all(session, ctx, ret);
	else if (hook == HOOK_QUEUE && hook_is_used(ctx, HOOK_QUEUE_POST))
		(void)fill_undecided(session, ret); /* for hl_rcpt_fate */
}
