/* SPDX-License-Identifier: MIT */
/* config.h - control files as a session sees them: hooks first, then files.
 *
 * `config` hooks are asked at each look-up; what they give is cached only
 * for hl_config_ttl seconds.  Else the listener's file, else the common one.
 */
#ifndef HOOKLINE_HOOK_CONFIG_H
#define HOOKLINE_HOOK_CONFIG_H

#include "base/check.h"
#include "conf/conf_defaults.h"
#include "ctx.h"

struct conf_list;

/* The list of `key`, never NULL; the caller gives it back with
 * conf_list_unref.  BLOCKS when a hook does. */
struct conf_list *hook_config(struct hl_ctx *ctx, hl_str key) BLOCKS;
/* The same with the `user_config` hooks of a recipient first. */
struct conf_list *hook_user_config(
    struct hl_ctx *ctx, const struct hl_addr *addr, hl_str key) BLOCKS;
/* One value of the core's, in the unit of its type (conf_value.h). */
int64_t hook_config_value(struct hl_ctx *ctx, enum conf_key key) BLOCKS;
/* Its text, in `arena`. */
hl_str hook_config_text(
    struct hl_ctx *ctx, enum conf_key key, struct arena *arena) BLOCKS;
/* Must be called by engine_free. */
void hook_config_cache_free(struct engine *engine);

#endif
