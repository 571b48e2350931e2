/* SPDX-License-Identifier: MIT */
/* plain.h - loggers that put a word in front of each line, to standard error.
 *
 * They have one argument, the least important lines that they write; the
 * memory of a plugin's line is a struct lines.
 */
#ifndef HOOKLINE_LOGGING_PLAIN_H
#define HOOKLINE_LOGGING_PLAIN_H

#include <hookline/plugin.h>

#include "lines.h"

struct plain_args {
	int level;
};

extern const struct hl_arg plain_args[];

/* Takes the line and writes it, with `front` and a blank before it.  BLOCKS.
 * HL_DECLINED. */
enum hl_verdict plain_write(
    struct hl_ctx *ctx, const struct hl_log *log, hl_str front);
/* The value of `key` in the line, or "???". */
hl_str plain_value(const struct hl_log *log, const char *key);

void plain_unload(struct hl_ctx *ctx);

#endif
