/* SPDX-License-Identifier: MIT */
/* data.h - a message while it arrives (private to server/).
 *
 *	354 ----> receiving ----> end of data ----> data_end ----> queue_run
 *	              |                                 ^
 *	              +--> refused: swallowed to its end+
 *
 * Once something has refused the message (a hook, a limit, the disk) the
 * rest is swallowed and the refusal is the answer to the end of data.
 */
#ifndef HOOKLINE_SERVER_DATA_H
#define HOOKLINE_SERVER_DATA_H

#include "commands.h"
#include "smtp/data.h"

struct data {
	struct smtp_data scan;
	bool swallow;           /* refused already */
	bool refused_by_hook;   /* only reset_transaction runs then */
	bool size_told;         /* max_data_exceeded has run */
	bool headers_told;      /* data_headers_end has run */
	uint32_t fields_told;   /* received fields given to `header` */
	uint64_t chunk_pos;     /* next body byte for body_chunk */
	int store_error;        /* why the message could not be stored */
	struct outcome refusal; /* of `swallow`; texts in the transaction */
};

/* Keeps an outcome as the answer to the end of data. */
void data_refuse(struct session *session, const struct outcome *outcome);
/* The same for a refusal by the core. */
void data_refuse_core(struct session *session, unsigned code,
    const char *enhanced, const char *text);
/* `header`, `data_headers_end` and `body_chunk` for what has arrived.
 * `run` are the bytes added last. */
void data_hooks(
    struct session *session, struct hl_ctx *ctx, struct slice run) BLOCKS;
bool data_hooks_used(const struct hl_ctx *ctx);

#endif
