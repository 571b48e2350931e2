/* SPDX-License-Identifier: MIT */
/* kv_link.c - the connection to the state process, and its return. */
#include <errno.h>
#include <string.h>

#include "base/log.h"
#include "base/mem.h"
#include "kv.h"
#include "kv_private.h"
#include "rt/rt.h"

#define READ_STEP (16u * 1024)
#define RETRY_MIN_MS 10
#define RETRY_MAX_MS 1000

/* libuv's part: it lives until its last callback, whatever kv does. */
struct kv_link {
	uv_pipe_t pipe;
	uv_connect_t connect;
	struct kv *kv; /* NULL: given up */
	bool is_writing;
};

struct kv_write {
	uv_write_t request;
	struct kv_link *link;
	struct buf bytes;
};

static void link_open(struct kv *kv);

static void
say(const struct kv *kv, bool is_away)
{
	struct log_line line;

	log_begin(&line, is_away ? LOG_LEVEL_WARN : LOG_LEVEL_NOTICE);
	log_add_text(&line, LOG_event, is_away ? "state_away" : "state_back");
	log_add(&line, LOG_path, buf_slice(&kv->path));
	log_add_text(&line, LOG_text,
	    is_away ? "no connection to the state process: hl_kv fails until "
		      "there is one"
		    : "connected to the state process again");
	log_end(&line);
}

/* ---- losing it ---- */

static void
on_link_closed(uv_handle_t *handle)
{
	mem_free(handle->data);
}

static void
link_close(struct kv *kv)
{
	struct kv_link *link = kv->link;

	kv->state = KV_DOWN;
	kv->link = NULL;
	buf_done(&kv->in);
	buf_done(&kv->out);
	(void)uv_prepare_stop(&kv->flush);
	if (link == NULL)
		return;
	link->kv = NULL;
	uv_close((uv_handle_t *)&link->pipe, on_link_closed);
}

/* When the calls that wait are to be looked at next. */
static void
alarm_again(struct kv *kv)
{
	struct mono at = kv->grace_end;

	if (kv->state == KV_DOWN && mono_is_before(kv->retry_at, at))
		at = kv->retry_at;
	alarm_set(kv->rt, &kv->alarm, at);
}

static void
link_lost(struct kv *kv)
{
	if (kv->state == KV_UP || kv->retry_ms == 0)
		kv->retry_ms = RETRY_MIN_MS;
	else if (kv->retry_ms < RETRY_MAX_MS)
		kv->retry_ms *= 2;
	link_close(kv);
	kv->retry_at = mono_add_ms(mono_now(), kv->retry_ms);
	kv__lost(kv);
	if (!list_is_empty(&kv->waiting))
		alarm_again(kv);
}

static void
on_alarm(struct alarm *alarm)
{
	struct kv *kv = CONTAINER_OF(alarm, struct kv, alarm);
	struct mono now = mono_now();

	if (!mono_is_before(now, kv->grace_end)) {
		if (!kv->is_away)
			say(kv, true);
		kv->is_away = true;
		kv__end_all(kv, &kv->waiting, -EAGAIN);
		kv__link_ref(kv);
		return;
	}
	if (kv->state == KV_DOWN && !mono_is_before(now, kv->retry_at))
		link_open(kv);
	alarm_again(kv);
}

/* ---- writing ---- */

static void flush(struct kv *kv);

static void
on_written(uv_write_t *request, int status)
{
	struct kv_write *write =
	    CONTAINER_OF(request, struct kv_write, request);
	struct kv *kv = write->link->kv;

	write->link->is_writing = false;
	buf_done(&write->bytes);
	mem_free(write);
	if (kv == NULL)
		return;
	if (status < 0)
		link_lost(kv);
	else
		flush(kv);
}

static int
write_rest(struct kv *kv, size_t done)
{
	struct kv_write *write = mem_alloc(sizeof(*write));
	uv_buf_t rest;
	int rc;

	write->link = kv->link;
	write->bytes = kv->out;
	kv->out = BUF_INIT;
	rest.base = write->bytes.p + done;
	rest.len = write->bytes.n - done;
	rc = uv_write(&write->request, (uv_stream_t *)&kv->link->pipe, &rest, 1,
	    on_written);
	if (rc < 0) {
		buf_done(&write->bytes);
		mem_free(write);
		return rc;
	}
	kv->link->is_writing = true;
	return 0;
}

