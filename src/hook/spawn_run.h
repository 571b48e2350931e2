/* SPDX-License-Identifier: MIT */
/* spawn_run.h - runs a program and waits for it, as a plugin asked.
 *
 * The program runs as program.h says: no shell, a fixed environment, a
 * session of its own.
 *
 * A worker cannot exec; it asks the spawn helper (proto.h), which runs
 * nothing but what the plugins of this worker declared.  Without a master
 * (`check`, `try`) programs are started here.
 */
#ifndef HOOKLINE_HOOK_SPAWN_RUN_H
#define HOOKLINE_HOOK_SPAWN_RUN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/check.h"

struct hl_spawn_input;
struct message;
struct rt;
struct spawn;

/* `max` programs at a time; further callers wait for their turn.
 * state_dir  where the helper's socket is; NULL: start them here */
struct spawn *spawn_new(struct rt *rt, const char *state_dir, unsigned max);
/* No fiber may wait.  What was abandoned and has not ended is waited for.
 * NULL is fine. */
void spawn_free(struct spawn **spawn);

struct spawn_job {
	const char *const *argv; /* argv[0]: absolute path */
	const char *const *env;  /* "HL_NAME=value"; NULL: none */
	/* What it reads; of each descriptor a file (hl_spawn_input). */
	const struct hl_spawn_input *inputs;
	size_t input_count;
	bool input_again;        /* its input 0 as 3, too */
	struct message *message; /* of inputs that are one; NULL: of none */
	const char *spool_dir;   /* for large inputs; NULL: all in memory */
	size_t output_max;       /* of its output that is kept; 0: none */
	bool keep_errors;        /* standard error is output */
	uint64_t timeout_ms;     /* 0: none but the fiber's deadline */
};

/* BLOCKS until the program has ended.  What it wrote to its output until
 * then is added to `output`: that is standard output, if that is no input, and
 * standard error, if `keep_errors`.
 *
 * Returns its exit status, or 128 + the signal that ended it; -ETIME over
 * `timeout_ms`, -ETIMEDOUT, -ECANCELED: its process group was killed and it
 * is reaped when it has gone; -ENOENT, -EACCES and the like: it could not be
 * started; -ENOSPC, -EIO and the like: an input could not be written; -E2BIG
 * too many words; -EAGAIN the helper is not there; -EPIPE the helper was lost,
 * and the program with it. */
int spawn_run(struct spawn *spawn, const struct spawn_job *job,
    struct buf *output) BLOCKS WARN_UNUSED;

/* Programs that have not ended, for tests. */
unsigned spawn_running(const struct spawn *spawn);

#endif
