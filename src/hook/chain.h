/* SPDX-License-Identifier: MIT */
/* chain.h - for each hook, who is asked, in which order.
 *
 * Computed once when a configuration is loaded; immutable afterwards, but for
 * the pace.
 */
#ifndef HOOKLINE_HOOK_CHAIN_H
#define HOOKLINE_HOOK_CHAIN_H

#include "hook_row.h"
#include "instance.h"

struct arena;
struct shm;

/* How the next runs of a chain are timed; see call_time.h. */
struct chain_pace {
	unsigned exact;     /* so many with the clock read at each call */
	unsigned slow_runs; /* of these: in which a quick call took long */
	uint64_t slow_us;   /* ... and how long */
	unsigned rows;      /* runs since they began, up to CALL_ROWS */
	unsigned stat;      /* of calls timed together; 0: not needed yet */
};

struct chain_entry {
	struct plugin *plugin;
	plugin_fn *fn;
	unsigned stat; /* of shm_stat_define */
};

struct chain {
	unsigned count;
	struct chain_pace *pace;
	struct chain_entry at[];
};

/* The chains of one plugins file; a hook that nobody has is NULL. */
struct chain_set {
	hl_str key; /* control file: "plugins", "plugins.submission" */
	const struct chain *hooks[HOOK_COUNT];
	struct plugin **plugins; /* in the order of the file */
	unsigned count;
	/* HL_CARRIES_* that all its `queue` plugins declare; 0: has none */
	uint64_t carries;
};

/* Fills `set->hooks` and `set->carries` from `set->plugins`; names each entry
 * in `shm`. */
void chain_set_build(
    struct chain_set *set, struct arena *arena, struct shm *shm);

#endif
