/* SPDX-License-Identifier: MIT */
/* sandbox.h - system calls that a process gives up (seccomp).
 *
 * An allowlist: what is not on it does not exist for the process (ENOSYS, so
 * that libraries which try something newer go on without).  Calls that only
 * an attacker, or a plugin in the wrong place, would make are named in the
 * log with plugin and hook, and fail with EPERM (crash.h).
 */
#ifndef HOOKLINE_PROC_SANDBOX_H
#define HOOKLINE_PROC_SANDBOX_H

#include "base/check.h"

enum sandbox_kind {
	SANDBOX_WORKER,
	SANDBOX_STATE /* no sockets but those it has; nothing is named */
};

/* For the calling thread and those that it starts later.
 * Returns 0; -ENOSYS built without libseccomp, or under valgrind; another
 * negative errno of the kernel.  Then nothing has changed. */
int sandbox_apply(enum sandbox_kind kind) WARN_UNUSED;

/* The name of a call that is refused aloud, "?" for others.  May be called
 * in a signal handler. */
const char *sandbox_call_name(int number);

#endif
