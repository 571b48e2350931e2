/* SPDX-License-Identifier: MIT */
/* host_private.h - what the files of host/ share. */
#ifndef HOOKLINE_HOST_HOST_PRIVATE_H
#define HOOKLINE_HOST_HOST_PRIVATE_H

#include <stdbool.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/slice.h"
#include "hook/ctx.h"
#include "hook/hook_row.h"
#include "host.h"
#include "link.h"

struct chain_entry;
struct hook_args;

#define HOST_MAGIC 0x686f7374u

/* What a host says of one plugin ("describe"). */
struct host_plugin {
	struct host *host;
	hl_str where; /* "plugins:12" */
	hl_str flags;
	hl_str fault;               /* "" it was loaded */
	hl_str entries[HOOK_COUNT]; /* "3 4"; "" it does not have the hook */
	uint64_t front;             /* hooks as bits: before all others */
};

struct host {
	uint32_t magic;
	hl_str path;
	uint64_t wait_ms;
	void (*on_stuck)(void *arg, int pid, int fd, const char *how);
	void *arg;
	bool described;
	struct arena arena; /* of the descriptions */
	struct host_plugin *plugins;
	size_t count;
	/* Without a client; see session.c. */
	struct host_session *log, *other;
};

/* Bytes that the host was told; compared with what there is now. */
struct section {
	struct buf told;
};

/* Calls that the host makes without being asked again; see row.c. */
struct row_ahead {
	const struct chain_entry *next;
	unsigned left; /* `next` and those behind it */
};

struct host_stdio; /* see stdio.c */

/* A client's session, bound to a host process at its first call. */
struct host_session {
	struct host *host;
	struct host_link *link; /* NULL: lost, or not there yet */
	unsigned links;         /* how many there have been */
	unsigned calls;         /* ids of calls */
	unsigned depth;         /* calls that run, inside each other */
	struct row_ahead ahead;
	struct mono busy_until;   /* none was idle: not the whole wait again */
	struct host_stdio *stdio; /* of one of them; NULL: none has it */
	struct section facts, notes, txn_notes, rcpts, rcpt_notes, sender;
	unsigned commands; /* of the client, that the host was told of */
	bool relay;
	bool message_told;
	uint32_t header_told; /* its generation + 1; 0: never */
	char txn_id[TXN_ID_MAX];
};

/* -- session.c -- */
/* That of the running hook's session, with a link, until host_session_put.
 * 0; -EBUSY no host is idle
 * (the client has got its 421 then); negative errno with the reason. */
int host_session_get(struct hl_ctx *ctx, struct host *host,
    struct host_session **ret, struct err *err) BLOCKS WARN_UNUSED;
/* A call has ended. */
void host_session_put(struct host_session *session);
/* The link is broken: the next call begins with another host. */
void host_session_drop(struct host_session *session);
void host_session_free(struct host_session **session);

/* -- sync_out.c -- */
/* Adds each update as a field. */
void sync_out(
    struct host_session *session, struct hl_ctx *ctx, struct buf *fields);
/* What there is now is what the host knows: it has made the changes. */
void sync_settle(struct host_session *session, struct hl_ctx *ctx);

/* -- sync_in.c -- */
/* Are all of these updates ones that a host may send?  -EPROTO. */
int sync_check(struct slice updates) WARN_UNUSED;
void sync_in(struct hl_ctx *ctx, struct host_session *session,
    struct slice updates) BLOCKS;

/* -- args.c -- */
/* Adds the arguments of a hook as values. */
void args_write(enum hook_id hook, const struct hook_args *args,
    struct hl_ctx *ctx, struct buf *fields);

/* -- row.c -- */
/* Adds the entries of `plugin`, and of those behind it in the running chain
 * that the host may call next; how many these are goes into session->ahead. */
void row_write(struct host_session *session, const struct hl_ctx *ctx,
    const struct host_plugin *plugin, struct buf *fields);
/* Does the host make the running call already? */
bool row_has(const struct host_session *session, const struct hl_ctx *ctx);
/* It does, and nothing is to be sent. */
void row_take(struct host_session *session);

/* -- call.c -- */
struct host_answer {
	unsigned
	    verdict;   /* enum hl_verdict; what is none: as the host sent it */
	bool died;     /* the last entry that was called */
	bool any_died; /* some entry */
	unsigned printed;   /* code of the last line printed; 0: none */
	int pid;            /* of the host that was lost; 0: unknown */
	hl_str remark;      /* why, of the last that died */
	struct slice texts; /* packed; in the call arena */
};

/* Calls the entries of `plugin` for the running hook.  0; negative errno when
 * the host is lost or talks nonsense, with the reason. */
int host_call(struct hl_ctx *ctx, struct host_plugin *plugin,
    struct host_answer *ret, struct err *err) BLOCKS WARN_UNUSED;

/* -- ask.c -- */
/* Answers one "ask"; `question` are the fields behind it. */
int host_ask(struct hl_ctx *ctx, struct host_session *session,
    struct slice question) BLOCKS WARN_UNUSED;
/* -- inner.c -- */
/* Answers "ask run"; adds the fields of what is told to `answer`. */
int host_run_hook(struct hl_ctx *ctx, struct host_session *session,
    struct slice question, struct buf *answer) BLOCKS WARN_UNUSED;
/* -- ask.c -- */
/* One "log" LEVEL TEXT. */
void host_log(struct hl_ctx *ctx, struct slice fields);

/* -- stdio.c: a plugin whose standard input and output are the client -- */
/* For the running call.  *ret_fd is the plugin's end, the caller's to close.
 * 0; -EBUSY an outer call has it; -ENOTCONN there is no client; other
 * negative errno. */
int stdio_open(
    struct hl_ctx *ctx, struct host_session *session, int *ret_fd) WARN_UNUSED;
/* Relays until the host has sent something on its link.  0 or negative errno,
 * for which the call has failed. */
int stdio_wait(struct host_session *session) BLOCKS WARN_UNUSED;
/* What the plugin has printed goes out.  Nothing to do without stdio. */
int stdio_flush(struct host_session *session) BLOCKS WARN_UNUSED;
/* What the plugin was given and did not read; before stdio_end.  0; -EPROTO
 * it was not given so much. */
int stdio_unread(struct host_session *session, struct slice bytes);
/* The call that has it ends.  Returns the code of the reply that it has
 * printed, or 0.  `lost`: so has the host, and what was given it. */
unsigned stdio_end(struct host_session *session, bool lost);
void stdio_free(struct host_stdio **stdio);

/* -- shim.c -- */
/* Fills in the functions of the hooks that it has. */
void shim_fill(struct plugin *plugin, const struct host_plugin *of);

#endif
