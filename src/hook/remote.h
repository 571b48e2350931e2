/* SPDX-License-Identifier: MIT */
/* remote.h - plugins that run outside of the worker, as the engine sees them.
 *
 * Such a plugin is a struct plugin like any other: whoever runs it fills in
 * the functions of its descriptor, and the engine calls, times and judges
 * them as it does those of a shared object (host/ does this for Perl).
 */
#ifndef HOOKLINE_HOOK_REMOTE_H
#define HOOKLINE_HOOK_REMOTE_H

#include <stddef.h>

#include "base/check.h"
#include "base/err.h"
#include "base/str.h"

struct conf_plugin;
struct conv;
struct engine;
struct hl_ctx;
struct plugin;

struct remote_ops {
	/* Finds what runs the file `path` (or the package `path`) for this
	 * line: sets plugin->remote, plugin->front and the hooks of
	 * plugin->desc.  0; negative with the reason in `err`. */
	int (*open)(void *arg, struct engine *engine,
	    const struct conf_plugin *line, hl_str path, struct plugin *plugin,
	    struct err *err) BLOCKS;
	/* plugin->remote is no longer used. */
	void (*close)(void *arg, struct plugin *plugin);
	/* The session is over: lets go of conv->remote. */
	void (*session_end)(void *arg, struct conv *conv);
};

/* Of the running hook: whoever runs it has died, does not answer, or answers
 * nonsense; the failure policy decides.  `why` is for the log, as is the
 * process `pid` (0: unknown).  Returns what
 * the hook is to return. */
unsigned remote_failed(struct hl_ctx *ctx, const char *why, int pid);

#endif
