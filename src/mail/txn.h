/* SPDX-License-Identifier: MIT */
/* txn.h - one mail transaction: envelope, message, notes.
 *
 *	MAIL accepted            RSET, MAIL, EHLO, queue, disconnect
 *	     |                          |
 *	  txn_new --- rcpts, message ---+--- detached ---> last txn_unref
 *
 * Counted: reset_transaction detaches it from its session, and queue_post
 * may still read it.  What it holds lives in its arena, or on the heap
 * counted against the same cap.
 */
#ifndef HOOKLINE_MAIL_TXN_H
#define HOOKLINE_MAIL_TXN_H

#include <stdbool.h>
#include <stdint.h>

#include <hookline/plugin.h>

#include "base/arena.h"
#include "base/clock.h"
#include "base/list.h"
#include "base/str.h"
#include "facts.h"
#include "mail/addr.h"
#include "mail/memory.h"
#include "mail/message.h"
#include "smtp/params.h"

struct forwarded;
struct notes;

/* The opaque handle of plugin.h. */
struct hl_params {
	struct smtp_params list;
};

/* What the client is told of one recipient at the end of data; where each
 * gets its own reply (LMTP, PRDR). */
struct rcpt_reply {
	unsigned hook; /* enum hook_id that decided */
	unsigned code; /* 0: not decided */
	hl_str enhanced;
	hl_str text;
	hl_str plugin; /* who decided */
};

/* One accepted recipient; lives in the transaction's arena. */
struct hl_rcpt {
	struct link link;  /* in txn->rcpts, unless a plugin has removed it */
	struct link given; /* in txn->given, unless a plugin has added it */
	const struct hl_addr *addr;
	struct hl_params params;
	struct notes *notes;
	unsigned verdict; /* enum hl_verdict of hl_rcpt_verdict; 0: none */
	bool is_decided;  /* by an earlier plugin: the next do not see it */
	bool is_refused;  /* by an earlier hook, and will be told so */
	hl_str text;
	hl_str by; /* the plugin that said so */
	struct rcpt_reply reply;
};

/* Where txn_rcpt_at was last; see rcpts.c. */
struct txn_place {
	struct link *link; /* NULL: nowhere */
	size_t index;
	bool open_only; /* the index counts those that are not decided */
};

struct txn {
	uint32_t magic;
	unsigned refs;
	struct arena arena;
	struct memory_account account; /* notes, header edits */
	char id[TXN_ID_MAX];
	const struct hl_addr *sender;
	struct hl_params params;
	const struct forwarded *forwarded; /* NULL: XFORWARD said nothing */
	bool smtputf8;                     /* MAIL had the parameter */
	struct list rcpts;                 /* who shall get it */
	unsigned rcpt_count;
	unsigned open_count; /* of them, those not decided */
	struct txn_place place;
	struct list given; /* whom the client has named, in order */
	unsigned given_count;
	struct message message;
	bool has_message;
	bool is_binary;    /* BODY=BINARYMIME */
	bool prdr;         /* the parameter PRDR */
	bool hang_up;      /* when its recipients have their replies */
	bool read_only;    /* in queue_post */
	bool some_named;   /* hl_rcpt_verdict was called in this chain */
	bool some_decided; /* ... by an earlier plugin */
	struct notes *notes;
	void **memory; /* of plugins, by their index; NULL: none yet */
	unsigned memory_count;
	struct mono since;
};

/* `cap` bytes for arena and account each; the owner may set the account's to
 * another. */
struct txn *txn_new(const struct facts *facts, unsigned number, size_t cap);
struct txn *txn_ref(struct txn *txn);
void txn_unref(struct txn **txn); /* NULL is fine; sets NULL */

/* Adds an accepted recipient; copies the parameters.  Never fails. */
struct hl_rcpt *txn_rcpt_add(struct txn *txn, const struct hl_addr *addr,
    const struct smtp_params *params);
/* The client has named it, and waits for its reply. */
void txn_rcpt_give(struct txn *txn, struct hl_rcpt *rcpt);
void txn_rcpt_remove(struct txn *txn, struct hl_rcpt *rcpt);
/* NULL beyond the end.  A step for the neighbour of the last one. */
struct hl_rcpt *txn_rcpt_at(struct txn *txn, size_t index);
/* The same among those that are not decided. */
struct hl_rcpt *txn_rcpt_open_at(struct txn *txn, size_t index);
/* Copies parameters into the transaction's arena. */
struct hl_params txn_params_dup(
    struct arena *arena, const struct smtp_params *params);
/* Forgets what plugins said of single recipients, but for refusals that the
 * client will be told. */
void txn_rcpts_reopen(struct txn *txn);
/* A plugin has declined, perhaps after it named some: those are decided.
 * False when nobody is left to decide. */
bool txn_rcpts_decide(struct txn *txn);
/* True when its arena or account went over the cap. */
bool txn_is_over(const struct txn *txn);

#endif
