/* SPDX-License-Identifier: MIT */
/* row.c - plugin functions, called one after the other while they decline.
 *
 * Each case is a line of the signatures in hooks.def; the casts are to the
 * very types that plugin.h declares for these hooks.
 *
 * This is the inner loop of a site with many plugins: between two calls it
 * stores who runs, and looks whether there is more to do.
 */
#include "row.h"

#include "run.h"
#include "shm/running.h"

typedef enum hl_verdict plain_fn(struct hl_ctx *);
typedef enum hl_verdict text_fn(struct hl_ctx *, hl_str);
typedef enum hl_verdict text2_fn(struct hl_ctx *, hl_str, hl_str);
typedef enum hl_verdict addr_fn(struct hl_ctx *, const struct hl_addr *);
typedef enum hl_verdict parse_fn(struct hl_ctx *, hl_str, struct hl_parsed *);
typedef enum hl_verdict pre_fn(
    struct hl_ctx *, hl_str, const struct hl_params *, struct hl_out *);
typedef enum hl_verdict config_fn(struct hl_ctx *, hl_str, struct hl_lines *);
typedef enum hl_verdict user_config_fn(
    struct hl_ctx *, const struct hl_addr *, hl_str, struct hl_lines *);
typedef enum hl_verdict received_fn(
    struct hl_ctx *, hl_str, hl_str, hl_str, struct hl_lines *);
typedef enum hl_verdict verdict_fn(
    struct hl_ctx *, hl_str, enum hl_verdict, hl_str);
typedef enum hl_verdict chunk_fn(struct hl_ctx *, const void *, size_t);
typedef enum hl_verdict size_fn(struct hl_ctx *, uint64_t, uint64_t);
typedef enum hl_verdict phase_fn(struct hl_ctx *, enum hl_phase);
typedef enum hl_verdict auth_fn(struct hl_ctx *, const struct hl_auth *);
typedef enum hl_verdict log_fn(struct hl_ctx *, const struct hl_log *);
typedef enum hl_verdict proxy_fn(struct hl_ctx *, const struct hl_proxy *);
typedef enum hl_verdict tls_fn(struct hl_ctx *, const struct hl_tls *);
typedef enum hl_verdict reply_fn(struct hl_ctx *, const struct hl_reply *);

struct row {
	struct hl_ctx *ctx;
	struct hook_frame *frame;
	struct shm *shm;
	const struct chain_entry *entry, *end;
	unsigned verdict; /* of the last call */
};

/* Behind a call: is the next one to be made in the same row? */
static inline __attribute__((always_inline)) bool
row_goes_on(struct row *row)
{
	struct call_time *time = &row->frame->time;

	if (row->verdict != HL_DECLINED || !time->together ||
	    (shm_tick_get(row->shm) != time->tick &&
		call_time_was_held(row->ctx)))
		return false;
	time->entry = ++row->entry;
	if (row->entry == row->end)
		return false;
	row->frame->plugin = row->entry->plugin;
	row->frame->stat = row->entry->stat;
	shm_running_next(row->shm, row->entry->stat);
	return true;
}

#define EACH(type, ...)                                             \
	do                                                          \
		row.verdict = ((type *)row.entry->fn)(__VA_ARGS__); \
	while (row_goes_on(&row));                                  \
	break

unsigned
row_run(struct hl_ctx *ctx, const struct chain_entry *end,
    const struct hook_args *args)
{
	struct row row = { .ctx = ctx,
		.frame = ctx->frame,
		.shm = ctx->engine->shm,
		.entry = ctx->frame->time.entry,
		.end = end };

	switch ((enum hook_call_kind)hook_table[row.frame->hook].call) {
	case HOOK_CALL_PLAIN:
		EACH(plain_fn, ctx);
	case HOOK_CALL_HELO:
	case HOOK_CALL_VERB:
	case HOOK_CALL_FIELD:
	case HOOK_CALL_SCRAM:
		EACH(text2_fn, ctx, args->a, args->b);
	case HOOK_CALL_TEXT:
		EACH(text_fn, ctx, args->a);
	case HOOK_CALL_ADDR:
		EACH(addr_fn, ctx, args->addr);
	case HOOK_CALL_PARSE:
		EACH(parse_fn, ctx, args->a, args->ret);
	case HOOK_CALL_PRE:
		EACH(pre_fn, ctx, args->a, args->params, args->ret);
	case HOOK_CALL_CONFIG:
		EACH(config_fn, ctx, args->a, args->ret);
	case HOOK_CALL_USER_CONFIG:
		EACH(user_config_fn, ctx, args->addr, args->a, args->ret);
	case HOOK_CALL_RECEIVED:
		EACH(received_fn, ctx, args->a, args->b, args->c, args->ret);
	case HOOK_CALL_VERDICT:
		EACH(verdict_fn, ctx, args->a, args->verdict, args->b);
	case HOOK_CALL_CHUNK:
		EACH(chunk_fn, ctx, args->bytes, args->size);
	case HOOK_CALL_SIZE:
		EACH(size_fn, ctx, args->n1, args->n2);
	case HOOK_CALL_PHASE:
		EACH(phase_fn, ctx, args->phase);
	case HOOK_CALL_AUTH:
		EACH(auth_fn, ctx, args->object);
	case HOOK_CALL_LOGGING:
		EACH(log_fn, ctx, args->object);
	case HOOK_CALL_PROXY:
		EACH(proxy_fn, ctx, args->object);
	case HOOK_CALL_TLS:
		EACH(tls_fn, ctx, args->object);
	case HOOK_CALL_REPLY:
		EACH(reply_fn, ctx, args->object);
	}
	return row.verdict;
}
