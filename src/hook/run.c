/* SPDX-License-Identifier: MIT */
/* run.c - runs chains.
 *
 *	hook_run: until the chain's end
 *	    walk_begin: frame
 *	    row_run: calls, for as long as they decline at once
 *	    call_end: check, record of the one that did more
 *	    ok/deny hooks
 *	    DECLINED: go on; else stop
 */
#include "run.h"

#include "call_time.h"
#include "hook_log.h"
#include "record.h"
#include "row.h"
#include "rt/fiber.h"
#include "shm/running.h"
#include "verdict.h"

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
	case ANSWER_FAILED:
		outcome_policy(ret, id, plugin, ctx, record->args);
		record->column = ret->column;
		break;
	}
	ret->answered = frame->replies > 0;
}

/* After DECLINED: is there anything left to ask the next plugin?  What it
 * said of single recipients stands. */
static bool
somebody_is_undecided(const struct hl_ctx *ctx, enum hook_id id)
{
	if ((id != HOOK_QUEUE && id != HOOK_DATA_POST) || ctx->txn == NULL)
		return true;
	return txn_rcpts_decide(ctx->txn);
}

/* One run of a chain. */
struct walk {
	struct hl_ctx *ctx;
	const struct chain *chain;
	enum hook_id hook;
	const struct hook_args *args;
	struct hook_frame frame;
	unsigned at;      /* calls made */
	bool exact;       /* each call is timed by itself */
	uint64_t slow_us; /* of calls that used no function of plugin.h */
};

/* The next call's frame; it begins at `now`. */
static void
walk_begin(struct walk *walk, struct mono now)
{
	struct hl_ctx *ctx = walk->ctx;
	const struct chain_entry *entry = &walk->chain->at[walk->at];

	walk->frame = (struct hook_frame){
		.plugin = entry->plugin,
		.hook = walk->hook,
		.stat = entry->stat,
		.args = walk->args,
		.time = { .since = now,
		    .tick = shm_tick_get(ctx->engine->shm),
		    .together = true,
		    .first = entry,
		    .entry = entry,
		    .pace = walk->chain->pace },
	};
	frame_push(ctx, &walk->frame);
	ctx_running(ctx, now);
	if (walk->exact)
		call_time_begin(ctx);
}

/* The call that is timed by itself has returned. */
static void
call_end(struct walk *walk, unsigned returned, struct mono *ret_now,
    struct outcome *ret)
{
	struct hl_ctx *ctx = walk->ctx;
	struct hook_frame *frame = &walk->frame;
	const struct call_time *time = &frame->time;
	struct fiber *self = fiber_self();
	struct record record = { .entry = time->entry,
		.hook = walk->hook,
		.args = walk->args,
		.returned = returned };
	struct mono now;

	if (time->together)
		call_time_begin(ctx);
	now = mono_now();
	shm_running_clear(ctx->engine->shm, now);
	record.waited_us = fiber_waited_us(self) - time->outer_waited_us;
	record.waited_for = fiber_waited_for(self);
	record.us = mono_since_us(now, time->since);
	record.late = mono_is_before(time->deadline, now);
	record.fault = verdict_check(frame, returned, record.late);
	settle(ctx, &record, frame, ret);
	record.enhanced = frame->enhanced;
	record.text = frame->text;
	record.failure = frame->failure;
	record.failed_pid = frame->failed_pid;
	record_write(ctx, &record);
	if (!time->used)
		walk->slow_us += record.us;
	fiber_set_class(self, time->outer_class);
	fiber_set_deadline(self, time->outer_deadline);
	frame_pop(ctx, frame);
	*ret_now = now;
}

/* The chain ends with a row of quick calls. */
static bool
walk_end_row(struct walk *walk, struct outcome *ret)
{
	struct hl_ctx *ctx = walk->ctx;
	struct call_time *time = &walk->frame.time;
	struct mono now = mono_now();

	if (time->first + 1 == time->entry &&
	    mono_since_us(now, time->since) > 0) {
		/* A row of one: it is known which it was. */
		time->entry--;
		return false;
	}
	(void)call_time_end_row(ctx, now);
	shm_running_clear(ctx->engine->shm, now);
	outcome_set(
	    ret, walk->hook, COLUMN_NONE, &walk->frame, ctx, walk->args);
	walk->at = (unsigned)(time->entry - walk->chain->at);
	frame_pop(ctx, &walk->frame);
	return true;
}

