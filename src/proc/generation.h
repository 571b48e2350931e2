/* SPDX-License-Identifier: MIT */
/* generation.h - workers that start together and take over together.
 *
 * A generation is begun with sockets of its own (listen_set.h) and one worker
 * for each slot, all in standby.  When the last one is ready it takes over:
 * its workers go, those of the generation before retire.  When one cannot
 * start, all of it is ended and nothing has changed.
 */
#ifndef HOOKLINE_PROC_GENERATION_H
#define HOOKLINE_PROC_GENERATION_H

#include "base/check.h"
#include "base/clock.h"
#include "base/err.h"

struct child;
struct listen_set;
struct master;
struct tls_store;

/* `err` is NULL when the generation has taken over. */
typedef void generation_fn(struct master *master, const struct err *err);

struct generation {
	unsigned number, workers;
	struct listen_set *set;
	struct tls_store *tls;
	struct wall begun;
	struct mono deadline; /* to be ready */
	generation_fn *done;
	unsigned ready;
	struct child **children; /* by slot, until it takes over */
};

/* Reads the configuration, binds sockets, starts the workers: master->next.
 * `done` is called once, later.  Returns 0; negative errno with the reason in
 * `err`: nothing was begun. */
int generation_begin(
    struct master *master, generation_fn *done, struct err *err) WARN_UNUSED;
/* A worker of master->next is ready. */
void generation_on_ready(struct master *master, struct child *child);
/* A worker of master->next is gone. */
void generation_on_exit(struct master *master, struct child *child);
/* Ends master->next, if there is one; `done` gets `err`, which must not be
 * NULL then. */
void generation_refuse(struct master *master, const struct err *err);
void generation_tick(struct master *master, struct mono now);
void generation_free(struct generation **generation);

#endif
