/* SPDX-License-Identifier: MIT */
/* conf_attempt.h - one reading of one file of the directory.
 *
 * It has all that it needs, so it may run on another thread than the entry
 * (conf_entry.c) that it is for.
 */
#ifndef HOOKLINE_CONF_CONF_ATTEMPT_H
#define HOOKLINE_CONF_CONF_ATTEMPT_H

#include <stdbool.h>

#include "conf/conf_fault.h"
#include "conf/conf_list.h"
#include "conf/conf_map.h"
#include "conf/conf_source.h"

struct conf_entry;

struct conf_attempt {
	char *dir, *extra, *name;
	bool is_map, only_here;
	bool is_first; /* there is no better version: the good lines hold */
	unsigned kinds;
	/* What came of it. */
	int res; /* as conf_file_read */
	struct conf_list *list;
	struct conf_map *map;
	struct conf_sources sources;
	struct conf_faults faults;
};

/* For the entry as it is now. */
struct conf_attempt *conf_attempt__new(const struct conf_entry *entry);
/* Reads and compiles.  On any thread, once. */
void conf_attempt__run(struct conf_attempt *attempt);
/* For what has been asked since, too. */
void conf_attempt__complete(
    struct conf_attempt *attempt, const struct conf_entry *entry);
/* With what nobody has taken. */
void conf_attempt__free(struct conf_attempt **attempt);

#endif
