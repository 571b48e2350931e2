/* SPDX-License-Identifier: MIT */
/* worker_process.h - what a worker does to its own process: signals, what it
 * inherits, what it gives up. */
#ifndef HOOKLINE_PROC_WORKER_PROCESS_H
#define HOOKLINE_PROC_WORKER_PROCESS_H

#include "base/check.h"
#include "base/err.h"

struct heritage;
struct server_loaded;

/* First of all.  Ends the process if the master is gone already. */
void worker_process_prepare(const struct heritage *heritage);

/* Confines it (confine.h) to what the plugins and the server need.
 * Returns 0; -EBUSY there are other threads. */
int worker_process_confine(const struct heritage *heritage,
    const struct server_loaded *loaded, struct err *err) WARN_UNUSED;

#endif
