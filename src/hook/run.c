/* SPDX-License-Identifier: MIT */
/* run.c - runs chains.
 *
 *	hook_run: for each entry
 *	    entry_call: frame, deadline, call, check, record
 *	    ok/deny hooks
 *	    DECLINED: next; else stop
 */
#include "run.h"

#include "hook_log.h"
#include "record.h"
#include "rt/fiber.h"
#include "shm/running.h"
#include "verdict.h"

#define DEADLINE_MS 30000
#define DEADLINE_LONG_MS 300000 /* data_post, queue */
#define DEADLINE_TIMEOUT_MS 5000

static uint64_t
deadline_ms(enum hook_id id, const struct plugin *plugin)
{
	if (plugin->timeout_ms != 0)
		return plugin->timeout_ms;
	if (id == HOOK_DATA_POST || id == HOOK_QUEUE)
		return DEADLINE_LONG_MS;
	return id == HOOK_TIMEOUT ? DEADLINE_TIMEOUT_MS : DEADLINE_MS;
}

/* The sooner of two deadlines; {0} is none. */
static struct mono
sooner(struct mono a, struct mono b)
{
	if (a.ns == 0)
		return b;
	return b.ns == 0 || mono_is_before(a, b) ? a : b;
}

/* What the checked answer comes to. */
static void
settle(struct hl_ctx *ctx, struct record *record, struct hook_frame *frame,
    struct outcome *ret)
{
	enum hook_id id = record->hook;
	struct plugin *plugin = record->entry->plugin;

	switch (record->fault) {
	case ANSWER_FINE:
		record->column = hook_column_of(record->returned);
		outcome_set(ret, id, record->column, frame, ctx, record->args);
		break;
	case ANSWER_REPLIED:
		record->column = COLUMN_DONE;
		outcome_set(ret, id, record->column, frame, ctx, record->args);
		break;
	case ANSWER_NO_VERDICT:
		record->column = COLUMN_NONE;
		outcome_set(ret, id, COLUMN_NONE, NULL, ctx, record->args);
		break;
	case ANSWER_ILLEGAL:
	case ANSWER_NO_REPLY:
	case ANSWER_LATE:
		outcome_policy(ret, id, plugin, ctx, record->args);
		record->column = ret->column;
		break;
	}
	ret->answered = frame->replies > 0;
}

static void
entry_call(struct hl_ctx *ctx, enum hook_id id, const struct chain_entry *entry,
    const struct hook_args *args, struct mono *now, struct outcome *ret)
{
	struct fiber *self = fiber_self();
	struct shm *shm = ctx->engine->shm;
	struct mono before = fiber_deadline(self), start = *now, deadline;
	unsigned class_before = fiber_class(self);
	struct hook_frame frame = {
		.plugin = entry->plugin, .hook = id, .args = args
	};
	struct record record = { .entry = entry, .hook = id, .args = args };
	uint64_t waited_before;

	deadline = mono_add_ms(start, deadline_ms(id, entry->plugin));
	fiber_set_deadline(self, sooner(before, deadline));
	fiber_set_class(self, entry->plugin->index + 1);
	if (ctx->frame == NULL)
		fiber_waited_reset(self);
	waited_before = fiber_waited_us(self);
	frame_push(ctx, &frame);
	frame.stat = entry->stat;
	ctx_running(ctx, start);
	record.returned = hook_invoke(
	    (enum hook_call_kind)hook_table[id].call, entry->fn, ctx, args);
	*now = mono_now();
	shm_running_clear(shm, *now);
	record.waited_us = fiber_waited_us(self) - waited_before;
	record.waited_for = fiber_waited_for(self);
	record.us = mono_since_us(*now, start);
	record.late = mono_is_before(deadline, *now);
	record.fault = verdict_check(&frame, record.returned, record.late);
	settle(ctx, &record, &frame, ret);
	record.enhanced = frame.enhanced;
	record.text = frame.text;
	record_write(ctx, &record);
	frame_pop(ctx, &frame);
	/* A hook inside a hook: the outer one holds the loop again. */
	if (ctx->frame != NULL && ctx->frame->stat != 0)
		ctx_running(ctx, *now);
	fiber_set_class(self, class_before);
	fiber_set_deadline(self, before);
}

/* R7: after each plugin `deny` or `ok` runs, not for their own. */
static void
tell_ok_deny(struct hl_ctx *ctx, const struct chain_entry *entry,
    const struct outcome *outcome, struct mono *now)
{
	const struct hook_row *row = &hook_table[outcome->hook];
	bool deny = outcome->column >= COLUMN_DENY &&
		    outcome->column <= COLUMN_DENYSOFT_DISCONNECT;
	enum hook_id id = deny ? HOOK_DENY : HOOK_OK;
	struct hook_args args = { .a = entry->plugin->name,
		.b = outcome->plugin_text };
	struct outcome ignored;

	if ((row->flags & HOOK_FLAG_OKDENY) == 0 &&
	    !(deny && (row->flags & HOOK_FLAG_DENYONLY) != 0))
		return;
	if (!hook_is_used(ctx, id))
		return;
	args.verdict =
	    outcome->column == COLUMN_NONE ? HL_DECLINED
	    : outcome->column == COLUMN_DONE
		? HL_DONE
		: (enum hl_verdict)(HL_OK + outcome->column - COLUMN_OK);
	hook_run(ctx, id, &args, &ignored);
	*now = mono_now();
}

static void
result_note(struct hl_ctx *ctx, enum hook_id id, unsigned asked,
    enum hook_column column)
{
	struct conv *conv = ctx->conv;

	if (conv == NULL || conv->results == NULL)
		return;
	conv->results[id] = (struct conv_result){ .asked = (uint8_t)asked,
		.column = (uint8_t)column };
}

/* After DECLINED: is there anything left to ask the next plugin?  What it
 * said of single recipients stands (HOOKS.md decision 12). */
static bool
somebody_is_undecided(const struct hl_ctx *ctx, enum hook_id id)
{
	if ((id != HOOK_QUEUE && id != HOOK_DATA_POST) || ctx->txn == NULL)
		return true;
	return txn_rcpts_decide(ctx->txn);
}

void
hook_run(struct hl_ctx *ctx, enum hook_id id, const struct hook_args *args,
    struct outcome *ret)
{
	static const struct hook_args none;
	const struct chain *chain =
	    ctx->chains != NULL ? ctx->chains->hooks[id] : NULL;
	struct mono now;
	unsigned i;

	if (args == NULL)
		args = &none;
	outcome_set(ret, id, COLUMN_NONE, NULL, ctx, args);
	if (chain == NULL)
		return;
	if (ctx->depth >= CTX_DEPTH_MAX) {
		struct log_line line;

		hook_log_begin_ctx(&line, LOG_LEVEL_ERROR, ctx);
		log_add_text(&line, LOG_event, "skipped");
		log_printf(&line, LOG_text, "hooks nest too deeply: %s",
		    hook_table[id].name);
		log_end(&line);
		return;
	}
	now = mono_now();
	for (i = 0; i < chain->count; i++) {
		/* The client is gone: the rest of the chain is not called, and
		 * no other chain but those of the clean-up (closing.c). */
		if (fiber_is_cancelled(fiber_self()))
			break;
		entry_call(ctx, id, &chain->at[i], args, &now, ret);
		tell_ok_deny(ctx, &chain->at[i], ret, &now);
		if (ret->column != COLUMN_NONE || ret->answered ||
		    !somebody_is_undecided(ctx, id)) {
			i++;
			break;
		}
	}
	result_note(ctx, id, i, ret->column);
}
