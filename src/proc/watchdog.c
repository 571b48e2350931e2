/* SPDX-License-Identifier: MIT */
/* watchdog.c - names hooks that hold a worker, ends a worker that hangs.
 *
 * While a hook holds the thread, none of the worker's other sessions is
 * served.  The master looks at each running cell ten times a second; what
 * held and let go between two looks stands in the held cell.  Each
 * occurrence is named once.
 */
#include <signal.h>

#include "base/log.h"
#include "master_private.h"
#include "shm/running.h"

#define WATCHDOG_ABORT_MS 10000
/* And so many looks have found it, so that a machine that stood still (a
 * snapshot, a suspend) is not taken for a hook that hangs. */
#define WATCHDOG_ABORT_TICKS (WATCHDOG_ABORT_MS / MASTER_TICK_MS / 2)

static void
log_held(enum log_level level, const char *event, const struct child *child,
    const struct shm_running *cell, uint64_t ms)
{
	static const char advice[] =
	    "no other session of this worker was served; a hook waits with "
	    "hookline's functions and computes in hl_offload";
	const struct shm_segment *segment =
	    shm_segment(child->master->shm, child->segment);
	struct log_line line;

	log_begin(&line, level);
	log_add_text(&line, LOG_event, event);
	log_add_text(&line, LOG_plugin, shm_stat_plugin(segment, cell->stat));
	log_add_text(&line, LOG_hook, shm_stat_hook(segment, cell->stat));
	log_add_text(&line, LOG_sid, cell->sid);
	log_add_text(&line, LOG_tid, cell->tid);
	log_add_int(&line, LOG_ms, (long long)ms);
	log_add_int(&line, LOG_pid, child->pid);
	log_add_int(&line, LOG_slot, child->slot);
	log_add_text(&line, LOG_text, advice);
	log_end(&line);
}

static void
child_look(struct child *child, struct mono now)
{
	const struct shm_segment *segment =
	    shm_segment(child->master->shm, child->segment);
	struct shm_running cell;
	uint64_t ms;

	shm_tick(child->master->shm, child->segment);
	if (shm_held_get(segment, &cell) && cell.turn != child->held_turn) {
		child->held_turn = cell.turn;
		if (cell.since_ns != child->held_since)
			log_held(LOG_LEVEL_WARN, "loop_held", child, &cell,
			    cell.held_ns / 1000000);
		child->held_since = cell.since_ns;
	}
	if (!shm_running_get(segment, &cell))
		return;
	ms = mono_since_us(now, (struct mono){ cell.since_ns }) / 1000;
	if (ms < SHM_HELD_MS)
		return;
	if (cell.since_ns != child->held_since) {
		child->held_since = cell.since_ns;
		child->held_ticks = 0;
		log_held(LOG_LEVEL_WARN, "loop_held", child, &cell, ms);
	}
	child->held_ticks++;
	if (ms >= WATCHDOG_ABORT_MS && !child->aborted &&
	    child->held_ticks >= WATCHDOG_ABORT_TICKS) {
		child->aborted = true;
		log_held(LOG_LEVEL_ERROR, "worker_aborted", child, &cell, ms);
		(void)uv_process_kill(&child->process, SIGABRT);
	}
}

void
watchdog_tick(struct master *master, struct mono now)
{
	LIST_FOR_EACH (link, safe, &master->children)
		child_look(CONTAINER_OF(link, struct child, link), now);
}
