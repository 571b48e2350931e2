/* SPDX-License-Identifier: MIT */
/* plugin_find.h - which file stands behind a line of config/plugins.
 *
 * An old name stands for the new one (plugin_alias.h), unless the site has a
 * NAME.so of its own for it.  In this order:
 * NAME.so in plugin_dirs; a Perl file in plugin_dirs that is
 * the site's own, not one that qpsmtpd ships; the shipped native plugin; the
 * Perl file.  "native:" and "perl:" force the one or the
 * other.  Looks at files only, loads nothing.
 */
#ifndef HOOKLINE_HOOK_PLUGIN_FIND_H
#define HOOKLINE_HOOK_PLUGIN_FIND_H

#include <stdbool.h>

#include "base/arena.h"
#include "base/check.h"
#include "base/slice.h"
#include "base/str.h"

struct conf_dir;
struct conf_plugin;
struct plugin_alias;

struct plugin_place {
	bool is_perl;
	hl_str path;   /* of the file, or the name of a Perl package */
	hl_str found;  /* why this one, for `check` */
	hl_str passed; /* a Perl file that the native plugin stands for; "" */
	const struct plugin_alias *alias; /* the line has an old name of it */
};

/* `shipped` is the directory of the shipped plugins, NULL: there are none.
 * Texts live in `arena`.  0; -ENOENT. */
int plugin_find(struct conf_dir *conf, const char *shipped, struct arena *arena,
    const struct conf_plugin *line, struct plugin_place *ret) WARN_UNUSED;

/* Is the text of this file, without comments and blank lines, one that
 * qpsmtpd ships? */
bool perl_file_is_shipped(struct slice text);

#endif
