/* SPDX-License-Identifier: MIT */
/* loader.h - from a line of config/plugins to a loaded plugin.
 *
 * Which file that is says plugin_find.h.
 */
#ifndef HOOKLINE_HOOK_LOADER_H
#define HOOKLINE_HOOK_LOADER_H

#include "base/err.h"
#include "conf/conf_plugins.h"
#include "ctx.h"
#include "instance.h"

/* Finds, opens and checks the plugin of `line`; parses its arguments.  Does
 * not call load().  Adds it to the engine.  0; negative, words in `err`. */
int loader_open(struct engine *engine, const struct conf_plugin *line,
    struct plugin **ret, struct err *err) WARN_UNUSED;
/* The same for a descriptor in memory; `words` as behind the name. */
int loader_static(struct engine *engine, const struct hl_plugin_entry *entry,
    const struct conf_plugin *line, struct plugin **ret,
    struct err *err) WARN_UNUSED;
/* Calls load(), on a fiber. */
int loader_start(struct engine *engine, struct plugin *plugin,
    struct err *err) BLOCKS WARN_UNUSED;
/* Calls unload() if load() succeeded, frees what it has, closes the file. */
void loader_stop(struct engine *engine, struct plugin *plugin) BLOCKS;

/* Reads the descriptor of a shared object, for `hookline plugins`.  Close the
 * handle with dlclose. */
int loader_describe(const char *path, void **ret_handle, struct hl_plugin *ret,
    struct err *err) WARN_UNUSED;

#endif
