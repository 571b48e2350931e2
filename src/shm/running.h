/* SPDX-License-Identifier: MIT */
/* running.h - which hook holds the worker's thread now.
 *
 * The worker sets the cell when a hook starts or its fiber goes on, and
 * clears it when the hook returns or its fiber parks; the master reads it
 * when the worker died, and ten times a second as a watchdog.  A hook that
 * held the thread for SHM_HELD_MS and then let go is kept in a second cell,
 * so that the master's rare look misses none (of several between two looks
 * the last).
 *
 * Within a chain only the number in the cell changes from hook to hook.  At
 * each look the master counts the segment's tick up: a worker that finds it
 * changed behind a call knows, without asking the clock, that the call may
 * have been a long one.
 */
#ifndef HOOKLINE_SHM_RUNNING_H
#define HOOKLINE_SHM_RUNNING_H

#include <stdbool.h>
#include <stdint.h>

#include "base/clock.h"
#include "base/slice.h"
#include "shm/layout.h"
#include "shm/shm.h"

#define SHM_HELD_MS 100

/* `stat` is that of shm_stat_define; ids are cut to SHM_ID_MAX - 1, and may
 * be empty.  A nested hook (config, logging, deny) sets its own and, after
 * it, the outer one again, with the outer one's `since` if it kept the
 * thread all the time. */
void shm_running_set(struct shm *shm, unsigned stat, struct slice sid,
    struct slice tid, struct mono since);
/* Another hook of the same session, since the same time. */
static inline void
shm_running_next(struct shm *shm, unsigned stat)
{
	__atomic_store_n(&shm->own->running.stat, stat, __ATOMIC_RELAXED);
}
void shm_running_clear(struct shm *shm, struct mono now);

/* Master only: counts the tick of `segment` up. */
void shm_tick(struct shm *shm, unsigned segment);
/* The worker's own tick. */
static inline uint32_t
shm_tick_get(const struct shm *shm)
{
	return __atomic_load_n(&shm->own->tick, __ATOMIC_RELAXED);
}

/* A copy that belongs together.  False: nothing runs (or ever held).  From a
 * worker that died in the middle of a change the fields may be mixed. */
bool shm_running_get(
    const struct shm_segment *segment, struct shm_running *ret);
bool shm_held_get(const struct shm_segment *segment, struct shm_running *ret);

#endif
