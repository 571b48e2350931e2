/* SPDX-License-Identifier: MIT */
/* kv_private.h - the body of struct kv, for kv.c and kv_link.c. */
#ifndef HOOKLINE_HOOK_KV_PRIVATE_H
#define HOOKLINE_HOOK_KV_PRIVATE_H

#include <stdbool.h>
#include <stdint.h>

#include <uv.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/list.h"
#include "rt/alarm.h"
#include "rt/wait.h"
#include "state/proto.h"

#define KV_BUCKETS 256

struct kv_call {
	struct waiter waiter; /* first: it frees the whole */
	struct link link;     /* in kv->waiting or kv->calls */
	uint32_t id;
	struct buf frame; /* until it is sent */
	int64_t number;   /* of the answer */
	struct buf value;
};

enum kv_state { KV_DOWN, KV_CONNECTING, KV_UP };

struct kv {
	uint32_t magic;
	struct rt *rt;
	struct buf path;
	unsigned call_count; /* waiting and sent */
	uint32_t last_id;
	struct list waiting;           /* for a connection */
	struct list calls[KV_BUCKETS]; /* sent, by id */

	/* kv_link.c */
	enum kv_state state;
	struct kv_link *link; /* NULL: DOWN */
	struct buf in, out;
	uv_prepare_t flush;
	struct alarm alarm; /* set while calls wait for a connection */
	struct mono grace_end;
	struct mono retry_at;
	uint64_t retry_ms;
	bool is_away; /* no connection within the time of grace */
};

/* -- kv_link.c -- */

void kv__link_init(struct kv *kv);
/* Closes; frees kv when libuv has let go of it. */
void kv__link_done(struct kv *kv);
/* Connects if it is time.  False: it is away, do not wait. */
bool kv__link_wanted(struct kv *kv);
/* Keeps the call until there is a connection, or for the time of grace. */
void kv__link_wait(struct kv *kv, struct kv_call *call);
/* kv->out has grown. */
void kv__flush_soon(struct kv *kv);
/* The loop must go on while there are calls, and only then. */
void kv__link_ref(struct kv *kv);

/* -- kv.c -- */

void kv__end_all(struct kv *kv, struct list *calls, int status);
/* What was sent will not be answered. */
void kv__lost(struct kv *kv);
void kv__answer(struct kv *kv, const struct state_response *response);
/* There is a connection. */
void kv__send_waiting(struct kv *kv);

#endif
