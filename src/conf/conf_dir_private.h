/* SPDX-License-Identifier: MIT */
/* conf_dir_private.h - what conf_dir.c and conf_entry.c share. */
#ifndef HOOKLINE_CONF_DIR_PRIVATE_H
#define HOOKLINE_CONF_DIR_PRIVATE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/clock.h"
#include "base/list.h"
#include "conf/conf_dir.h"
#include "conf/conf_source.h"

struct conf_reading;
struct map;

#define CONF_DIR_MAGIC 0x43446972u
/* New versions from this size on are read apart. */
#define CONF_APART_BYTES 32768

/* One file of the directory, present or not: a list or a map. */
struct conf_entry {
	struct link link; /* in conf_dir.recent */
	struct conf_dir *dir;
	char *name; /* "KEY", "LISTENER/KEY", "KEY.cdb", or an absolute path */
	bool is_map;
	bool only_here; /* not looked for in $QMAIL/control */
	bool is_loaded; /* an attempt was made */
	bool is_early;  /* read when it was young: look into it once more */
	struct mono checked;
	unsigned kinds; /* asked for by conf_get_as */
	/* What was taken last.  `list` is never NULL once loaded. */
	struct conf_list *list;
	struct conf_map *map;
	struct conf_sources sources; /* of the last attempt, taken or not */
	struct conf_faults faults;
	struct conf_reading *reading; /* a new version is read apart; or NULL */
};

struct conf_dir {
	uint32_t magic;
	char *path;
	char *extra; /* $QMAIL/control, or NULL */
	char *hostname;
	struct conf_options options;
	struct map *lists; /* name to conf_entry */
	struct map *maps;
	struct list recent;     /* of entries, least recently used first */
	struct conf_faults all; /* conf_faults() */
};

struct conf_entry *conf_entry__new(
    struct conf_dir *dir, struct slice name, bool is_map, bool only_here);
void conf_entry__free(struct conf_entry *entry);
/* Looks at the files unless that was done less than a second ago, and takes
 * a new version.  `force`: without the rules of one second and of 200 ms.
 * Returns true when something else than before holds now. */
bool conf_entry__check(struct conf_entry *entry, bool force);
/* Makes sure that the list, and all later ones, are compiled for `kinds`. */
void conf_entry__want(struct conf_entry *entry, unsigned kinds);
/* No file, and nothing to say about it. */
bool conf_entry__is_absent(const struct conf_entry *entry);
/* Adds a fault and tells conf_options.on_fault if it is new. */
void conf_entry__fault(
    struct conf_entry *entry, hl_str file, unsigned line, const char *text);

#endif
