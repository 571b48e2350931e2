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

/* What the hook returned holds for those that it did not name. */
static void
fill_undecided(struct txn *txn, enum hook_column column, hl_str text)
{
	unsigned verdict =
	    column == COLUMN_OK ? HL_OK
	    : column == COLUMN_DENY || column == COLUMN_DENY_DISCONNECT
		? HL_DENY
		: HL_DENYSOFT;

	LIST_FOR_EACH (link, safe, &txn->rcpts) {
		struct hl_rcpt *rcpt = CONTAINER_OF(link, struct hl_rcpt, link);

		if (rcpt->verdict != 0)
			continue;
		rcpt->verdict = verdict;
		rcpt->text = arena_str(&txn->arena, slice_str(text));
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

static void
settle(struct session *session, struct hl_ctx *ctx, struct outcome *ret)
{
	struct txn *txn = session->conv.txn;
	struct tally tally;
	hl_str failed;

	fill_undecided(txn, ret->column, ret->plugin_text);
	tally = count_verdicts(txn);
	if (tally.soft + tally.hard == 0)
		return;
	failed = failed_list(ctx, txn);
	if (tally.ok > 0 && ret->column == COLUMN_OK) {
		/* After commit: accepted; what failed must not be lost. */
		log_failed(session, txn);
		undelivered_keep(session, ctx, txn);
		return;
	}
	ret->code = tally.soft > 0 ? 452 : 552;
	ret->enhanced = tally.soft > 0 ? STR_LIT("4.3.0") : STR_LIT("5.3.0");
	ret->fate = FATE_RESET;
	ret->text = failed;
}

void
queue_ask(struct session *session, struct hl_ctx *ctx, struct outcome *ret)
{
	struct tally tally;

	LIST_FOR_EACH (link, safe, &session->conv.txn->rcpts)
		CONTAINER_OF(link, struct hl_rcpt, link)->verdict = 0;
	hook_run(ctx, HOOK_QUEUE, NULL, ret);
	tally = count_verdicts(session->conv.txn);
	if (tally.ok + tally.soft + tally.hard > 0 && !ret->answered)
		settle(session, ctx, ret);
}
