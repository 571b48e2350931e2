/* SPDX-License-Identifier: MIT */
/* args.h - the words of a plugin's line, by its argument table. */
#ifndef HOOKLINE_HOOK_ARGS_H
#define HOOKLINE_HOOK_ARGS_H

#include <hookline/plugin.h>

#include "base/arena.h"
#include "base/err.h"

/* Fills the struct at `ret` (zeroed, args_size bytes) from `words`; strings
 * go to `arena`.  0; -EINVAL with "what; remedy" in `err`. */
int args_parse(const struct hl_arg *table, const hl_str *words, size_t count,
    struct arena *arena, void *ret, struct err *err) WARN_UNUSED;
/* A table that a plugin brings may itself be wrong. */
int args_table_check(
    const struct hl_arg *table, size_t args_size, struct err *err) WARN_UNUSED;
const char *args_type_name(enum hl_arg_type type);

#endif
