/* SPDX-License-Identifier: MIT */
/* hook_log.h - log lines that know session, transaction, plugin and hook.
 *
 * Lines go to the `logging` hooks if config/logging names plugins; what none
 * of them takes, and all without them, to standard error.  Hooks are never run from here: lines are queued (bounded,
 * drops are counted) and one fiber of the worker runs the chain, so a line
 * may be made anywhere, also on the loop's stack or inside a logging hook.
 */
#ifndef HOOKLINE_HOOK_HOOK_LOG_H
#define HOOKLINE_HOOK_HOOK_LOG_H

#include "base/log.h"
#include "ctx.h"

struct hl_log;

/* log_begin, and sid, tid, listener of `conv` (may be NULL). */
void hook_log_begin(
    struct log_line *line, enum log_level level, const struct conv *conv);
/* ... and plugin and hook of the running frame. */
void hook_log_begin_ctx(
    struct log_line *line, enum log_level level, const struct hl_ctx *ctx);

/* A line of the running plugin, at the level that hl.loglevel makes of it.
 * `text` may have any bytes, also NUL. */
void hook_log_said(struct hl_ctx *ctx, enum hl_level level, struct slice text);

/* log_end; but what a logging hook says goes to standard error, since it
 * would else be asked to log that too, without end. */
void hook_log_end_ctx(struct log_line *line, const struct hl_ctx *ctx);

/* What a plugin has said with hl_log: its own words, as far as a value in a
 * line has room for them (log.h); of any other line, the line.  Valid during
 * the logging hook. */
hl_str hook_log_words(const struct hl_log *log);

/* The queue and its fiber; engine.c makes it when there are loggers, and the
 * lines of this thread go there until it is freed. */
struct log_queue *log_queue_new(struct engine *engine);
/* Before the loggers are unloaded: when it returns none runs and none will.
 * A logger that waits is given a second, what it has not taken goes to
 * standard error.  NULL is fine. */
void log_queue_stop(struct log_queue *queue) BLOCKS;
void log_queue_free(struct log_queue **queue);

#endif
