/* SPDX-License-Identifier: MIT */
/* data.h - a message while it arrives (private to server/).
 *
 *	DATA: 354 ----> receiving ----> end of data ----> data_end ----> queue_run
 *	BDAT:    +----> receiving ----> end of chunk -- LAST ->+
 *	         |          |              | 250, or the refusal
 *	         +- at rest: commands <----+
 *
 * Once something has refused the message (a hook, a limit, the disk) the
 * rest is swallowed and the refusal is the answer to the end of data, or of
 * this chunk and of each that follows.  A refused chunk has to be swallowed
 * too when there is no transaction.
 */
#ifndef HOOKLINE_SERVER_DATA_H
#define HOOKLINE_SERVER_DATA_H

#include "commands.h"
#include "smtp/data.h"

struct data {
	struct smtp_data scan;
	uint64_t chunk_size;  /* BDAT: of the chunk that arrives */
	bool receiving;       /* input is message bytes; false between chunks */
	bool is_last;         /* BDAT: this chunk is the last one */
	bool is_mute;         /* BDAT: a plugin has answered this chunk */
	bool swallow;         /* refused already */
	bool told;            /* BDAT: an earlier chunk got the refusal */
	bool refused_by_hook; /* only reset_transaction runs then */
	bool size_told;       /* max_data_exceeded has run */
	bool headers_told;    /* data_headers_end has run */
	uint32_t fields_told; /* received fields given to `header` */
	uint64_t chunk_pos;   /* next body byte for body_chunk */
	int store_error;      /* why the message could not be stored */
	struct outcome refusal; /* of `swallow`; its texts are owned */
};

/* Input is message bytes now, not commands. */
static inline bool
data_is_due(const struct session *session)
{
	return session->data != NULL && session->data->receiving;
}

/* -- cmd_data.c -- */
/* session->data, for what DATA or BDAT announced. */
void data_open(struct session *session, bool is_counted);
/* The transaction's message, which will take the bytes. */
void data_begin(struct session *session);
/* After the `data` hook, so that plugins see DATA without recipients too.
 * NULL, or why it is not in its place (503). */
const char *data_sequence(const struct session *session);

/* -- cmd_bdat.c -- */
/* The chunk was taken, and it is not the last one: answers it. */
void bdat_answer(struct session *session, struct hl_ctx *ctx) BLOCKS;

/* -- data_feed.c -- */
/* Keeps an outcome as the answer to the end of data; of a message that is
 * not complete only the header is kept. */
void data_refuse(struct session *session, const struct outcome *outcome);
/* The same for a refusal by the core. */
void data_refuse_core(struct session *session, unsigned code,
    const char *enhanced, const char *text);
/* The same when it could not be stored, for `error`, a negative errno that is
 * logged with the answer. */
void data_refuse_stored(struct session *session, int error);
/* Bare line ends, where they are not allowed, refuse it. */
void data_check_line_ends(struct session *session);
/* Sends the refusal; what it does to the transaction is the caller's. */
void data_send_refusal(
    struct session *session, struct hl_ctx *ctx, enum hook_fate fate) BLOCKS;

/* -- data_hooks.c -- */
/* `header`, `data_headers_end` and `body_chunk` for what has arrived.
 * `run` are the bytes added last. */
void data_hooks(
    struct session *session, struct hl_ctx *ctx, struct slice run) BLOCKS;
bool data_hooks_used(const struct hl_ctx *ctx);

#endif
