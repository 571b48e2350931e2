/* SPDX-License-Identifier: MIT */
/* api_answer.c - plugin.h: verdicts, replies, the EHLO list, log lines. */
#include <errno.h>
#include <stdarg.h>
#include <string.h>

#include "base/num.h"
#include "hook_log.h"
#include "reply_view.h"
#include "rt/fiber.h"
#include "run.h"
#include "smtp/reply.h"

enum hl_verdict
hl_answer(
    struct hl_ctx *ctx, enum hl_verdict verdict, hl_str enhanced, hl_str text)
{
	ctx_check(ctx);
	ctx->frame->enhanced = arena_str(ctx->arena, slice_str(enhanced));
	ctx->frame->text = arena_str(ctx->arena, slice_str(text));
	return verdict;
}

static hl_str format(struct hl_ctx *ctx, const char *fmt, va_list args)
    PRINTF_LIKE(2, 0);

static hl_str
format(struct hl_ctx *ctx, const char *fmt, va_list args)
{
	return fmt == NULL ? STR_EMPTY : arena_vprintf(ctx->arena, fmt, args);
}

enum hl_verdict
hl_ok(struct hl_ctx *ctx, const char *fmt, ...)
{
	va_list args;
	hl_str text;

	va_start(args, fmt);
	text = format(ctx, fmt, args);
	va_end(args);
	return hl_answer(ctx, HL_OK, STR_EMPTY, text);
}

#define DEFINE_ANSWER(name, verdict)                                        \
	enum hl_verdict name(                                               \
	    struct hl_ctx *ctx, const char *enhanced, const char *fmt, ...) \
	{                                                                   \
		va_list args;                                               \
		hl_str text;                                                \
                                                                            \
		va_start(args, fmt);                                        \
		text = format(ctx, fmt, args);                              \
		va_end(args);                                               \
		return hl_answer(ctx, verdict, hl_text(enhanced), text);    \
	}

DEFINE_ANSWER(hl_deny, HL_DENY)
DEFINE_ANSWER(hl_denysoft, HL_DENYSOFT)
DEFINE_ANSWER(hl_deny_disconnect, HL_DENY_DISCONNECT)
DEFINE_ANSWER(hl_denysoft_disconnect, HL_DENYSOFT_DISCONNECT)

static const struct {
	const char *name;
	enum hl_verdict verdict;
} verdicts[] = {
	{ "OK", HL_OK },
	{ "DENY", HL_DENY },
	{ "DENYSOFT", HL_DENYSOFT },
	{ "DENY_DISCONNECT", HL_DENY_DISCONNECT },
	{ "DENYHARD", HL_DENY_DISCONNECT },
	{ "DENYSOFT_DISCONNECT", HL_DENYSOFT_DISCONNECT },
	{ "DECLINED", HL_DECLINED },
	{ "DONE", HL_DONE },
};

int
hl_verdict_parse(hl_str text, enum hl_verdict *ret)
{
	unsigned number;

	for (size_t i = 0; i < ARRAY_SIZE(verdicts); i++) {
		if (slice_caseeq_text(slice_str(text), verdicts[i].name)) {
			*ret = verdicts[i].verdict;
			return 0;
		}
	}
	if (num_parse_unsigned(slice_str(text), 999, &number) < 0)
		return -EINVAL;
	if (number == 909)
		number = HL_DECLINED;
	else if (number == 0 || hook_column_of(number) == COLUMN_COUNT)
		return -EINVAL;
	*ret = (enum hl_verdict)number;
	return 0;
}

const char *
hl_verdict_name(enum hl_verdict verdict)
{
	return hook_column_name(hook_column_of(verdict));
}

/* 334 belongs to AUTH; all else is a final reply. */
static bool
code_is_allowed(const struct hl_ctx *ctx, unsigned code)
{
	enum hook_call_kind kind =
	    (enum hook_call_kind)hook_table[ctx->frame->hook].call;

	if (code == 334)
		return kind == HOOK_CALL_AUTH;
	return (code >= 200 && code < 300) || (code >= 400 && code < 600);
}

