/* SPDX-License-Identifier: MIT */
/* kv.h - a worker's connection to the state process.
 *
 * One for each engine; requests of all fibers go over it at once.
 *
 *	DOWN --first request, retry--> CONNECTING --greeting--> UP
 *	  ^                                 |                    |
 *	  +------- refused, closed, not our protocol ------------+
 *
 * A connection that breaks ends the requests that are under way: whether
 * they were done is not known.  The next ones wait for another for at most
 * KV_GRACE_MS; when that is over too, the state process counts as away and
 * requests fail at once, while one in a while tries to connect.
 */
#ifndef HOOKLINE_HOOK_KV_H
#define HOOKLINE_HOOK_KV_H

#include <stdint.h>

#include "base/arena.h"
#include "base/check.h"
#include "state/proto.h"

struct kv;
struct rt;

#define KV_GRACE_MS 200
/* A state process that does not answer for so long is as one that is away. */
#define KV_CALL_MS 5000

/* Connects to the socket in `state_dir` when it is asked first.  NULL (and an
 * error line) when that path is too long for a socket. */
struct kv *kv_new(struct rt *rt, const char *state_dir);
/* No fiber may be waiting.  NULL is fine. */
void kv_free(struct kv **kv);

struct kv_reply {
	int64_t number;
	hl_str value; /* lives in the arena given; "" none */
};

/* Asks; `request->id` is set here.  `kv` may be NULL.
 * Returns the status of the answer (proto.h, store.h); -EINVAL, -E2BIG as
 * state_request_check; -EAGAIN no state process, too many requests, or the
 * answer was lost; -ETIMEDOUT, -ECANCELED as fiber_block.  `ret` is set for
 * 0 and more.  BLOCKS. */
int kv_ask(struct kv *kv, struct state_request *request, struct arena *arena,
    struct kv_reply *ret) BLOCKS WARN_UNUSED;

/* Requests without an answer, for tests. */
unsigned kv_calls(const struct kv *kv);

#endif
