/* SPDX-License-Identifier: MIT */
/* log_batch.c - gathers log lines for standard error. */
#include "log_batch.h"

#include <stdlib.h>
#include <unistd.h>
#include <uv.h>

#include "base/clock.h"
#include "base/mem.h"
#include "rt/rt.h"

#define BATCH_BYTES 32768

struct log_batch {
	uv_prepare_t prepare; /* runs before the loop waits */
	struct buf buf;
	bool with_time; /* not when the journal adds its own */
	bool armed;
};

static struct log_batch *current; /* for the crash handler */

static void
write_all(const char *p, size_t n)
{
	while (n > 0) {
		ssize_t done = write(STDERR_FILENO, p, n);

		if (done <= 0)
			return; /* nobody to tell */
		p += done;
		n -= (size_t)done;
	}
}

void
log_batch_flush(struct log_batch *batch)
{
	if (batch->buf.n > 0)
		write_all(batch->buf.p, batch->buf.n);
	buf_clear(&batch->buf);
}

void
log_batch_flush_crash(void)
{
	if (current != NULL && current->buf.n > 0)
		write_all(current->buf.p, current->buf.n);
}

static void
on_prepare(uv_prepare_t *handle)
{
	struct log_batch *batch = handle->data;

	log_batch_flush(batch);
	(void)uv_prepare_stop(handle);
	batch->armed = false;
}

void
log_batch_add(struct log_batch *batch, enum log_level level, struct slice text)
{
	char stamp[40];

	if (batch->with_time) {
		buf_add(&batch->buf, stamp,
		    wall_rfc3339(wall_now(), stamp, sizeof(stamp)));
		buf_add_char(&batch->buf, ' ');
	}
	buf_add_text(&batch->buf, log_level_name(level));
	buf_add_char(&batch->buf, ' ');
	buf_add_slice(&batch->buf, text);
	buf_add_char(&batch->buf, '\n');
	if (batch->buf.n >= BATCH_BYTES)
		log_batch_flush(batch);
	if (!batch->armed) {
		(void)uv_prepare_start(&batch->prepare, on_prepare);
		batch->armed = true;
	}
}

static void
on_line(void *arg, enum log_level level, struct slice text)
{
	log_batch_add(arg, level, text);
}

void
log_batch_use(struct log_batch *batch)
{
	log_set_sink(on_line, batch);
}

struct log_batch *
log_batch_new(struct rt *rt)
{
	struct log_batch *batch = mem_alloc(sizeof(*batch));

	(void)uv_prepare_init(rt_loop(rt), &batch->prepare);
	batch->prepare.data = batch;
	batch->with_time = getenv("JOURNAL_STREAM") == NULL;
	current = batch;
	return batch;
}

static void
on_closed(uv_handle_t *handle)
{
	struct log_batch *batch = handle->data;

	buf_done(&batch->buf);
	mem_free(batch);
}

void
log_batch_free(struct log_batch **batch)
{
	if (*batch == NULL)
		return;
	log_set_sink(NULL, NULL);
	log_batch_flush(*batch);
	if (current == *batch)
		current = NULL;
	uv_close((uv_handle_t *)&(*batch)->prepare, on_closed);
	*batch = NULL;
}
