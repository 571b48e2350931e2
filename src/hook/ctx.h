/* SPDX-License-Identifier: MIT */
/* ctx.h - what `ctx` is: a fiber's view of a session while hooks run.
 *
 * One struct hl_ctx for each fiber that runs hooks; made by ctx_init on that
 * fiber's stack.  Each hook call pushes a frame, since hooks nest (a config
 * hook inside hl_config inside a rcpt hook).  Memory that a plugin gets
 * comes from the fiber's call arena; resources (connections, files, counted
 * values) are let go when the frame ends.
 */
#ifndef HOOKLINE_HOOK_CTX_H
#define HOOKLINE_HOOK_CTX_H

#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>

#include <hookline/plugin.h>

#include "base/arena.h"
#include "base/check.h"
#include "base/list.h"
#include "call_time.h"
#include "conv.h"
#include "engine.h"

struct conf_list;
struct conf_map;

/* How deep hooks may nest; beyond it the inner chain is skipped. */
#define CTX_DEPTH_MAX 8

/* Something to let go of when a hook returns. */
struct held {
	struct link link;
	void (*release)(void *what);
	void *what;
};

/* A control file as this hook first saw it; see api_config.c. */
struct seen_file {
	struct seen_file *next;
	hl_str key;
	hl_str user;            /* p == NULL: nobody's in particular */
	struct conf_list *list; /* NULL: it is a map */
	struct conf_map *map;   /* NULL: there is none */
};

struct hook_frame {
	struct hook_frame *below;
	struct plugin *plugin;
	enum hook_id hook;
	unsigned stat;    /* of its counters */
	const void *args; /* struct hook_args; see run.h */
	hl_str enhanced;  /* of the answer; "" none given */
	hl_str text;
	unsigned code;    /* of the answer; 0: the table's */
	hl_str failure;   /* p != NULL: see remote_failed */
	int failed_pid;   /* ... */
	unsigned replies; /* hl_reply calls */
	bool in_load;
	hl_str conn_error;   /* of hl_conn_error; p == NULL: none */
	uint64_t dns_end_ms; /* of hl_dns_budget; 0: there is none */
	struct list held;
	struct seen_file *seen;
	struct call_time time;
};

struct hl_ctx {
	uint32_t magic;
	struct engine *engine;
	struct conv *conv;   /* NULL: no session (load, init_worker) */
	struct txn *txn;     /* the session's, or the one of queue_post */
	struct arena *arena; /* call arena of the fiber */
	struct hook_frame *frame;
	unsigned depth;
	unsigned config_ttl;            /* seconds, set by a config hook */
	const struct hl_params *params; /* of the running MAIL or RCPT */
	const struct hl_addr **addr;    /* the same; a plugin may put another */
	const struct chain_set *chains; /* the session's, or the engine's */
	struct hl_reply *reply;         /* while reply hooks run */
};

void ctx_init(struct hl_ctx *ctx, struct engine *engine, struct conv *conv);
/* When the fiber may go on without it. */
void ctx_done(struct hl_ctx *ctx);
/* Tells the watchdog that the frame's hook holds the loop since `since`. */
void ctx_running(const struct hl_ctx *ctx, struct mono since);
/* The checks that every public function makes.  The first of a call starts
 * its clock (call_time.h): what can wait or say something begins here. */
void ctx_check(const struct hl_ctx *ctx);

/* The message once all of it is there, else NULL. */
struct message *ctx_whole_message(const struct hl_ctx *ctx);

/* Calls release(what) when the running hook returns. */
struct held *ctx_hold(struct hl_ctx *ctx, void (*release)(void *), void *what);
/* Lets go now. */
void ctx_release(struct held **held);
/* Forgets it without a call of release. */
void ctx_forget(struct held **held);

void frame_push(struct hl_ctx *ctx, struct hook_frame *frame);
void frame_pop(struct hl_ctx *ctx, struct hook_frame *frame);

#endif
