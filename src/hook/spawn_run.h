/* SPDX-License-Identifier: MIT */
/* spawn_run.h - runs a program and waits for it, as a plugin asked.
 *
 * The program gets a session (and process group) of its own, default
 * signals, nothing but its three standard descriptors, the directory "/" and
 * a fixed environment.  No shell.
 *
 * The worker starts it itself.  Once workers are confined they cannot exec,
 * and a helper process does what spawn_run does here; no one but spawn_run
 * knows the difference.
 */
#ifndef HOOKLINE_HOOK_SPAWN_RUN_H
#define HOOKLINE_HOOK_SPAWN_RUN_H

#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/check.h"

struct rt;

struct spawn_job {
	const char *const *argv; /* argv[0]: absolute path */
	const void *input;       /* its standard input; NULL: none */
	size_t input_size;
	size_t output_max;   /* of standard output that is kept; 0: none */
	uint64_t timeout_ms; /* 0: none but the fiber's deadline */
};

/* BLOCKS until the program has ended.  What it wrote to its standard output
 * until then is added to `output`; what it writes to standard error is lost.
 *
 * Returns its exit status, or 128 + the signal that ended it; -ETIME over
 * `timeout_ms`, -ETIMEDOUT, -ECANCELED: its process group was killed and it
 * is reaped when it has gone; -ENOENT, -EACCES and the like: it could not be
 * started. */
int spawn_run(struct rt *rt, const struct spawn_job *job,
    struct buf *output) BLOCKS WARN_UNUSED;

#endif
