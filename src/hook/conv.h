/* SPDX-License-Identifier: MIT */
/* conv.h - the part of a session that hooks can reach.
 *
 * Embedded in the server's session.  What only the server can do it offers
 * as `conv_ops`.  Kept small: an idle session is mostly this.
 */
#ifndef HOOKLINE_HOOK_CONV_H
#define HOOKLINE_HOOK_CONV_H

#include <stdint.h>

#include "base/arena.h"
#include "base/buf.h"
#include "chain.h"
#include "mail/facts.h"
#include "mail/memory.h"
#include "mail/txn.h"

struct conv;
struct notes;
struct peer_lookup;

struct conv_ops {
	/* The fiber is about to park: what is unsent goes out. */
	void (*before_park)(struct conv *conv);
	/* Sends a reply made by a plugin.  0; -EALREADY; -EINVAL. */
	int (*reply)(
	    struct hl_ctx *ctx, unsigned code, hl_str enhanced, hl_str text);
	/* The session ends when the running command is done. */
	void (*disconnect)(struct conv *conv);
	/* 1 there is input, 0 none within `ms`; BLOCKS. */
	int (*client_wait)(struct conv *conv, uint64_t ms);
	/* The next line, copied into `arena`; BLOCKS. */
	int (*client_line)(struct conv *conv, uint64_t timeout_ms,
	    struct arena *arena, hl_str *ret);
	/* For a plugin that reads and writes the client's bytes itself, from
	 * the first talk_peek to talk_end (server/talk.c).
	 * What is there; input that comes later wakes the fiber.  *ret_eof:
	 * all is taken and nothing will come. */
	struct slice (*talk_peek)(struct conv *conv, bool *ret_eof);
	void (*talk_take)(struct conv *conv, size_t n);
	/* 0; -ECANCELED the client is gone, or does not read; BLOCKS. */
	int (*talk_say)(struct conv *conv, struct slice text);
	/* `unread` comes before what is there. */
	void (*talk_end)(struct conv *conv, struct slice unread);
	/* What was said is the running hook's reply. */
	void (*talk_replied)(struct hl_ctx *ctx, unsigned code);
	/* Keying material of the session's TLS (tls_info_export).  0;
	 * -ENOTCONN there is no TLS; -ENOTSUP; -EPROTO. */
	int (*tls_exporter)(
	    struct conv *conv, const char *label, unsigned char *ret, size_t n);
};

/* What the last run of a hook came to, for hl_result(): chains run in order,
 * so the entries before `stop` declined and `stop` answered `column`. */
#define CONV_ASKED_MAX 4095u
struct conv_result {
	uint16_t asked : 12; /* entries that were called, or CONV_ASKED_MAX:
				so many or more, and nothing is known */
	uint16_t column : 4; /* of the last of them */
};

struct conv {
	struct facts facts;
	const struct conv_ops *ops; /* NULL: no client (try has its own) */
	const struct chain_set *chains;
	struct arena arena;            /* of the session */
	struct memory_account account; /* of notes */
	struct notes *notes;
	struct peer_lookup *peer_lookup; /* see peer_name.c */
	struct txn *txn;                 /* NULL outside of a transaction */
	void **memory;                   /* of plugins, by index; NULL: none */
	struct conv_result *results;     /* [HOOK_COUNT], NULL: none yet */
	hl_str me;                       /* config/me; lives in the arena */
	hl_str command_line;             /* of the running command */
	unsigned commands;               /* how many there have been */
	unsigned connections_max; /* hl_peer_connections_allow; 0: not called */
	struct buf *ehlo; /* in `capabilities` its lines, in `ehlo` more */
	void *
	    remote; /* see hook/remote.h; NULL: no plugin elsewhere was asked */
};

#endif
