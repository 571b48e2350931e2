/* SPDX-License-Identifier: MIT */
/* state_child.h - the state process, as the master sees it (service.h). */
#ifndef HOOKLINE_PROC_STATE_CHILD_H
#define HOOKLINE_PROC_STATE_CHILD_H

#include <stdbool.h>

#include "base/check.h"
#include "base/err.h"

struct service;
struct uv_loop_s;

/* `dir`  the state directory; borrowed
 * `confined`  whether it gives up everything else
 * Returns 0; -ENAMETOOLONG and what listen_socket_make says about the
 * socket. */
int state_child_start(struct uv_loop_s *loop, const char *dir, bool confined,
    struct service **ret, struct err *err) WARN_UNUSED;

/* `hookline state DIR [confined]`: what the master starts.  Returns the exit code. */
int state_child_main(int argc, char **argv);

#endif
