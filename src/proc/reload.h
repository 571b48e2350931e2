/* SPDX-License-Identifier: MIT */
/* reload.h - SIGHUP and `ctl reload`.
 *
 *	IDLE -> CHECKING (`hookline check` as a process) -> STARTING -> IDLE
 *
 * A request that comes while one is under way is served by another one after
 * it: the configuration may have changed since the first began.
 */
#ifndef HOOKLINE_PROC_RELOAD_H
#define HOOKLINE_PROC_RELOAD_H

#include "base/buf.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/list.h"

struct master;
struct reload;

struct reload *reload_new(struct master *master);
void reload_free(struct reload **reload);

/* Embedded in who waits, zeroed; `reason` is NULL when it was done. */
struct reload_waiter {
	struct link link;
	void (*fn)(struct reload_waiter *waiter, const char *reason);
};

/* `waiter` may be NULL; the caller may list_remove its link at any time. */
void reload_request(struct reload *reload, struct reload_waiter *waiter);
/* The server stops: whoever waits is refused. */
void reload_abandon(struct reload *reload);
void reload_tick(struct reload *reload, struct mono now);

/* For `ctl status`: what the last one came to; "" before the first. */
const char *reload_last(const struct reload *reload, struct wall *ret_when);

#endif
