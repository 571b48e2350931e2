/* SPDX-License-Identifier: MIT */
/* ctx.c - frames, and what they hold. */
#include "ctx.h"

#include "base/mem.h"
#include "conf/conf_list.h"
#include "rt/fiber.h"

#define CTX_MAGIC 0x63747831u

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
}

void
ctx_check(const struct hl_ctx *ctx)
{
	CHECK_OBJ(ctx, CTX_MAGIC);
	CHECK(ctx->frame != NULL);
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
	for (struct seen_list *seen = frame->seen; seen != NULL;
	     seen = seen->next)
		conf_list_unref(&seen->list);
	ctx->frame = frame->below;
	ctx->depth--;
}
