/* SPDX-License-Identifier: MIT */
/* run.h - runs the chain of a hook and says what the verdict means.
 *
 * This is the one place where plugins are called.  The caller (server/) asks
 * with hook_run and does what the outcome's fate says; the one place where a
 * verdict becomes a reply is outcome.c.
 */
#ifndef HOOKLINE_HOOK_RUN_H
#define HOOKLINE_HOOK_RUN_H

#include <stdbool.h>
#include <stdint.h>

#include "base/check.h"
#include "ctx.h"
#include "hook_row.h"

/* The arguments of a call, by the row's call kind:
 * helo host=a rest=b; text rest=a; verb verb=a rest=b; parse line=a; pre
 * addr=a; config key=a; user_config addr, key=a; received a b c; field name=a
 * value=b; chunk bytes,size; size n1 n2; verdict a=plugin, verdict, b=text;
 * scram a b; others `object`. */
struct hook_args {
	const struct hl_addr *addr;
	const struct hl_params *params;
	hl_str a, b, c;
	const void *bytes;
	size_t size;
	uint64_t n1, n2;
	enum hl_verdict verdict;
	enum hl_phase phase;
	const void *object; /* hl_log, hl_reply, hl_auth ... */
	void *ret;          /* hl_parsed, hl_out, hl_lines, auth_ret */
};

/* What a chain came to. */
struct outcome {
	enum hook_id hook;
	enum hook_column column;
	enum hook_fate fate;
	unsigned code;         /* 0: none */
	hl_str enhanced;       /* "" none */
	hl_str text;           /* of the reply; "" none */
	hl_str plugin_text;    /* what the plugin gave; "" none */
	struct plugin *plugin; /* who decided; NULL nobody */
	bool answered;         /* the plugin has sent the reply */
	bool by_policy;        /* a failure policy decided */
};

/* True when some plugin has this hook: without, arguments need not even be
 * made. */
static inline bool
hook_is_used(const struct hl_ctx *ctx, enum hook_id id)
{
	return ctx->chains != NULL && ctx->chains->hooks[id] != NULL;
}

/* Runs the chain.  BLOCKS if a plugin does.  The outcome's texts live in the
 * call arena. */
void hook_run(struct hl_ctx *ctx, enum hook_id id, const struct hook_args *args,
    struct outcome *ret) BLOCKS;

/* Fills an outcome from the table: a verdict, and what the plugin said. */
void outcome_set(struct outcome *ret, enum hook_id id, enum hook_column column,
    const struct hook_frame *frame, struct hl_ctx *ctx,
    const struct hook_args *args);
/* What the failure policy of `plugin` for this hook answers. */
void outcome_policy(struct outcome *ret, enum hook_id id, struct plugin *plugin,
    struct hl_ctx *ctx, const struct hook_args *args);

#endif
