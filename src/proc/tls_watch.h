/* SPDX-License-Identifier: MIT */
/* tls_watch.h - TLS in the master: who has which material, renewals, ticket
 * keys, reminders.
 *
 * Each generation has the store of its configuration.  Once a second the
 * files of the current one are looked at; its workers are sent what was
 * taken.  A worker inherits what holds when it is started, and gets the rest
 * when it is ready.
 */
#ifndef HOOKLINE_PROC_TLS_WATCH_H
#define HOOKLINE_PROC_TLS_WATCH_H

#include <stdbool.h>

#include "base/check.h"
#include "base/clock.h"
#include "base/err.h"

struct child;
struct conf_listeners;
struct generation;
struct master;
struct tls_watch;

struct tls_watch *tls_watch_new(void);
void tls_watch_free(struct tls_watch **watch);

/* As root, before that is given up, where the right to read files of others
 * will not be left: reads all that is named now. */
void tls_watch_read_early(struct master *master);

/* The material of a generation to be.  Returns 0; -EINVAL with "file:line:
 * reason" in `err`. */
int tls_watch_prepare(struct master *master, struct generation *generation,
    const struct conf_listeners *listeners, struct err *err) WARN_UNUSED;

/* What a worker of `generation` inherits, borrowed; both are -1 without TLS.
 * `child` remembers which they were.  0 or negative errno. */
int tls_watch_heritage(struct master *master,
    const struct generation *generation, struct child *child, int *ret_tls,
    int *ret_tickets, struct err *err) WARN_UNUSED;
/* A worker is ready: sends what has changed since it was started. */
void tls_watch_on_ready(struct master *master, struct child *child);

void tls_watch_tick(struct master *master, struct mono now);
/* Looks at all files now (`ctl config-flush`). */
void tls_watch_now(struct master *master);

#endif
