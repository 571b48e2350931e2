/* SPDX-License-Identifier: MIT */
/* rcpt_verdicts.c - settles per-recipient answers of queue plugins. */
#include "rcpt_verdicts.h"

#include "hook/hook_log.h"

struct tally {
	unsigned ok, soft, hard, undecided;
};

static struct tally
count_verdicts(struct txn *txn)
{
	struct tally tally = { 0 };

	LIST_FOR_EACH (link, safe, &txn->rcpts) {
		const struct hl_rcpt *rcpt =
		    CONTAINER_OF(link, struct hl_rcpt, link);

		if (rcpt->verdict == HL_OK)
			tally.ok++;
		else if (rcpt->verdict == HL_DENYSOFT)
			tally.soft++;
		else if (rcpt->verdict == HL_DENY)
			tally.hard++;
		else
			tally.undecided++;
	}
	return tally;
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

static void
fill_undecided(struct txn *txn, const struct outcome *outcome)
{
	unsigned verdict = verdict_of(outcome);

	LIST_FOR_EACH (link, safe, &txn->rcpts) {
		struct hl_rcpt *rcpt = CONTAINER_OF(link, struct hl_rcpt, link);

		if (rcpt->verdict != 0)
			continue;
		rcpt->verdict = verdict;
		rcpt->text =
		    arena_str(&txn->arena, slice_str(outcome->plugin_text));
	}
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
log_failed(struct session *session, struct txn *txn)
{
	LIST_FOR_EACH (link, safe, &txn->rcpts) {
		const struct hl_rcpt *rcpt =
		    CONTAINER_OF(link, struct hl_rcpt, link);
		struct log_line line;

		if (rcpt->verdict == HL_OK)
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
settle(struct session *session, struct hl_ctx *ctx, struct outcome *ret)
{
	struct txn *txn = session->conv.txn;
	const struct hook_cell *cells = hook_table[ret->hook].cells;
	const struct hook_cell *cell;
	struct plugin *plugin = ret->plugin;
	struct tally tally;

	fill_undecided(txn, ret);
	tally = count_verdicts(txn);
	if (tally.soft + tally.hard == 0) {
		if (ret->column != COLUMN_OK)
			outcome_set(ret, ret->hook, COLUMN_OK, NULL, ctx, NULL);
		ret->plugin = plugin;
		return;
	}
	/* After commit: accepted, if what failed is not lost.  Else the client
	 * keeps it, and some get it twice. */
	if (ret->hook == HOOK_QUEUE && tally.ok > 0 &&
	    ret->column == COLUMN_OK) {
		if (undelivered_keep(session, ctx, txn) == 0) {
			log_failed(session, txn);
			return;
		}
		tally.soft++;
	}
	cell = &cells[tally.soft > 0 ? COLUMN_DENYSOFT : COLUMN_DENY];
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
	struct tally tally;

	txn_rcpts_reopen(session->conv.txn);
	hook_run(ctx, hook, NULL, ret);
	tally = count_verdicts(session->conv.txn);
	if (tally.ok + tally.soft + tally.hard > 0 && !ret->answered)
		settle(session, ctx, ret);
}
