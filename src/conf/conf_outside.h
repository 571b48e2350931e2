/* SPDX-License-Identifier: MIT */
/* conf_outside.h - which places beyond the configuration directory are read.
 *
 * Control files may include others by absolute paths, and may be symbolic
 * links.  A process that gives up access to the rest of the system has to
 * know these places first.
 */
#ifndef HOOKLINE_CONF_CONF_OUTSIDE_H
#define HOOKLINE_CONF_CONF_OUTSIDE_H

#include <stdbool.h>

#include "conf/conf_file.h"

/* Entries of the directories that are looked at, and how deep. */
#define CONF_OUTSIDE_ENTRIES 10000
#define CONF_OUTSIDE_DEPTH 4

/* Calls `fn` for each path, which is absolute, may be a file, a directory
 * or a symbolic link, and may not exist; the same one may come twice.
 * Reads the files that include others.  False: there are more than
 * CONF_OUTSIDE_ENTRIES, and not all were looked at. */
bool conf_outside(const struct conf_places *places,
    void (*fn)(void *arg, const char *path), void *arg);

#endif
