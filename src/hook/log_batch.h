/* SPDX-License-Identifier: MIT */
/* log_batch.h - lines to standard error, one write for many.
 *
 * Lines are gathered and written at the end of each turn of the loop, when
 * 32 KiB are there, and by the crash handler.
 */
#ifndef HOOKLINE_HOOK_LOG_BATCH_H
#define HOOKLINE_HOOK_LOG_BATCH_H

#include "base/log.h"

struct log_batch;
struct rt;

struct log_batch *log_batch_new(struct rt *rt);
/* Writes what is there; the handle is closed when the loop runs next. */
void log_batch_free(struct log_batch **batch);
/* Makes it the sink of all lines. */
void log_batch_use(struct log_batch *batch);
void log_batch_add(
    struct log_batch *batch, enum log_level level, struct slice text);
void log_batch_flush(struct log_batch *batch);
/* For signal handlers: write(2) alone. */
void log_batch_flush_crash(void);

#endif
