/* SPDX-License-Identifier: MIT */
/* unix_connect.h - commands find the sockets of the running server. */
#ifndef HOOKLINE_PROC_UNIX_CONNECT_H
#define HOOKLINE_PROC_UNIX_CONNECT_H

#include "base/check.h"
#include "base/err.h"

/* Connects to STATE_DIR/NAME; a stream.  The descriptor; negative errno with
 * words in `err`, for which no server runs is one. */
int unix_connect(
    const char *state_dir, const char *name, struct err *err) WARN_UNUSED;

#endif
