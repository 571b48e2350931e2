/* SPDX-License-Identifier: MIT */
/* worker_private.h - what the files of a worker process share. */
#ifndef HOOKLINE_PROC_WORKER_PRIVATE_H
#define HOOKLINE_PROC_WORKER_PRIVATE_H

#include <stdbool.h>
#include <stdint.h>
#include <uv.h>

#include "base/arena.h"
#include "base/slice.h"
#include "heritage.h"
#include "polled.h"
#include "server/server.h"

struct channel;
struct rt;
struct shm;
struct waiter;

struct worker {
	struct heritage heritage;
	struct arena arena; /* of the heritage */
	struct rt *rt;
	struct shm *shm;
	struct server *server; /* NULL while it is loaded */
	struct channel *channel;
	struct polled polled;
	enum server_drain drain;
	bool is_draining, is_empty;
	bool has_missed; /* a descriptor, for want of one; told once */
	uint64_t perl_wait_ms, retire_ms;
	struct waiter *known; /* for the order of that name; NULL: none */
	struct server_loaded loaded;
	bool is_confined; /* config/confine */
	uv_prepare_t gauges;
	uv_timer_t end, age_out;
	uv_timer_t faults; /* runs as long as there are any */
	uv_signal_t term;
};

/* -- worker.c -- */
/* A weaker order than the one before changes nothing. */
void worker__drain(struct worker *worker, enum server_drain how);
/* Looks for faults of the configuration now. */
void worker__look_at_faults(struct worker *worker);

/* -- worker_orders.c -- */
/* Runs one message of the master's (channel.h); takes `fd`, -1 for none. */
void worker__order(struct worker *worker, struct slice text, int fd);

#endif