int
hl_reply(struct hl_ctx *ctx, unsigned code, const char *enhanced,
    const char *fmt, ...)
{
	va_list args;
	hl_str text;
	int ret;

	ctx_check(ctx);
	if (ctx->frame->in_load || ctx->conv == NULL ||
	    ctx->conv->ops == NULL || !hook_can_reply(ctx->frame->hook) ||
	    !code_is_allowed(ctx, code))
		return -EINVAL;
	if (ctx->frame->replies > 0)
		return -EALREADY;
	va_start(args, fmt);
	text = format(ctx, fmt, args);
	va_end(args);
	ret = ctx->conv->ops->reply(ctx, code, str_of(enhanced), text);
	if (ret == 0 && code != 334)
		ctx->frame->replies++;
	return ret;
}

unsigned
hl_reply_code(const struct hl_reply *reply)
{
	return reply->code;
}

hl_str
hl_reply_enhanced(const struct hl_reply *reply)
{
	return reply->enhanced;
}

hl_str
hl_reply_text(const struct hl_reply *reply)
{
	return reply->text;
}

static bool
code_is_fixed(unsigned code)
{
	return code == 220 || code == 221 || code == 334 || code == 353 ||
	       code == 354 || code == 421;
}

int
hl_reply_set(struct hl_ctx *ctx, unsigned code, hl_str enhanced, hl_str text)
{
	struct hl_reply *reply;

	ctx_check(ctx);
	if (ctx->frame->hook != HOOK_REPLY || ctx->reply == NULL)
		return -EINVAL;
	reply = ctx->reply;
	if (code == 0)
		code = reply->code;
	if (code != reply->code &&
	    (code_is_fixed(reply->code) || code_is_fixed(code) ||
		code / 100 != reply->code / 100))
		return -EINVAL;
	reply->code = code;
	reply->enhanced = arena_str(ctx->arena, slice_str(enhanced));
	reply->text = arena_str(ctx->arena, slice_str(text));
	return 0;
}

int
hl_ehlo_add(struct hl_ctx *ctx, hl_str line)
{
	ctx_check(ctx);
	if ((ctx->frame->hook != HOOK_CAPABILITIES &&
		ctx->frame->hook != HOOK_EHLO) ||
	    ctx->conv->ehlo == NULL || line.n == 0)
		return -EINVAL;
	for (size_t i = 0; i < line.n; i++) {
		if ((unsigned char)line.p[i] < ' ')
			return -EINVAL;
	}
	buf_add_char(ctx->conv->ehlo, '\n');
	buf_add_slice(ctx->conv->ehlo, slice_str(line));
	return 0;
}

bool
hl_ehlo_remove(struct hl_ctx *ctx, hl_str keyword)
{
	struct buf kept = BUF_INIT;
	struct slice left, line;
	bool found = false, first = true;

	ctx_check(ctx);
	if (ctx->frame->hook != HOOK_CAPABILITIES || ctx->conv->ehlo == NULL)
		return false;
	left = buf_slice(ctx->conv->ehlo);
	while (slice_cut(&left, '\n', &line)) {
		struct slice words = line, word = slice_word(&words);

		if (!first && slice_caseeq(word, slice_str(keyword))) {
			found = true;
			continue;
		}
		if (!first)
			buf_add_char(&kept, '\n');
		buf_add_slice(&kept, line);
		first = false;
	}
	buf_done(ctx->conv->ehlo);
	*ctx->conv->ehlo = kept;
	return found;
}

/* The `loglevel` argument of the plugin's line: N, +N or -N. */
static enum log_level
adjusted(const struct plugin *plugin, enum hl_level level)
{
	struct slice text = slice_str(plugin->loglevel);
	int64_t number;

	if (num_parse_i64(text, -7, 7, &number) < 0)
		return (enum log_level)level;
	if (text.p[0] == '+' || text.p[0] == '-')
		number += (int64_t)level;
	return number < 0                 ? LOG_LEVEL_EMERG
	       : number > LOG_LEVEL_DEBUG ? LOG_LEVEL_DEBUG
					  : (enum log_level)number;
}

void
hook_log_said(struct hl_ctx *ctx, enum hl_level level, struct slice text)
{
	struct log_line line;

	hook_log_begin_ctx(&line, adjusted(ctx->frame->plugin, level), ctx);
	log_add(&line, LOG_text, text);
	hook_log_end_ctx(&line, ctx);
}

void
hl_log(struct hl_ctx *ctx, enum hl_level level, const char *fmt, ...)
{
	va_list args;
	hl_str text;

	ctx_check(ctx);
	if (!log_is_on(adjusted(ctx->frame->plugin, level)))
		return;
	va_start(args, fmt);
	text = format(ctx, fmt, args);
	va_end(args);
	hook_log_said(ctx, level, slice_str(text));
}
