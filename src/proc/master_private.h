/* SPDX-License-Identifier: MIT */
/* master_private.h - the state of the master, for the files it is made of.
 *
 * master.c      start, signals, the tick, stop
 * child.c       one worker process: start, messages, end
 * generation.c  a set of workers that start together and take over
 * slots.c       who serves which slot: deaths, respawn, adoption
 * reload.c      check, then a new generation; who waits for it
 * flush.c       config-flush through all workers
 * watchdog.c    hooks that hold a worker
 * tls_watch.c   certificates, keys, session tickets
 * ctl_server.c  the control socket
 *
 * One thread, one loop; nothing here blocks longer than a file look-up.
 * Everything periodic hangs on one timer, the tick.
 */
#ifndef HOOKLINE_PROC_MASTER_PRIVATE_H
#define HOOKLINE_PROC_MASTER_PRIVATE_H

#include <stdbool.h>
#include <stdint.h>
#include <uv.h>

#include "base/clock.h"
#include "base/err.h"
#include "base/list.h"
#include "child.h"
#include "listen_set.h"
#include "master.h"
#include "notify.h"
#include "privilege.h"
#include "resolv_watch.h"
#include "respawn.h"
#include "settings.h"
#include "shm/shm.h"
#include "shm/stats.h"

struct ctl_server;
struct flush;
struct generation;
struct reload;
struct service;
struct spawn_child;
struct tls_watch;

#define MASTER_TICK_MS 100
/* From `now` until a worker that is still there is killed. */
#define MASTER_KILL_MS 1500
/* A slot without worker for so long is polled by another one. */
#define MASTER_ADOPT_MS 1000

enum master_phase {
	MASTER_STARTING, /* the first generation */
	MASTER_RUNNING,
	MASTER_DRAINING, /* until `phase_end` */
	MASTER_ENDING    /* workers were told that time is up */
};

struct slot {
	struct child *active;   /* accepts; NULL: dead */
	struct child *starting; /* its replacement after a death */
	struct child *adopter;  /* polls our sockets meanwhile */
	struct child *missed;   /* had no descriptor for that */
	struct mono empty_since;
	struct mono start_at; /* of the replacement; {0}: none is due */
	struct respawn respawn;
};

struct master {
	const struct master_options *options;
	char *config_dir, *state_dir; /* absolute */
	struct run_user user;
	bool was_root; /* at the start: could choose `user` */
	int pid_fd;
	struct mono started;
	uv_loop_t loop;
	uv_timer_t tick;
	uv_signal_t signals[3];
	enum master_phase phase;
	struct mono phase_end;
	int exit_code;
	struct mono watchdog_at; /* of systemd; {0}: none */
	uint64_t watchdog_ms;

	struct activation activation;
	unsigned next_addr_id, next_generation;
	struct generation *current, *next; /* next: not ready yet */
	struct slot slots[SHM_SLOT_MAX];
	struct list children; /* all that live */
	struct blame blame;

	struct shm *shm;
	struct shm_sum past; /* counted by workers that are gone */
	unsigned deaths;     /* workers that died */
	struct reload *reload;
	struct list flushes;
	unsigned last_flush;
	struct ctl_server *ctl;
	struct list perl;          /* of struct perl_hosts */
	struct service *state;     /* the state process */
	struct spawn_child *spawn; /* the spawn helper */
	struct tls_watch *tls;
	struct resolv_watch resolv;
};

/* -- master.c -- */

/* SIGTERM: drain; the second time: at once. */
void master_stop(struct master *master, bool at_once);
/* The last worker has ended after master_stop, or there is none. */
void master_check_end(struct master *master);

/* -- child.c tells who is concerned (slots.c decides) -- */

void slots_on_ready(struct master *master, struct child *child);
/* The process is gone; `child` is in no list any more. */
void slots_on_exit(struct master *master, struct child *child);
/* `child`, which should adopt `slot`, has no descriptor left. */
void slots_on_missed(
    struct master *master, const struct child *child, unsigned slot);

/* -- slots.c -- */

void slots_tick(struct master *master, struct mono now);
/* `child` serves its slot from now on, and replaces who did so far.  The
 * former worker is returned (NULL: none) and no longer known here. */
struct child *slots_put(struct master *master, struct child *child);
/* The slot is no longer wanted; returns who served it. */
struct child *slots_take(struct master *master, unsigned slot);
/* Who polls the sockets of `slot` now: its worker or another one; or NULL. */
struct child *slots_holder(struct master *master, unsigned slot);
/* The first accepting worker behind `after` (NULL: of all); NULL: none. */
struct child *slots_any(struct master *master, const struct child *after);

/* -- watchdog.c -- */

void watchdog_tick(struct master *master, struct mono now);

/* -- flush.c -- */

/* Tells every worker; `fn` is called when all have answered or died, with
 * NULL or the first fault.  Not from within this call. */
typedef void flush_fn(void *arg, unsigned workers, const struct err *fault);
struct flush *flush_start(struct master *master, flush_fn *fn, void *arg);
/* Who waits is gone. */
void flush_cancel(struct flush *flush);
void flush_on_answer(struct master *master, struct child *child, unsigned id,
    unsigned faults, struct slice text);
void flush_on_exit(struct master *master, struct child *child);
/* Those that found no worker to ask. */
void flush_tick(struct master *master);

#endif
