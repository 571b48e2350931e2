/* SPDX-License-Identifier: MIT */
/* ctl_server.h - the control socket, `ctl.sock` in the state directory.
 *
 * A client sends one line, a command with its arguments, and gets one answer:
 * a first line "ok" or "error REASON", then text to the end of the
 * connection.  Only the run user and root can connect (mode 0600).
 */
#ifndef HOOKLINE_PROC_CTL_SERVER_H
#define HOOKLINE_PROC_CTL_SERVER_H

#include "base/buf.h"
#include "base/check.h"
#include "base/err.h"

struct ctl_server;
struct master;

int ctl_server_start(struct master *master, struct ctl_server **ret,
    struct err *err) WARN_UNUSED;
/* Answers those who wait for the end (`drain`, `stop`), closes everything and
 * removes the socket. */
void ctl_server_stop(struct ctl_server **server);

/* The texts of two answers; ctl_status.c, ctl_stats.c. */
void ctl_status_print(struct master *master, struct buf *buf, bool as_json);
void ctl_stats_print(struct master *master, struct buf *buf, bool as_json);

#endif
