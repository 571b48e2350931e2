/* SPDX-License-Identifier: MIT */
/* remote.c - plugins that run outside of the worker, as the engine sees them.
 */
#include "remote.h"

#include "ctx.h"

unsigned
remote_failed(struct hl_ctx *ctx, const char *why, int pid)
{
	ctx_check(ctx);
	ctx->frame->failure = arena_str(ctx->arena, slice_of(why));
	ctx->frame->failed_pid = pid;
	return HL_DECLINED;
}
