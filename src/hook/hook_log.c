/* SPDX-License-Identifier: MIT */
/* hook_log.c - lines with their session, and the fiber that runs loggers. */
#include "hook_log.h"

#include <string.h>

#include "base/mem.h"
#include "log_batch.h"
#include "rt/fiber.h"
#include "rt/rt.h"
#include "rt/wait.h"
#include "run.h"
#include "shm/stats.h"

#define QUEUE_MAX_BYTES (1024u * 1024)
#define STOP_MS 1000

static void
begin(struct log_line *line, enum log_level level, const struct conv *conv,
    const struct txn *txn)
{
	log_begin(line, level);
	if (conv == NULL)
		return;
	log_add_text(line, LOG_sid, conv->facts.sid);
	if (txn != NULL)
		log_add_text(line, LOG_tid, txn->id);
	if (conv->facts.listener.n > 0)
		log_add(line, LOG_listener, slice_str(conv->facts.listener));
}

void
hook_log_begin(
    struct log_line *line, enum log_level level, const struct conv *conv)
{
	begin(line, level, conv, conv != NULL ? conv->txn : NULL);
}

void
hook_log_begin_ctx(
    struct log_line *line, enum log_level level, const struct hl_ctx *ctx)
{
	/* In queue_post the session has none any more. */
	begin(line, level, ctx->conv, ctx->txn);
	if (ctx->frame == NULL)
		return;
	log_add(line, LOG_plugin, slice_str(ctx->frame->plugin->name));
	if (!ctx->frame->in_load)
		log_add_text(line, LOG_hook, hook_table[ctx->frame->hook].name);
}

void
hook_log_end_ctx(struct log_line *line, const struct hl_ctx *ctx)
{
	const struct hook_frame *frame = ctx->frame;

	if (!line->off && frame != NULL && !frame->in_load &&
	    frame->hook == HOOK_LOGGING && ctx->engine->log_batch != NULL) {
		log_batch_add(
		    ctx->engine->log_batch, line->level, buf_slice(&line->buf));
		line->off = true;
	}
	log_end(line);
}

struct queued_line {
	struct link link;
	enum log_level level;
	size_t n;
	char text[];
};

struct log_queue {
	struct engine *engine;
	struct list lines;
	size_t bytes;
	uint64_t dropped;
	bool running;           /* the fiber is at work or about to be */
	struct fiber *fiber;    /* while it is */
	struct waiter *stopper; /* who waits for its end */
	bool closing;
};

/* The opaque handle of plugin.h. */
struct hl_log {
	const struct queued_line *line;
	struct arena *arena;
	bool more;
	bool *taken;
};

enum hl_level
hl_log_level(const struct hl_log *log)
{
	return (enum hl_level)log->line->level;
}

hl_str
hl_log_text(const struct hl_log *log)
{
	return (hl_str){ log->line->text, log->line->n };
}

/* Takes the next `KEY=VALUE` off `rest`.  A value with a space in it stands
 * in quotes, in which quotes and backslashes follow a backslash (log.h). */
static bool
next_pair(struct slice *rest, struct slice *ret_key, struct slice *ret_value)
{
	bool quoted = false;
	size_t n;

	*rest = slice_from(*rest, rest->n > 0 && rest->p[0] == ' ' ? 1 : 0);
	for (n = 0; n < rest->n && (quoted || rest->p[n] != ' '); n++) {
		if (rest->p[n] == '\\' && quoted)
			n++;
		else if (rest->p[n] == '"')
			quoted = !quoted;
	}
	*ret_value = slice_head(*rest, n);
	*rest = slice_from(*rest, n);
	return ret_value->n > 0 && slice_cut(ret_value, '=', ret_key);
}

/* Of the keys that hook_log_begin_ctx writes: nothing in them is quoted. */
static hl_str
value_of(const struct hl_log *log, enum log_key key)
{
	struct slice rest = slice_str(hl_log_text(log)), name, value;

	while (next_pair(&rest, &name, &value)) {
		if (slice_eq_text(name, log_key_name(key)))
			return arena_str(log->arena, value);
	}
	return STR_EMPTY;
}

hl_str
hl_log_hook(const struct hl_log *log)
{
	return value_of(log, LOG_hook);
}

hl_str
hl_log_plugin(const struct hl_log *log)
{
	return value_of(log, LOG_plugin);
}

/* Of log_escape's digits. */
static unsigned
hex_value(char c)
{
	return (unsigned)(c <= '9' ? c - '0' : c - 'a' + 10);
}

/* What follows a backslash: log_escape's, so it is whole. */
static size_t
unescape(struct slice from, char *ret)
{
	*ret = from.p[0];
	if (from.p[0] != 'x' || from.n < 3)
		return 1;
	*ret = (char)(hex_value(from.p[1]) << 4 | hex_value(from.p[2]));
	return 3;
}

/* A value without its quotes. */
static hl_str
plain(struct arena *arena, struct slice value)
{
	struct buf text = BUF_INIT;
	hl_str ret;

	if (value.n < 2 || value.p[0] != '"')
		return arena_str(arena, value);
	value = (struct slice){ value.p + 1, value.n - 2 };
	for (size_t i = 0; i < value.n; i++) {
		char c = value.p[i];

		if (c == '\\' && i + 1 < value.n)
			i += unescape(slice_from(value, i + 1), &c);
		buf_add_char(&text, c != '\0' ? c : ' ');
	}
	ret = arena_str(arena, buf_slice(&text));
	buf_done(&text);
	return ret;
}

