/* SPDX-License-Identifier: MIT */
/* api_wait.c - plugin.h: waiting, time, chance, text and memory of a hook. */
#include <errno.h>
#include <stdarg.h>
#include <time.h>

#include "base/clock.h"
#include "ctx.h"
#include "instance.h"
#include "rt/offload.h"
#include "rt/wait.h"

int
hl_sleep(struct hl_ctx *ctx, uint64_t ms)
{
	ctx_check(ctx);
	return fiber_sleep(ms);
}

/* Hooks without a session, and sessions without a client, have none. */
static const struct conv_ops *
client_of(const struct hl_ctx *ctx)
{
	ctx_check(ctx);
	return ctx->conv != NULL ? ctx->conv->ops : NULL;
}

int
hl_client_wait(struct hl_ctx *ctx, uint64_t ms)
{
	const struct conv_ops *ops = client_of(ctx);

	if (ops == NULL)
		return -EINVAL;
	return ops->client_wait(ctx->conv, ms);
}

int
hl_client_line(struct hl_ctx *ctx, uint64_t timeout_ms, hl_str *ret)
{
	const struct conv_ops *ops = client_of(ctx);

	if (ops == NULL)
		return -EINVAL;
	return ops->client_line(ctx->conv, timeout_ms, ctx->arena, ret);
}

int
hl_offload(struct hl_ctx *ctx, int (*fn)(void *arg), void *arg)
{
	ctx_check(ctx);
	return rt_offload(fn, arg);
}

uint64_t
hl_now_ms(const struct hl_ctx *ctx)
{
	ctx_check(ctx);
	return mono_now().ns / 1000000;
}

int64_t
hl_wall_us(const struct hl_ctx *ctx)
{
	ctx_check(ctx);
	return wall_now().us;
}

hl_str
hl_time_text(struct hl_ctx *ctx, const char *format)
{
	time_t now = (time_t)(hl_wall_us(ctx) / 1000000);
	char text[1024];
	struct tm tm;
	size_t n;

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral" /* administrator's */
	n = strftime(text, sizeof(text), format, localtime_r(&now, &tm));
#pragma GCC diagnostic pop
	return arena_str(ctx->arena, (struct slice){ text, n });
}

void
hl_random(struct hl_ctx *ctx, void *bytes, size_t size)
{
	ctx_check(ctx);
	random_bytes(bytes, size);
}

hl_str
hl_printf(struct hl_ctx *ctx, const char *fmt, ...)
{
	va_list args;
	hl_str text;

	ctx_check(ctx);
	va_start(args, fmt);
	text = arena_vprintf(ctx->arena, fmt, args);
	va_end(args);
	return text;
}

hl_str
hl_text(const char *text)
{
	return str_of(text);
}

void *
hl_alloc(struct hl_ctx *ctx, size_t size)
{
	ctx_check(ctx);
	return arena_alloc(ctx->arena, size);
}

int
hl_load_error(struct hl_ctx *ctx, const char *fmt, ...)
{
	va_list args;

	ctx_check(ctx);
	if (!ctx->frame->in_load)
		return -EINVAL;
	va_start(args, fmt);
	ctx->frame->plugin->load_error =
	    arena_vprintf(&ctx->engine->arena, fmt, args);
	va_end(args);
	return -EINVAL;
}
