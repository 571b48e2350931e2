/* SPDX-License-Identifier: MIT */
/* ctx.c - frames, and what they hold. */
#include "ctx.h"

#include "base/mem.h"
#include "conf/conf_list.h"
#include "conf/conf_map.h"
#include "rt/fiber.h"
#include "shm/running.h"

#define CTX_MAGIC 0x63747831u

/* The fiber is suspended, or runs again: what was said so far must not wait
 * with it, and the watchdog must know who holds the loop. */
static void
on_switch(void *arg, bool running)
{
	struct hl_ctx *ctx = arg;
	struct shm *shm = ctx->engine->shm;
	const struct hook_frame *frame = ctx->frame;

	if (!running && ctx->conv != NULL && ctx->conv->ops != NULL)
		ctx->conv->ops->before_park(ctx->conv);
	if (frame == NULL || frame->stat == 0)
		return;
	if (running)
		ctx_running(ctx, mono_now());
	else
		shm_running_clear(shm, mono_now());
}

void
ctx_running(const struct hl_ctx *ctx, struct mono since)
{
	struct slice sid = SLICE_NONE, tid = SLICE_NONE;

	/* With what is behind the NUL: cheaper than to look for it. */
	if (ctx->conv != NULL)
		sid = (struct slice){ ctx->conv->facts.sid, SESSION_ID_MAX };
	if (ctx->txn != NULL)
		tid = (struct slice){ ctx->txn->id, TXN_ID_MAX };
	shm_running_set(ctx->engine->shm, ctx->frame->stat, sid, tid, since);
}

void
ctx_init(struct hl_ctx *ctx, struct engine *engine, struct conv *conv)
{
	struct fiber *self = fiber_self();

	CHECK(self != NULL);
	*ctx = (struct hl_ctx){
		.magic = CTX_MAGIC,
		.engine = engine,
		.conv = conv,
		.arena = fiber_arena(self),
	};
	if (conv != NULL) {
		ctx->txn = conv->txn;
		ctx->chains = conv->chains;
	}
	fiber_on_switch(self, on_switch, ctx);
}

void
ctx_done(struct hl_ctx *ctx)
{
	CHECK_OBJ(ctx, CTX_MAGIC);
	CHECK(ctx->frame == NULL);
	fiber_on_switch(fiber_self(), NULL, NULL);
	ctx->magic = 0;
}

void
ctx_check(const struct hl_ctx *ctx)
{
	CHECK_OBJ(ctx, CTX_MAGIC);
	CHECK(ctx->frame != NULL);
	ctx->frame->time.used = true;
	if (ctx->frame->time.together)
		call_time_begin(ctx);
}

struct message *
ctx_whole_message(const struct hl_ctx *ctx)
{
	ctx_check(ctx);
	if (ctx->txn == NULL || !ctx->txn->has_message ||
	    !ctx->txn->message.ended)
		return NULL;
	return &ctx->txn->message;
}

struct held *
ctx_hold(struct hl_ctx *ctx, void (*release)(void *), void *what)
{
	struct held *held = mem_alloc(sizeof(*held));

	ctx_check(ctx);
	held->release = release;
	held->what = what;
	list_push_front(&ctx->frame->held, &held->link);
	return held;
}

void
ctx_forget(struct held **held)
{
	list_remove(&(*held)->link);
	mem_free(*held);
	*held = NULL;
}

void
ctx_release(struct held **held)
{
	void (*release)(void *) = (*held)->release;
	void *what = (*held)->what;

	ctx_forget(held);
	release(what);
}

void
frame_push(struct hl_ctx *ctx, struct hook_frame *frame)
{
	CHECK_OBJ(ctx, CTX_MAGIC);
	frame->below = ctx->frame;
	frame->enhanced = STR_EMPTY;
	frame->text = STR_EMPTY;
	list_init(&frame->held);
	ctx->frame = frame;
	ctx->depth++;
}

void
frame_pop(struct hl_ctx *ctx, struct hook_frame *frame)
{
	struct link *link;

	CHECK(ctx->frame == frame);
	while ((link = list_first(&frame->held)) != NULL) {
		struct held *held = CONTAINER_OF(link, struct held, link);

		ctx_release(&held);
	}
	for (struct seen_file *seen = frame->seen; seen != NULL;
	     seen = seen->next) {
		conf_list_unref(&seen->list);
		conf_map_unref(&seen->map);
	}
	ctx->frame = frame->below;
	ctx->depth--;
}
