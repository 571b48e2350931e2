/* SPDX-License-Identifier: MIT */
/* grants.h - which worker may have which program run.
 *
 * A worker lists what its plugins declared when they were loaded, before it
 * has read a byte of any client; the master keeps that and gives the lists of
 * all workers to the spawn helper.  A worker that was taken over later can
 * change neither.
 *
 *	worker -> master   MAX
 *	                   PATH...
 *	master -> helper   =PID MAX
 *	                   PATH...       and so on, for each worker
 *
 * One a line.  A path that ends in '/' covers all below it.  A '+' in front of
 * it: the set-user-ID bit of the program's file counts, but not root's.
 */
#ifndef HOOKLINE_SPAWN_GRANTS_H
#define HOOKLINE_SPAWN_GRANTS_H

#include "base/buf.h"
#include "base/check.h"
#include "base/slice.h"

#define GRANTS_MAX (64u * 1024)  /* bytes of one worker's list */
#define GRANTS_PROGRAMS_MAX 1000 /* most that MAX may say */

enum grant { GRANT_NONE, GRANT_RUN, GRANT_GAIN };

/* Begins a worker's list; adds a line to it, of GRANT_RUN or GRANT_GAIN.
 * Returns 0; -EINVAL not absolute, or with a newline; -E2BIG the list is
 * full. */
void grants_begin(struct buf *list, unsigned max);
int grants_add(
    struct buf *list, struct slice path, enum grant grant) WARN_UNUSED;

/* Adds the list of worker `pid` to the list of all.  Returns 0; -EINVAL it is
 * not what grants_add makes. */
int grants_join(struct buf *all, int pid, struct slice list) WARN_UNUSED;

/* How many programs `pid` may have at the same time; 0: it is no worker. */
unsigned grants_max(struct slice all, int pid);
/* How may `pid` have `path` run?  GRANT_NONE: not at all. */
enum grant grants_find(struct slice all, int pid, struct slice path);

#endif
