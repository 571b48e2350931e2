/* SPDX-License-Identifier: MIT */
/* timeq.h - deadlines of one class, thousands of them, O(1) each.
 *
 * All entries of a queue have the same timeout, so the queue is in order by
 * itself: arming moves an entry to the tail.  One uv_timer for all queues of
 * an rt fires at the earliest head that it was set for; arming and cancelling
 * only link and unlink (they happen at each command) and touch the timer when
 * the new deadline is earlier than the one it is set for.
 *
 * Time is the loop's (uv_now): milliseconds, taken once a turn of the loop.
 * Armed entries alone do not keep the loop running.
 */
#ifndef HOOKLINE_RT_TIMEQ_H
#define HOOKLINE_RT_TIMEQ_H

#include <stdbool.h>
#include <stdint.h>

#include "base/list.h"

struct rt;
struct timeq;

/* Embedded in its owner, zeroed at first. */
struct timeq_entry {
	struct link link;
	uint64_t due_ms; /* of the loop's clock; only while armed */
};

/* Called on the loop's stack, the entry already taken out; may arm and cancel
 * any entry (this one too) and free the owner, but no queue. */
typedef void timeq_fn(struct timeq_entry *entry, void *arg);

/* timeout_ms  0: never; arming then only cancels
 * Lives until timeq_free, which must come before rt_free. */
struct timeq *timeq_new(
    struct rt *rt, uint64_t timeout_ms, timeq_fn *on_due, void *arg);
/* No entry may be armed. */
void timeq_free(struct timeq **queue);

/* Due `timeout_ms` from now, wherever it was armed before. */
void timeq_arm(struct timeq *queue, struct timeq_entry *entry);
void timeq_cancel(struct timeq_entry *entry);
bool timeq_is_armed(const struct timeq_entry *entry);

#endif