/* hl_log's lines have a plugin, no event, and end with the text. */
hl_str
hook_log_words(const struct hl_log *log)
{
	hl_str line = hl_log_text(log);
	struct slice rest = slice_str(line), name, value;
	bool of_plugin = false, event = false;

	while (next_pair(&rest, &name, &value)) {
		of_plugin |= slice_eq_text(name, log_key_name(LOG_plugin));
		event |= slice_eq_text(name, log_key_name(LOG_event));
		if (rest.n == 0 && of_plugin && !event &&
		    slice_eq_text(name, log_key_name(LOG_text)))
			return plain(log->arena, value);
	}
	return line;
}

bool
hl_log_pair(
    const struct hl_log *log, size_t *at, hl_str *ret_key, hl_str *ret_value)
{
	struct slice line = slice_str(hl_log_text(log)), name, value;
	struct slice rest = slice_from(line, *at < line.n ? *at : line.n);

	if (!next_pair(&rest, &name, &value))
		return false;
	*at = line.n - rest.n;
	*ret_key = arena_str(log->arena, name);
	*ret_value = plain(log->arena, value);
	return true;
}

hl_str
hl_log_value(const struct hl_log *log, const char *key)
{
	struct slice rest = slice_str(hl_log_text(log)), name, value;

	while (next_pair(&rest, &name, &value)) {
		if (slice_eq_text(name, key))
			return plain(log->arena, value);
	}
	return STR_EMPTY;
}

bool
hl_log_more(const struct hl_log *log)
{
	return log->more;
}

void
hl_log_taken(const struct hl_log *log)
{
	*log->taken = true;
}

static void
queue_pass(struct log_queue *queue, struct hl_ctx *ctx, struct link *link)
{
	struct queued_line *line = CONTAINER_OF(link, struct queued_line, link);
	bool taken = false;
	struct hl_log log = { .line = line,
		.arena = ctx->arena,
		.more = !list_is_empty(&queue->lines),
		.taken = &taken };
	struct hook_args args = { .object = &log };
	struct outcome outcome;

	queue->bytes -= sizeof(*line) + line->n;
	hook_run(ctx, HOOK_LOGGING, &args, &outcome);
	/* Nobody has taken it: it must not be lost. */
	if (outcome.column == COLUMN_NONE && !taken)
		log_batch_add(queue->engine->log_batch, line->level,
		    (struct slice){ line->text, line->n });
	mem_free(line);
	arena_reset(ctx->arena);
}

/* Once for each waiter: by the fiber's end, or by who waited in vain. */
static void
stopper_done(struct log_queue *queue, int result)
{
	struct waiter *stopper = queue->stopper;

	queue->stopper = NULL;
	if (stopper != NULL)
		waiter_done(stopper, result);
}

static void
queue_fiber(void *arg)
{
	struct log_queue *queue = arg;
	struct hl_ctx ctx;
	struct link *link;

	queue->fiber = fiber_self();
	ctx_init(&ctx, queue->engine, NULL);
	ctx.chains = queue->engine->logging;
	while ((link = list_pop_front(&queue->lines)) != NULL)
		queue_pass(queue, &ctx, link);
	queue->fiber = NULL;
	queue->running = false;
	stopper_done(queue, 0);
}

/* The sink of this worker's log. */
static void
on_line(void *arg, enum log_level level, struct slice text)
{
	struct log_queue *queue = arg;
	struct queued_line *line;

	if (queue->bytes > QUEUE_MAX_BYTES) {
		queue->dropped++;
		shm_add(&shm_totals(queue->engine->shm)->log_dropped, 1);
		return;
	}
	line = mem_alloc(sizeof(*line) + text.n + 1);
	line->level = level;
	line->n = text.n;
	memcpy(line->text, text.p, text.n);
	queue->bytes += sizeof(*line) + text.n;
	list_push_back(&queue->lines, &line->link);
	if (queue->running || queue->closing)
		return;
	queue->running = true;
	if (fiber_start(queue->engine->rt, queue_fiber, queue) < 0)
		queue->running = false; /* the next line tries again */
}

struct log_queue *
log_queue_new(struct engine *engine)
{
	struct log_queue *queue = mem_alloc(sizeof(*queue));

	queue->engine = engine;
	list_init(&queue->lines);
	log_set_sink(on_line, queue);
	return queue;
}

/* Waits for the fiber's end: 0, or -ETIME. */
static int
wait_for_end(struct log_queue *queue, uint64_t ms)
{
	struct waiter *waiter;
	int ret;

	if (!queue->running)
		return 0;
	waiter = queue->stopper = waiter_new();
	ret = waiter_wait(waiter, ms);
	stopper_done(queue, ret);
	waiter_unref(&waiter);
	return ret;
}

void
log_queue_stop(struct log_queue *queue)
{
	if (queue == NULL)
		return;
	log_batch_use(queue->engine->log_batch);
	queue->closing = true;
	if (wait_for_end(queue, STOP_MS) == 0)
		return;
	/* Its waits end, and no other logger is called. */
	if (queue->fiber != NULL)
		fiber_cancel(queue->fiber);
	while (wait_for_end(queue, 0) < 0)
		;
}

void
log_queue_free(struct log_queue **queue)
{
	struct link *link;

	if (*queue == NULL)
		return;
	log_batch_use((*queue)->engine->log_batch);
	CHECK(!(*queue)->running); /* log_queue_stop came first */
	while ((link = list_pop_front(&(*queue)->lines)) != NULL) {
		struct queued_line *line =
		    CONTAINER_OF(link, struct queued_line, link);

		log_batch_add((*queue)->engine->log_batch, line->level,
		    (struct slice){ line->text, line->n });
		mem_free(line);
	}
	mem_free(*queue);
	*queue = NULL;
}
