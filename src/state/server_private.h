/* SPDX-License-Identifier: MIT */
/* server_private.h - the state process, for server.c and peer.c. */
#ifndef HOOKLINE_STATE_SERVER_PRIVATE_H
#define HOOKLINE_STATE_SERVER_PRIVATE_H

#include <uv.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/list.h"
#include "proto.h"

struct peer;
struct store;

/* An answer that waits for the commit. */
struct pending {
	struct peer *peer; /* NULL: it is gone */
	struct state_response response;
};

struct server {
	struct store *store;
	struct buf path; /* of the database */
	uv_loop_t loop;
	uv_pipe_t listener, master;
	uv_check_t turn; /* active while a commit may be due */
	uv_timer_t commit_timer, flush_timer, tick;
	uv_signal_t term;
	struct list peers;
	unsigned peer_count;
	struct pending *pending;
	size_t pending_count, pending_room;
	struct mono next_commit; /* not before, server.h */
	uv_work_t flush;
	bool is_flushing;
	bool is_unflushed; /* commits since the flush began */
	bool flush_merges; /* what this flush was told */
	int flush_status;  /* of this flush, set on its thread */
	int flush_said;    /* status that the log said last */
	bool is_stopping;
};

/* A connection; frees itself when it is closed. */
struct peer {
	uint32_t magic;
	struct server *server;
	struct link link;
	uv_pipe_t pipe;
	struct buf in, out;
	bool is_writing; /* a uv_write has not ended */
	bool is_paused;  /* not reading until it takes its answers */
	bool is_closing;
};

/* -- peer.c -- */

void peer__accept(struct server *server);
/* Appends an answer; peer__send sends what is there. */
void peer__answer(struct peer *peer, const struct state_response *response);
void peer__send(struct peer *peer);
void peer__close(struct peer *peer);

/* -- server.c -- */

void server__request(struct server *server, struct peer *peer,
    const struct state_request *request);
/* The peer goes: nobody waits for its answers. */
void server__forget(struct server *server, const struct peer *peer);

#endif
