/* SPDX-License-Identifier: MIT */
/* store.h - the database of the state process.
 *
 * One SQLite file (WAL) with one table: (tbl, key) -> value, expiry.  Values
 * are text, so that an administrator may look and mend with sqlite3 while it
 * runs.
 *
 * Writes gather in one transaction until store_commit; what it answers holds
 * for all of them, so nobody is told of a write before that.  Reads see
 * gathered writes.  A commit survives the death of this process; that of the
 * machine once store_flush has run after it.
 *
 * What can go wrong, and what happens then:
 *   no database     it cannot be opened: -EAGAIN, tried again every second
 *   corrupt         renamed to PATH.corrupt-TIME, an empty one is begun,
 *                   one error line; what is under way gets -EAGAIN
 *   full            -ENOSPC (disk, or max_bytes); reads, and deletes as far
 *                   as the disk lets them, work; over when there is room
 *   read-only       -EROFS; opened again every second
 *   disk error      -EIO; over when the disk works again
 *   locked          -EAGAIN (somebody writes with sqlite3)
 *   removed         what was in it is gone, a new one is begun (store_look)
 * Each change from one of these to another is logged once, the end too.
 *
 * Calls wait for the disk; not on a fiber.
 */
#ifndef HOOKLINE_STATE_STORE_H
#define HOOKLINE_STATE_STORE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/check.h"
#include "proto.h"

struct store;

struct store_options {
	const char *path;   /* borrowed */
	uint64_t max_bytes; /* of the database file; 0: 1 GiB */
};

#define STORE_SWEEP_MAX 500 /* rows removed at once */

/* Opens the database if it can; a later call tries again. */
struct store *store_new(const struct store_options *options);
/* Commits, merges the log into the file and closes.  NULL is fine. */
void store_free(struct store **store);

/* Does what `request` (it has passed its check) asks.  `ret` gets the id,
 * status and number, and a value that is valid until the next call. */
void store_run(struct store *store, const struct state_request *request,
    struct state_response *ret);
/* Whether an answer of `op` must wait for store_commit. */
static inline bool
store_is_write(enum state_op op)
{
	return op != STATE_GET && op != STATE_LIST;
}

/* Ends the transaction.  Returns 1 when it is kept, 0 when there was nothing
 * to keep; negative errno: all writes since the last commit are undone,
 * whatever was answered. */
int store_commit(struct store *store) WARN_UNUSED;

/* Notices that somebody has removed or replaced the file, says so and opens
 * what has its name now.  Two system calls; every second or so. */
void store_look(struct store *store);

/* Removes up to STORE_SWEEP_MAX rows whose time is over, as one more write.
 * Returns how many, or negative errno (logged). */
int store_sweep(struct store *store);

/* Makes what was committed before the call durable, and when the log has
 * grown, merges it into the database file.  For another thread; waits for
 * the disk, not for the store.  Returns 0 or negative errno. */
int store_flush(const char *path, bool merge) WARN_UNUSED;
/* The log is long enough for a merge. */
bool store_wants_merge(const struct store *store);

#endif
