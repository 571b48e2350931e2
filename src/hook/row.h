/* SPDX-License-Identifier: MIT */
/* row.h - a row of calls that nothing is to be said about. */
#ifndef HOOKLINE_HOOK_ROW_H
#define HOOKLINE_HOOK_ROW_H

#include "ctx.h"

struct hook_args;

/* Calls the running frame's entry with `args`, and the entries behind it
 * before `end`, for as long as they decline without more.  Returns what the
 * last one returned; the frame's time.entry is that one, or `end` when it
 * declined as well and there is none left. */
unsigned row_run(struct hl_ctx *ctx, const struct chain_entry *end,
    const struct hook_args *args) BLOCKS;

#endif
