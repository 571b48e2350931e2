/* SPDX-License-Identifier: MIT */
/* respawn.h - how long to wait before a dead worker is started again.
 *
 * Pure: time comes in as an argument.  A worker that lived RESPAWN_GOOD_MS
 * is replaced at once; otherwise each death of its slot doubles the wait,
 * from RESPAWN_MIN_MS to RESPAWN_MAX_MS.  A plugin in whose hooks three
 * workers (of any slot) died within a minute makes it RESPAWN_BLAMED_MS.
 */
#ifndef HOOKLINE_PROC_RESPAWN_H
#define HOOKLINE_PROC_RESPAWN_H

#include <stdbool.h>
#include <stdint.h>

#include "base/clock.h"
#include "base/list.h"

#define RESPAWN_GOOD_MS 10000
#define RESPAWN_MIN_MS 100
#define RESPAWN_MAX_MS 10000
#define RESPAWN_BLAMED_MS 30000
#define RESPAWN_BLAMED_DEATHS 3
#define RESPAWN_BLAMED_WITHIN_MS 60000

/* Of one slot; zeroed at first.  Returns the wait in ms. */
struct respawn {
	uint64_t wait_ms;
};

uint64_t respawn_wait(
    struct respawn *respawn, struct mono started, struct mono died);

/* Deaths by plugin. */
struct blame {
	struct list plugins;
};

void blame_init(struct blame *blame);
void blame_done(struct blame *blame);
/* Notes that a worker died in a hook of `plugin`.  True: it is the third
 * within a minute, or a further one. */
bool blame_note(struct blame *blame, const char *plugin, struct mono died);

#endif
