/* SPDX-License-Identifier: MIT */
/* api_kv.c - plugin.h: the small database that all workers share.
 *
 * Tables are named PLUGIN:TABLE with the name that the plugin gives itself,
 * so two lines of one plugin ("name:0", "name:1") share, and plugins do not
 * meet.
 */
#include <errno.h>

#include "ctx.h"
#include "kv.h"

/* The request for `key` of this plugin's `table`. */
static struct state_request
request_for(struct hl_ctx *ctx, enum state_op op, hl_str table, hl_str key)
{
	hl_str name;

	ctx_check(ctx);
	name = arena_printf(
	    ctx->arena, "%s:%.*s", ctx->frame->plugin->desc.name, STR(table));
	return (struct state_request){
		.op = op, .table = slice_str(name), .key = slice_str(key)
	};
}

static int
ask(struct hl_ctx *ctx, struct state_request *request, struct kv_reply *ret)
{
	return kv_ask(ctx->engine->kv, request, ctx->arena, ret);
}

int
hl_kv_get(struct hl_ctx *ctx, hl_str table, hl_str key, hl_str *ret)
{
	struct state_request request = request_for(ctx, STATE_GET, table, key);
	struct kv_reply reply;
	int status = ask(ctx, &request, &reply);

	if (status > 0)
		*ret = reply.value;
	return status;
}

int
hl_kv_put(
    struct hl_ctx *ctx, hl_str table, hl_str key, hl_str value, uint64_t ttl_s)
{
	struct state_request request = request_for(ctx, STATE_PUT, table, key);
	struct kv_reply reply;

	request.value = slice_str(value);
	request.ttl_s = ttl_s;
	return ask(ctx, &request, &reply);
}

int
hl_kv_delete(struct hl_ctx *ctx, hl_str table, hl_str key)
{
	struct state_request request =
	    request_for(ctx, STATE_DELETE, table, key);
	struct kv_reply reply;

	return ask(ctx, &request, &reply);
}

int
hl_kv_add(struct hl_ctx *ctx, hl_str table, hl_str key, int64_t delta,
    uint64_t ttl_s, int64_t *ret)
{
	struct state_request request = request_for(ctx, STATE_ADD, table, key);
	struct kv_reply reply;
	int status;

	request.delta = delta;
	request.ttl_s = ttl_s;
	status = ask(ctx, &request, &reply);
	if (status >= 0 && ret != NULL)
		*ret = reply.number;
	return status;
}

int
hl_kv_swap(struct hl_ctx *ctx, hl_str table, hl_str key, hl_str old,
    hl_str value, uint64_t ttl_s)
{
	struct state_request request = request_for(ctx, STATE_SWAP, table, key);
	struct kv_reply reply;

	request.old = slice_str(old);
	request.value = slice_str(value);
	request.ttl_s = ttl_s;
	return ask(ctx, &request, &reply);
}
