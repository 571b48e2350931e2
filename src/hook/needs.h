/* SPDX-License-Identifier: MIT */
/* needs.h - what a plugin may read, write, run and connect to.
 *
 * A plugin says so in its load function (hl_need_*); every function of
 * plugin.h that reaches outside asks here first.
 */
#ifndef HOOKLINE_HOOK_NEEDS_H
#define HOOKLINE_HOOK_NEEDS_H

#include "base/check.h"
#include "base/str.h"
#include "instance.h"

struct hl_ctx;

/* May the running plugin use `what`?  Returns 0; -EACCES it did not declare
 * it: the first such use of each kind is logged as an error with the remedy,
 * once for each plugin in each worker.  Never blocks. */
int need_check(
    struct hl_ctx *ctx, enum need_kind kind, hl_str what) WARN_UNUSED;

/* "read", "write", "exec", "exec_setuid", "connect". */
const char *need_name(enum need_kind kind);

#endif
