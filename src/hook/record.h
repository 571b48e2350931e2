/* SPDX-License-Identifier: MIT */
/* record.h - the one record of each hook call.
 *
 * Session, transaction, hook, plugin, arguments, verdict, reply,
 * microseconds, what it waited for: counters and histograms (shared memory),
 * the debug line and `hookline try` come from it.
 */
#ifndef HOOKLINE_HOOK_RECORD_H
#define HOOKLINE_HOOK_RECORD_H

#include "ctx.h"
#include "run.h"
#include "verdict.h"

struct record {
	const struct chain_entry *entry;
	enum hook_id hook;
	const struct hook_args *args;
	unsigned returned;       /* what the plugin returned, unchecked */
	enum hook_column column; /* what was made of it */
	bool late;               /* its deadline had passed */
	enum answer_fault fault;
	hl_str enhanced, text; /* what it said */
	hl_str failure;        /* of ANSWER_FAILED: why */
	int failed_pid;        /* ... and in which process; 0: unknown */
	uint64_t us, waited_us;
	const char *waited_for; /* NULL: for nothing */
};

void record_write(struct hl_ctx *ctx, const struct record *record);
/* Words of the arguments, for people: "a@b", "example.org". */
hl_str record_args(struct arena *arena, const struct record *record);

/* `hookline try` and later traces listen here too; NULL ends it. */
typedef void record_fn(
    void *arg, struct hl_ctx *ctx, const struct record *record);
void record_set_listener(struct engine *engine, record_fn *fn, void *arg);

#endif
