/* SPDX-License-Identifier: MIT */
/* child.h - one worker process, as the master sees it.
 *
 *	STARTING --ready--> READY --go--> ACTIVE --retire--> RETIRED
 *	    any of them --drain, now, death--> ENDING --> gone
 *
 * A child frees itself after its process is gone and slots_on_exit was
 * called; whoever keeps a pointer forgets it there.
 */
#ifndef HOOKLINE_PROC_CHILD_H
#define HOOKLINE_PROC_CHILD_H

#include <stdbool.h>
#include <stdint.h>
#include <uv.h>

#include "base/buf.h"
#include "base/check.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/list.h"
#include "shm/layout.h"

struct arena;
struct channel;
struct generation;
struct listen_addr;
struct master;

enum child_state {
	CHILD_STARTING,
	CHILD_READY,
	CHILD_ACTIVE,
	CHILD_RETIRED,
	CHILD_ENDING
};

struct child {
	uint32_t magic;
	enum child_state state;
	struct link link; /* in master->children */
	struct master *master;
	uv_process_t process;
	struct channel *channel; /* NULL: closed by the worker */
	unsigned generation, slot, segment;
	int pid;
	struct mono started;
	struct mono kill_at;                  /* {0}: not yet */
	unsigned tls_version, tickets_serial; /* what it has; tls_watch.h */
	struct err failure;  /* its own words when it could not start */
	struct buf programs; /* what it may have run: spawn/grants.h */
	bool wants_known;    /* waits until the spawn helper has that */
	int status, signal;  /* how it ended */
	/* watchdog.c: the occurrences that were named already. */
	uint32_t held_turn;
	uint64_t held_since;
	unsigned held_ticks; /* looks that have found it */
	bool aborted;
};

/* Starts a worker for `slot` of `generation`.
 * Returns 0; -ENOBUFS all segments of the slot are taken; another negative
 * errno with the reason in `err`. */
int child_start(struct master *master, const struct generation *generation,
    unsigned slot, struct child **ret, struct err *err) WARN_UNUSED;

void child_go(struct child *child);
void child_retire(struct child *child);
/* Lets it end: its sessions after their transactions; at once. */
void child_drain(struct child *child);
void child_end(struct child *child);

/* Polls a socket of another slot, stops that, empties and closes one. */
void child_adopt(
    struct child *child, const struct listen_addr *addr, unsigned slot);
void child_release(
    struct child *child, const struct listen_addr *addr, unsigned slot);
void child_finish(
    struct child *child, const struct listen_addr *addr, unsigned slot);

/* The spawn helper has its list, if it waits for that. */
void child_known(struct child *child);

/* 0, or negative errno: it will not answer. */
int child_flush(struct child *child, unsigned id);

/* "tls" or "tickets", with the file.  0, or negative errno: not sent. */
int child_tls(struct child *child, const char *what, int fd);

/* Kills it when its time is up. */
void child_tick(struct child *child, struct mono now);

/* Open connections, as its segment says. */
unsigned child_connections(const struct child *child);
const char *child_state_name(enum child_state state);

/* For uv_spawn: ours, without what concerns the master alone. */
char **child_environment(struct arena *arena);

#endif
