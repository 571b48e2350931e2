/* SPDX-License-Identifier: MIT */
/* resolv_watch.h - says when workers cannot follow /etc/resolv.conf.
 *
 * A confined worker may read the file that had this name when it started.
 * Edited in place, it is read again; another one in its place is not, and
 * the worker goes on with the servers that it knows.  (Where the name is a
 * symbolic link into /run, its directory is open to workers.)
 */
#ifndef HOOKLINE_PROC_RESOLV_WATCH_H
#define HOOKLINE_PROC_RESOLV_WATCH_H

#include <stdbool.h>
#include <sys/types.h>

#include "base/clock.h"

#define RESOLV_WATCH_MS 1000
#define RESOLV_WATCH_PATH "/etc/resolv.conf"

/* Zeroed at first. */
struct resolv_watch {
	ino_t inode; /* 0: not looked yet, or no file of its own */
	struct mono next;
};

/* Looks at `path` at most every RESOLV_WATCH_MS; true when another file has
 * taken its place since the last look. */
bool resolv_watch_look(
    struct resolv_watch *watch, const char *path, struct mono now);
/* The notice in the log. */
void resolv_watch_tell(void);

#endif
