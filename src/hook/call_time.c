/* SPDX-License-Identifier: MIT */
/* call_time.c - clocks and deadlines of hook calls. */
#include "call_time.h"

#include "ctx.h"
#include "hook_row.h"
#include "rt/fiber.h"
#include "shm/running.h"
#include "shm/stats.h"

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

/* One of a row was slow, and nobody knows which. */
static void
row_was_slow(const struct hl_ctx *ctx, struct mono now, uint64_t us)
{
	struct shm *shm = ctx->engine->shm;
	struct chain_pace *pace = ctx->frame->time.pace;

	if (pace->stat == 0)
		pace->stat = shm_stat_define(shm, SLICE_LIT("(together)"),
		    slice_of(hook_table[ctx->frame->hook].name));
	if (pace->rows == CALL_ROWS) {
		pace->exact = CALL_EXACT;
		pace->rows = 0;
	}
	shm_hook_note(shm, pace->stat, SHM_DECLINED, us, 0);
	shm_running_next(shm, pace->stat);
	shm_running_clear(shm, now);
}

/* All of the row but the running call. */
static void
note_quick(struct shm *shm, struct call_time *time)
{
	for (; time->first < time->entry; time->first++)
		shm_hook_note_quick(shm, time->first->stat);
}

bool
call_time_was_held(const struct hl_ctx *ctx)
{
	struct call_time *time = &ctx->frame->time;
	struct shm *shm = ctx->engine->shm;
	uint64_t us = mono_since_us(mono_now(), time->since);

	time->tick = shm_tick_get(shm);
	if (time->first == time->entry)
		return us > 0;
	if (us < SHM_HELD_MS * UINT64_C(1000))
		return false;
	note_quick(shm, time);
	return true;
}

bool
call_time_end_row(const struct hl_ctx *ctx, struct mono now)
{
	struct call_time *time = &ctx->frame->time;
	uint64_t us = mono_since_us(now, time->since);

	note_quick(ctx->engine->shm, time);
	time->since = now;
	if (us > 0)
		row_was_slow(ctx, now, us);
	return us == 0;
}

void
call_time_begin(const struct hl_ctx *ctx)
{
	const struct hook_frame *frame = ctx->frame;
	struct call_time *time = &ctx->frame->time;
	struct fiber *self = fiber_self();

	if (time->first < time->entry && !call_time_end_row(ctx, mono_now()))
		ctx_running(ctx, time->since);
	time->together = false;
	time->deadline =
	    mono_add_ms(time->since, deadline_ms(frame->hook, frame->plugin));
	time->outer_deadline = fiber_deadline(self);
	time->outer_class = fiber_class(self);
	fiber_set_deadline(self, sooner(time->outer_deadline, time->deadline));
	fiber_set_class(self, frame->plugin->index + 1);
	if (frame->below == NULL)
		fiber_waited_reset(self);
	time->outer_waited_us = fiber_waited_us(self);
}

struct mono
call_time_halt(const struct hl_ctx *ctx)
{
	fiber_set_deadline(fiber_self(), ctx->frame->time.outer_deadline);
	return mono_now();
}

void
call_time_go_on(const struct hl_ctx *ctx, struct mono halted)
{
	struct call_time *time = &ctx->frame->time;

	if (time->deadline.ns == 0)
		return; /* it is loaded */
	time->deadline = mono_add_ms(
	    time->deadline, mono_since_us(mono_now(), halted) / 1000);
	fiber_set_deadline(
	    fiber_self(), sooner(time->outer_deadline, time->deadline));
}

/* To read the clock at each of 20 calls costs 1 or 2 us. */
static bool
is_worth_it(const struct chain *chain)
{
	const struct chain_pace *pace = chain->pace;

	return pace->slow_runs >= CALL_EXACT / 4 ||
	       pace->slow_us >= (uint64_t)CALL_EXACT * chain->count;
}

void
call_time_end_run(const struct chain *chain, bool exact, uint64_t slow_us)
{
	struct chain_pace *pace = chain->pace;

	if (!exact) {
		pace->rows += pace->rows < CALL_ROWS;
		return;
	}
	if (pace->exact == 0)
		return;
	pace->slow_runs += slow_us > 0;
	pace->slow_us += slow_us;
	if (--pace->exact > 0)
		return;
	if (is_worth_it(chain))
		pace->exact = CALL_EXACT;
	pace->slow_runs = 0;
	pace->slow_us = 0;
}
