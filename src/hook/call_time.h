/* SPDX-License-Identifier: MIT */
/* call_time.h - how long hook calls take, and until when they may.
 *
 * Most calls decline at once, and to read the clock costs several times as
 * much as such a call.  So it is read where something happens: a call that
 * uses a function of plugin.h (nothing can wait or be said without one), or
 * answers anything but DECLINED, is timed by itself.  The calls between are
 * timed together:
 *
 *	| quick quick quick | uses a function | quick quick |
 *	t0                  t1                t2            t3
 *
 * If a row of them took less than a microsecond so did each, and the record
 * is exact.  If it took longer, nobody knows which of them it was: that time
 * is noted for the pair ("(together)", hook), and in the next CALL_EXACT runs
 * of the chain the clock is read at each call, so that who is slow gets its
 * name.  This goes on for as long as it finds slow calls that are worth it: in
 * a quarter of the runs, or a microsecond for each call made.  If not, it was
 * an interrupt or a cold cache, and the next slow row is looked into when
 * CALL_ROWS runs have passed: on a busy machine a row in a thousand takes more
 * than a microsecond.  A row of one is exact in any case.
 *
 * A call that computes for long without a function of plugin.h is found by
 * the master's tick (shm/running.h) once it holds the thread for SHM_HELD_MS;
 * it is timed, named and judged by its deadline like all others.
 *
 * While somebody looks at single calls (log level debug, `hookline try`, an
 * `ok` or `deny` hook) each is timed by itself.
 */
#ifndef HOOKLINE_HOOK_CALL_TIME_H
#define HOOKLINE_HOOK_CALL_TIME_H

#include <stdbool.h>
#include <stdint.h>

#include <hookline/plugin.h>

#include "base/clock.h"

struct chain;
struct chain_entry;
struct chain_pace;
struct fiber;

#define CALL_EXACT 16
#define CALL_ROWS 1024

/* Of the running call; in struct hook_frame. */
struct call_time {
	struct mono since; /* when `first` was called */
	bool together;     /* it is timed with those before and behind it */
	bool used;         /* it has used a function of plugin.h */
	uint32_t tick;     /* the master's, at `since` */
	const struct chain_entry *first; /* of its row */
	const struct chain_entry *entry; /* the call's, or the chain's end */
	struct chain_pace *pace;
	/* From call_time_begin on: */
	struct mono deadline;       /* of the hook alone */
	struct mono outer_deadline; /* of the hook around it; {0}: none */
	unsigned outer_class;
	uint64_t outer_waited_us;
};

/* The running call is timed by itself from now on, and has its deadline. */
void call_time_begin(const struct hl_ctx *ctx);
/* The running call waits for its turn, which is not its plugin's time: from
 * halt to go_on only the deadline of the hook around it counts. */
struct mono call_time_halt(const struct hl_ctx *ctx);
void call_time_go_on(const struct hl_ctx *ctx, struct mono halted);
/* Behind a call during which the master has looked at us.  True: it was a
 * long one, and is to be timed by itself, from the begin of its row. */
bool call_time_was_held(const struct hl_ctx *ctx);
/* A row of quick calls ends.  False: it took a microsecond or more. */
bool call_time_end_row(const struct hl_ctx *ctx, struct mono now);

/* A run of the chain is over.  `slow_us`: what calls took that used no
 * function of plugin.h, and were timed by themselves. */
void call_time_end_run(const struct chain *chain, bool exact, uint64_t slow_us);

#endif