/* After each plugin `deny` or `ok` runs, not for their own. */
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

/* Calls the entries until one decides, or the client is gone. */
static void
walk_chain(struct walk *walk, struct outcome *ret)
{
	struct hl_ctx *ctx = walk->ctx;
	const struct chain_entry *end = &walk->chain->at[walk->chain->count];
	struct mono now = mono_now();

	do {
		unsigned returned;

		walk_begin(walk, now);
		returned = row_run(ctx, end, walk->args);
		if (walk->frame.time.entry == end && walk_end_row(walk, ret))
			break;
		call_end(walk, returned, &now, ret);
		tell_ok_deny(ctx, walk->frame.time.entry, ret, &now);
		walk->at =
		    (unsigned)(walk->frame.time.entry - walk->chain->at) + 1;
		if (ret->column != COLUMN_NONE || ret->answered ||
		    !somebody_is_undecided(ctx, walk->hook))
			break;
	} while (
	    walk->at < walk->chain->count && !fiber_is_cancelled(fiber_self()));
	/* A hook inside a hook: the outer one holds the loop again. */
	if (ctx->frame != NULL && ctx->frame->stat != 0)
		ctx_running(ctx, mono_now());
}

/* Does somebody look at each call? */
static bool
is_watched(const struct hl_ctx *ctx, enum hook_id id)
{
	return log_is_on(LOG_LEVEL_DEBUG) || ctx->engine->on_record != NULL ||
	       ((hook_table[id].flags & HOOK_FLAG_OKDENY) != 0 &&
		   hook_is_used(ctx, HOOK_OK));
}

static void
result_note(struct hl_ctx *ctx, enum hook_id id, unsigned asked,
    enum hook_column column)
{
	struct conv *conv = ctx->conv;

	if (conv == NULL || conv->results == NULL)
		return;
	if (asked > CONV_ASKED_MAX)
		asked = CONV_ASKED_MAX;
	conv->results[id] = (struct conv_result){ .asked = asked & 0xfff,
		.column = column & 0xf };
}

static bool
may_run(struct hl_ctx *ctx, enum hook_id id)
{
	struct log_line line;

	/* The client is gone: the rest of the chain is not called, and no
	 * other chain but those of the clean-up (closing.c). */
	if (fiber_is_cancelled(fiber_self())) {
		result_note(ctx, id, 0, COLUMN_NONE);
		return false;
	}
	if (ctx->depth < CTX_DEPTH_MAX)
		return true;
	hook_log_begin_ctx(&line, LOG_LEVEL_ERROR, ctx);
	log_add_text(&line, LOG_event, "skipped");
	log_printf(
	    &line, LOG_text, "hooks nest too deeply: %s", hook_table[id].name);
	log_end(&line);
	return false;
}

void
hook_run(struct hl_ctx *ctx, enum hook_id id, const struct hook_args *args,
    struct outcome *ret)
{
	static const struct hook_args none;
	struct walk walk;

	walk.chain = ctx->chains != NULL ? ctx->chains->hooks[id] : NULL;
	if (args == NULL)
		args = &none;
	if (walk.chain == NULL || !may_run(ctx, id)) {
		outcome_set(ret, id, COLUMN_NONE, NULL, ctx, args);
		return;
	}
	walk.ctx = ctx;
	walk.hook = id;
	walk.args = args;
	walk.at = 0;
	walk.slow_us = 0;
	walk.exact = walk.chain->pace->exact > 0 || is_watched(ctx, id);
	walk_chain(&walk, ret);
	call_time_end_run(walk.chain, walk.exact, walk.slow_us);
	result_note(ctx, id, walk.at, ret->column);
}
