/* SPDX-License-Identifier: MIT */
/* worker_programs.h - a worker says which programs its plugins may have run
 * (spawn/grants.h, spawn_child.h). */
#ifndef HOOKLINE_PROC_WORKER_PROGRAMS_H
#define HOOKLINE_PROC_WORKER_PROGRAMS_H

#include "base/check.h"
#include "base/err.h"

struct channel;
struct server_loaded;
struct waiter;

/* Sends the list to the master and waits until the spawn helper has it, if
 * there are any programs.  *waiting is set meanwhile: the order "known" is for
 * it.  Returns 0; negative errno with the reason.  BLOCKS. */
int worker_programs_send(struct channel *channel,
    const struct server_loaded *loaded, struct waiter **waiting,
    struct err *err) BLOCKS WARN_UNUSED;

#endif
