/* SPDX-License-Identifier: MIT */
/* shm.h - what processes share: one segment for each worker.
 *
 * One memfd made by the master: a head page, then SHM_PER_SLOT segments for
 * each worker slot.  A segment is written by its worker alone (but for the
 * master's tick) and read by everybody; the master gives it out and clears it
 * when the worker has died or ended.  Nobody takes a lock: the writer is one thread, readers see each
 * number whole and check the turn counters where several belong together.
 *
 *	head | slot 0: segment 0 1 2 3 | slot 1: segment 4 5 6 7 | ...
 *
 * The file is sparse; a segment costs the pages that its worker touched, and
 * nothing again after it was cleared.  A worker maps its own segment writable
 * and those of others read-only, when they are first seen in use.
 *
 * peers.h    open connections, in all and for each client
 * running.h  which hook runs now; which held the loop
 * stats.h    counters and latencies of each plugin's hooks; totals
 *
 * This folder is layer 3: uses base/ only; hook/, server/ and proc/ use it.
 */
#ifndef HOOKLINE_SHM_SHM_H
#define HOOKLINE_SHM_SHM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/check.h"
#include "base/err.h"
#include "base/slice.h"
#include "shm/layout.h"

/* How one process sees the file. */
struct shm {
	uint32_t magic;
	bool is_master;
	int fd;                  /* workers: read-only; -1: private */
	struct shm_head *head;   /* read-only in workers */
	struct shm_segment *own; /* NULL in the master */
	unsigned own_index;
	/* Segments mapped so far, read-only in workers. */
	struct shm_segment *segments[SHM_SEGMENT_MAX];
};

/* The master's: makes the file.  0 or negative errno. */
int shm_create(struct shm **ret, struct err *err) WARN_UNUSED;
/* The worker's.  `fd` must be open read-only, `fd_rw` writable; `fd` is taken
 * over and `fd_rw` is closed, whatever the result.  -EINVAL: not such a
 * file, or not a segment that the master gave out. */
int shm_attach(int fd, int fd_rw, unsigned segment, struct shm **ret,
    struct err *err) WARN_UNUSED;
/* A view with one segment, for this process alone (tests, hookline try). */
struct shm *shm_private(void);
void shm_free(struct shm **shm);

/* Another descriptor of the master's file that cannot write, close-on-exec;
 * or negative errno. */
int shm_open_readonly(const struct shm *shm) WARN_UNUSED;

/* Master only.  Gives out a free segment of `slot`, marked with `pid` 0 until
 * shm_set_pid.  -ENOBUFS: all of the slot's are taken. */
int shm_take(struct shm *shm, unsigned slot, unsigned generation,
    unsigned *ret_segment, struct err *err) WARN_UNUSED;
void shm_set_pid(struct shm *shm, unsigned segment, int pid);
/* Master only: zeroes a segment and gives it back.  The worker must be gone. */
void shm_clear(struct shm *shm, unsigned segment);
/* How many segments of `slot` are taken. */
unsigned shm_taken(const struct shm *shm, unsigned slot);

/* A segment in use, for reading; NULL if `index` is not in use (or cannot be
 * mapped).  Walk from 0 to shm_count() - 1. */
const struct shm_segment *shm_segment(struct shm *shm, unsigned index);
unsigned shm_count(const struct shm *shm);

/* Faults of the configuration as this worker sees them: one a line, cut to
 * fit; empty when there are none. */
void shm_faults_set(struct shm *shm, struct slice text);
/* NUL-terminated copy of what a worker has set. */
void shm_faults_get(
    const struct shm_segment *segment, char ret[SHM_FAULTS_MAX]);

#endif
