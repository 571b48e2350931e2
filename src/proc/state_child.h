/* SPDX-License-Identifier: MIT */
/* state_child.h - the state process, as the master sees it.
 *
 * The master makes STATE_DIR/state.sock once and keeps it listening; the
 * process inherits it, so workers that connect while one is replaced wait
 * for the next.  A process that died is started again after a wait
 * (respawn.h); when the master closes its end of a pipe, or is gone, the
 * process commits and ends.
 */
#ifndef HOOKLINE_PROC_STATE_CHILD_H
#define HOOKLINE_PROC_STATE_CHILD_H

#include "base/check.h"
#include "base/err.h"

struct state_child;
struct uv_loop_s;

/* From the order to end until it is killed. */
#define STATE_CHILD_KILL_MS 3000

/* `dir`  the state directory; borrowed
 * Returns 0; -ENAMETOOLONG and what listen_socket_make says about the
 * socket.  A process that cannot be started is logged and tried again. */
int state_child_start(struct uv_loop_s *loop, const char *dir,
    struct state_child **ret, struct err *err) WARN_UNUSED;

/* When all workers are gone.  The loop must run until its handles are
 * closed: that takes as long as the process.  NULL is fine. */
void state_child_stop(struct state_child **child);

/* 0: none runs now. */
int state_child_pid(const struct state_child *child);
unsigned state_child_deaths(const struct state_child *child);

/* `hookline state DIR`: what the master starts.  Returns the exit code. */
int state_child_main(int argc, char **argv);

#endif
