/* SPDX-License-Identifier: MIT */
/* spawn_child.h - the spawn helper, as the master sees it (service.h).
 *
 * The helper runs what workers may not: programs (spawn_helper.h).  It gets
 * from the master the lists of all workers that live (spawn/grants.h), anew
 * after each change.  A worker waits for "known" before its plugins start,
 * so a program that it may have run is never refused.
 *
 *	worker          master                     helper
 *	programs ---->  kept in struct child
 *	                grants (all lists) ----->  replaces what it had
 *	         <----  known
 *	request -------------------------------->  (reads grants first)
 */
#ifndef HOOKLINE_PROC_SPAWN_CHILD_H
#define HOOKLINE_PROC_SPAWN_CHILD_H

#include "base/check.h"
#include "base/err.h"

struct master;
struct spawn_child;

/* Starts the helper.  Returns 0; as service_start. */
int spawn_child_start(struct master *master, struct err *err) WARN_UNUSED;
/* When all workers are gone; as service_stop. */
void spawn_child_stop(struct spawn_child **spawn);

/* A worker with a list has come or is gone.  Workers that wait are told. */
void spawn_child_update(struct spawn_child *spawn);
/* What could not be sent. */
void spawn_child_tick(struct spawn_child *spawn);

/* 0: none runs now. */
int spawn_child_pid(const struct spawn_child *spawn);
unsigned spawn_child_deaths(const struct spawn_child *spawn);

#endif
