/* SPDX-License-Identifier: MIT */
/* invoke.c - one plugin function, called as its hook's row says.
 *
 * Each case is a line of the signatures in hooks.def; the casts are to the
 * very types that plugin.h declares for these hooks.
 */
#include "run.h"

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

unsigned
hook_invoke(enum hook_call_kind kind, plugin_fn *fn, struct hl_ctx *ctx,
    const struct hook_args *args)
{
	switch (kind) {
	case HOOK_CALL_PLAIN:
		return ((plain_fn *)fn)(ctx);
	case HOOK_CALL_HELO:
	case HOOK_CALL_VERB:
	case HOOK_CALL_FIELD:
	case HOOK_CALL_SCRAM:
		return ((text2_fn *)fn)(ctx, args->a, args->b);
	case HOOK_CALL_TEXT:
		return ((text_fn *)fn)(ctx, args->a);
	case HOOK_CALL_ADDR:
		return ((addr_fn *)fn)(ctx, args->addr);
	case HOOK_CALL_PARSE:
		return ((parse_fn *)fn)(ctx, args->a, args->ret);
	case HOOK_CALL_PRE:
		return ((pre_fn *)fn)(ctx, args->a, args->params, args->ret);
	case HOOK_CALL_CONFIG:
		return ((config_fn *)fn)(ctx, args->a, args->ret);
	case HOOK_CALL_USER_CONFIG:
		return ((user_config_fn *)fn)(
		    ctx, args->addr, args->a, args->ret);
	case HOOK_CALL_RECEIVED:
		return ((received_fn *)fn)(
		    ctx, args->a, args->b, args->c, args->ret);
	case HOOK_CALL_VERDICT:
		return ((verdict_fn *)fn)(ctx, args->a, args->verdict, args->b);
	case HOOK_CALL_CHUNK:
		return ((chunk_fn *)fn)(ctx, args->bytes, args->size);
	case HOOK_CALL_SIZE:
		return ((size_fn *)fn)(ctx, args->n1, args->n2);
	case HOOK_CALL_PHASE:
		return ((phase_fn *)fn)(ctx, args->phase);
	case HOOK_CALL_AUTH:
		return ((auth_fn *)fn)(ctx, args->object);
	case HOOK_CALL_LOGGING:
		return ((log_fn *)fn)(ctx, args->object);
	case HOOK_CALL_PROXY:
		return ((proxy_fn *)fn)(ctx, args->object);
	case HOOK_CALL_TLS:
		return ((tls_fn *)fn)(ctx, args->object);
	case HOOK_CALL_REPLY:
		return ((reply_fn *)fn)(ctx, args->object);
	}
	UNREACHABLE();
}
