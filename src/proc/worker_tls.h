/* SPDX-License-Identifier: MIT */
/* worker_tls.h - a worker takes TLS material and ticket keys from the master.
 */
#ifndef HOOKLINE_PROC_WORKER_TLS_H
#define HOOKLINE_PROC_WORKER_TLS_H

#include "base/check.h"
#include "base/err.h"

struct heritage;
struct server;

/* What it was started with; both descriptors are closed. */
int worker_tls_inherit(struct server *server, const struct heritage *heritage,
    struct err *err) WARN_UNUSED;
/* The orders `tls` and `tickets`: take `fd` and close it.  What cannot be used
 * is logged, and what was stays. */
void worker_tls_take(struct server *server, int fd);
void worker_tickets_take(struct server *server, int fd);

#endif
