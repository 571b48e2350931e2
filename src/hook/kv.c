/* SPDX-License-Identifier: MIT */
/* kv.c - requests to the state process, and their answers.
 *
 * What the fibers of one turn of the loop ask is sent in one write: a prepare
 * handle runs after the fibers and before the loop waits.
 */
#include "kv.h"

#include <errno.h>
#include <string.h>

#include "base/log.h"
#include "base/mem.h"
#include "kv_private.h"
#include "rt/fiber.h"
#include "rt/rt.h"

#define KV_MAGIC 0x6b767631u
#define CALLS_MAX 32768
/* Bytes that the state process has not taken. */
#define OUT_MAX (8u * 1024 * 1024)
#define PATH_MAX_BYTES 107 /* of a Unix socket */

static void
call_free(struct waiter *waiter)
{
	struct kv_call *call = CONTAINER_OF(waiter, struct kv_call, waiter);

	buf_done(&call->frame);
	buf_done(&call->value);
	mem_free(call);
}

static struct list *
bucket_of(struct kv *kv, uint32_t id)
{
	return &kv->calls[id % KV_BUCKETS];
}

/* The call is over: whoever waits goes on. */
static void
call_end(struct kv *kv, struct kv_call *call, int status)
{
	list_remove(&call->link);
	kv->call_count--;
	waiter_done(&call->waiter, status);
}

void
kv__end_all(struct kv *kv, struct list *calls, int status)
{
	struct link *link;

	while ((link = list_first(calls)) != NULL)
		call_end(kv, CONTAINER_OF(link, struct kv_call, link), status);
}

void
kv__lost(struct kv *kv)
{
	for (unsigned i = 0; i < KV_BUCKETS; i++)
		kv__end_all(kv, &kv->calls[i], -EAGAIN);
	kv__link_ref(kv);
}

void
kv__answer(struct kv *kv, const struct state_response *response)
{
	LIST_FOR_EACH (link, safe, bucket_of(kv, response->id)) {
		struct kv_call *call = CONTAINER_OF(link, struct kv_call, link);

		if (call->id != response->id)
			continue;
		call->number = response->number;
		if (!waiter_is_abandoned(&call->waiter))
			buf_add_slice(&call->value, response->value);
		call_end(kv, call, response->status);
		kv__link_ref(kv);
		return;
	}
}

/* Of one that waited for the connection, or a new one. */
static void
call_send(struct kv *kv, struct kv_call *call)
{
	list_push_back(bucket_of(kv, call->id), &call->link);
	buf_add_slice(&kv->out, buf_slice(&call->frame));
	buf_done(&call->frame);
	kv__flush_soon(kv);
}

void
kv__send_waiting(struct kv *kv)
{
	struct link *link;

	while ((link = list_pop_front(&kv->waiting)) != NULL) {
		struct kv_call *call = CONTAINER_OF(link, struct kv_call, link);

		if (waiter_is_abandoned(&call->waiter))
			call_end(kv, call, -EAGAIN);
		else
			call_send(kv, call);
	}
}

static struct kv_call *
call_new(struct kv *kv, struct state_request *request)
{
	struct kv_call *call = mem_alloc(sizeof(*call));

	waiter_init(&call->waiter, call_free);
	if (++kv->last_id == 0)
		kv->last_id = 1; /* 0 is the greeting's */
	request->id = call->id = kv->last_id;
	state_request_write(&call->frame, request);
	kv->call_count++;
	return call;
}

/* NULL: it cannot be sent. */
static struct kv_call *
call_start(struct kv *kv, struct state_request *request)
{
	struct kv_call *call;

	if (kv->call_count >= CALLS_MAX || kv->out.n > OUT_MAX ||
	    !kv__link_wanted(kv))
		return NULL;
	call = call_new(kv, request);
	if (kv->state == KV_UP)
		call_send(kv, call);
	else
		kv__link_wait(kv, call);
	kv__link_ref(kv);
	return call;
}

int
kv_ask(struct kv *kv, struct state_request *request, struct arena *arena,
    struct kv_reply *ret)
{
	struct waiter *waiter;
	struct kv_call *call;
	int status = fiber_check();

	if (status == 0)
		status = state_request_check(request);
	if (status < 0)
		return status;
	if (kv == NULL)
		return -EAGAIN;
	CHECK_OBJ(kv, KV_MAGIC);
	call = call_start(kv, request);
	if (call == NULL)
		return -EAGAIN;
	waiter = &call->waiter;
	fiber_label_wait("kv");
	status = waiter_wait(waiter, KV_CALL_MS);
	if (status == 0)
		status = waiter->result;
	else if (status == -ETIME)
		status = -EAGAIN;
	if (status >= 0) {
		ret->number = call->number;
		ret->value = arena_str(arena, buf_slice(&call->value));
	}
	waiter_unref(&waiter);
	return status;
}

unsigned
kv_calls(const struct kv *kv)
{
	return kv->call_count;
}

struct kv *
kv_new(struct rt *rt, const char *state_dir)
{
	struct kv *kv = mem_alloc(sizeof(*kv));
	struct log_line line;

	kv->magic = KV_MAGIC;
	kv->rt = rt;
	list_init(&kv->waiting);
	for (unsigned i = 0; i < KV_BUCKETS; i++)
		list_init(&kv->calls[i]);
	buf_printf(&kv->path, "%s/%s", state_dir, STATE_SOCKET);
	if (kv->path.n > PATH_MAX_BYTES) {
		log_begin(&line, LOG_LEVEL_ERROR);
		log_add_text(&line, LOG_event, "state_away");
		log_add(&line, LOG_path, buf_slice(&kv->path));
		log_add_text(&line, LOG_text,
		    "too long for a socket; choose another --state");
		log_end(&line);
		buf_done(&kv->path);
		mem_free(kv);
		return NULL;
	}
	kv__link_init(kv);
	return kv;
}

void
kv_free(struct kv **kv_p)
{
	struct kv *kv = *kv_p;

	if (kv == NULL)
		return;
	CHECK_OBJ(kv, KV_MAGIC);
	*kv_p = NULL;
	/* Only calls that were given up are left. */
	kv__end_all(kv, &kv->waiting, -EAGAIN);
	kv__lost(kv);
	kv->magic = 0;
	kv__link_done(kv);
}
