/* SPDX-License-Identifier: MIT */
/* confine.h - a process gives up what it does not need.
 *
 * Files and TCP ports beyond a plan (Landlock), and system calls beyond a list
 * (seccomp).  Neither can be taken back.  Both hold for the calling thread
 * and all that it starts later; so it must be the only one, and that is
 * checked here.  A worker therefore has no pool until it is confined
 * (rt_pool_open), and a plugin that starts a thread when it is loaded or
 * started makes the worker fail.
 *
 * Where the kernel, or a container around us, offers less, less is given up;
 * the log line says what holds.
 */
#ifndef HOOKLINE_PROC_CONFINE_H
#define HOOKLINE_PROC_CONFINE_H

#include "base/check.h"
#include "base/err.h"
#include "sandbox.h"

struct confine_plan;

/* who  for the log: "worker", "state"
 * Returns 0, also when the kernel offers nothing; -EBUSY there are other
 * threads, and nothing has changed. */
int confine_apply(const char *who, const struct confine_plan *plan,
    enum sandbox_kind kind, struct err *err) WARN_UNUSED;

#endif
