/* SPDX-License-Identifier: MIT */
/* plugin_alias.h - old names of plugins, and what their lines mean today. */
#ifndef HOOKLINE_HOOK_PLUGIN_ALIAS_H
#define HOOKLINE_HOOK_PLUGIN_ALIAS_H

#include "base/arena.h"
#include "base/slice.h"

struct conf_plugin;
struct alias_words;

struct plugin_alias {
	const char *old;
	const char *now;   /* NULL: there is none */
	const char *words; /* in front of the line's own; NULL: none */
	void (*translate)(struct alias_words *words); /* or NULL */
	const char *remedy; /* what to do where `now` is NULL */
};

/* The row of plugin_alias.def; NULL: it is no old name. */
const struct plugin_alias *plugin_alias(struct slice name);

/* Replaces the arguments of `line`, those of the old plugin, by what means
 * the same to the new one.  Words live in `arena`. */
void plugin_alias_args(const struct plugin_alias *alias, struct arena *arena,
    struct conf_plugin *line);

#endif
