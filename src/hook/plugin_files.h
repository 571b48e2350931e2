/* SPDX-License-Identifier: MIT */
/* plugin_files.h - the control files that a plugin's descriptor names.
 *
 * An entry of `.files` is a key, and perhaps a word that says what its lines
 * must be: "relayclients networks".  Of those marked "secret" somebody else
 * than root and the server may not be let in; to him they are closed.
 */
#ifndef HOOKLINE_HOOK_PLUGIN_FILES_H
#define HOOKLINE_HOOK_PLUGIN_FILES_H

#include <stdbool.h>

#include "base/check.h"
#include "base/err.h"
#include "base/str.h"

struct conf_dir;
struct hl_plugin;

/* Are all entries understood?  0; -EINVAL with words in `err`. */
int plugin_files_check(
    const struct hl_plugin *desc, struct err *err) WARN_UNUSED;
/* Reads each of them as the plugin will, so that what is wrong shows now (in
 * conf_faults) and not at the first look-up.  `listener` as in conf_dir.h;
 * the entries have been checked.  `leave_closed`: what is closed is no fault,
 * plugin_files_closed tells of it. */
void plugin_files_read(const struct hl_plugin *desc, struct conf_dir *conf,
    hl_str listener, bool leave_closed);

typedef void plugin_files_closed_fn(void *arg, const char *path);
/* Calls `fn` for each that is closed to us. */
void plugin_files_closed(const struct hl_plugin *desc, struct conf_dir *conf,
    hl_str listener, plugin_files_closed_fn *fn, void *arg);

#endif