static void
flush(struct kv *kv)
{
	uv_buf_t all = { .base = kv->out.p, .len = kv->out.n };
	int n;

	if (kv->state != KV_UP || kv->link->is_writing || kv->out.n == 0)
		return;
	n = uv_try_write((uv_stream_t *)&kv->link->pipe, &all, 1);
	if (n == UV_EAGAIN)
		n = 0;
	if (n >= 0 && (size_t)n == kv->out.n)
		buf_clear(&kv->out);
	else if (n < 0 || write_rest(kv, (size_t)n) < 0)
		link_lost(kv);
}

static void
on_prepare(uv_prepare_t *prepare)
{
	(void)uv_prepare_stop(prepare);
	flush(prepare->data);
}

void
kv__flush_soon(struct kv *kv)
{
	(void)uv_prepare_start(&kv->flush, on_prepare);
}

/* ---- connecting, reading ---- */

static void
link_up(struct kv *kv)
{
	kv->state = KV_UP;
	if (kv->is_away)
		say(kv, false);
	kv->is_away = false;
	alarm_clear(kv->rt, &kv->alarm);
	kv__send_waiting(kv);
}

/* 0, or negative: this is not our state process. */
static int
take_answers(struct kv *kv)
{
	struct slice in = buf_slice(&kv->in);
	struct state_response response;
	int rc;

	while ((rc = state_response_read(&in, &response)) > 0) {
		if (kv->state == KV_UP) {
			kv__answer(kv, &response);
			continue;
		}
		if (response.id != 0 || response.status != STATE_VERSION)
			return -EPROTO;
		link_up(kv);
	}
	buf_shift(&kv->in, kv->in.n - in.n);
	if (kv->in.n == 0 && kv->in.cap > 2 * READ_STEP)
		buf_done(&kv->in);
	return rc;
}

static void
on_alloc(uv_handle_t *handle, size_t size, uv_buf_t *ret)
{
	const struct kv_link *link = handle->data;

	(void)size;
	buf_reserve(&link->kv->in, READ_STEP);
	ret->base = link->kv->in.p + link->kv->in.n;
	ret->len = READ_STEP;
}

static void
on_read(uv_stream_t *stream, ssize_t n, const uv_buf_t *buf)
{
	const struct kv_link *link = stream->data;
	struct kv *kv = link->kv;

	(void)buf;
	if (n >= 0)
		kv->in.n += (size_t)n;
	if (n < 0 || take_answers(kv) < 0)
		link_lost(kv);
}

static void
on_connect(uv_connect_t *request, int status)
{
	struct kv_link *link = CONTAINER_OF(request, struct kv_link, connect);

	if (link->kv == NULL)
		return;
	if (status == 0)
		status = uv_read_start(
		    (uv_stream_t *)&link->pipe, on_alloc, on_read);
	if (status < 0)
		link_lost(link->kv);
}

static void
link_open(struct kv *kv)
{
	struct kv_link *link = mem_alloc(sizeof(*link));

	link->kv = kv;
	link->pipe.data = link;
	CHECK(uv_pipe_init(rt_loop(kv->rt), &link->pipe, 0) == 0);
	kv->link = link;
	kv->state = KV_CONNECTING;
	kv__link_ref(kv);
	uv_pipe_connect(&link->connect, &link->pipe, kv->path.p, on_connect);
}

bool
kv__link_wanted(struct kv *kv)
{
	if (kv->state == KV_DOWN && !mono_is_before(mono_now(), kv->retry_at))
		link_open(kv);
	return kv->state == KV_UP || !kv->is_away;
}

void
kv__link_wait(struct kv *kv, struct kv_call *call)
{
	if (list_is_empty(&kv->waiting))
		kv->grace_end = mono_add_ms(mono_now(), KV_GRACE_MS);
	list_push_back(&kv->waiting, &call->link);
	alarm_again(kv);
}

void
kv__link_ref(struct kv *kv)
{
	if (kv->link == NULL)
		return;
	if (kv->call_count > 0)
		uv_ref((uv_handle_t *)&kv->link->pipe);
	else
		uv_unref((uv_handle_t *)&kv->link->pipe);
}

void
kv__link_init(struct kv *kv)
{
	kv->alarm.fn = on_alarm;
	kv->flush.data = kv;
	CHECK(uv_prepare_init(rt_loop(kv->rt), &kv->flush) == 0);
	uv_unref((uv_handle_t *)&kv->flush);
}

static void
on_flush_closed(uv_handle_t *handle)
{
	struct kv *kv = handle->data;

	buf_done(&kv->path);
	mem_free(kv);
}

void
kv__link_done(struct kv *kv)
{
	alarm_clear(kv->rt, &kv->alarm);
	link_close(kv);
	uv_close((uv_handle_t *)&kv->flush, on_flush_closed);
}
