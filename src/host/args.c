/* SPDX-License-Identifier: MIT */
/* args.c - a hook's arguments as values (docs/host-protocol.md,
 * "Arguments"). */
#include "hook/auth.h"
#include "hook/hook_log.h"
#include "hook/run.h"
#include "host_private.h"
#include "mail/addr.h"
#include "wire.h"

static void
add(struct buf *fields, hl_str text)
{
	wire_add_text_value(fields, slice_str(text));
}

static void
add_number(struct buf *fields, uint64_t number)
{
	struct buf text = BUF_INIT;

	buf_add_u64(&text, number);
	wire_add_text_value(fields, buf_slice(&text));
	buf_done(&text);
}

static void
add_params(struct buf *fields, const struct hl_params *params)
{
	for (size_t i = 0; params != NULL && i < params->list.count; i++) {
		const struct smtp_param *param = &params->list.items[i];

		add(fields, param->key);
		if (param->has_value)
			add(fields, param->value);
		else
			wire_add_no_value(fields);
	}
}

static void
add_words(struct buf *fields, hl_str text)
{
	struct slice rest = slice_str(text), word;

	while ((word = slice_word(&rest)).n > 0)
		wire_add_text_value(fields, word);
}

/* Absent, and empty, is none. */
static void
add_or_none(struct buf *fields, hl_str text)
{
	if (text.n > 0)
		add(fields, text);
	else
		wire_add_no_value(fields);
}

static void
add_auth(struct buf *fields, const struct hl_auth *auth)
{
	add(fields, auth->mechanism);
	add(fields, auth->user);
	add_or_none(fields, auth->clear);
	add_or_none(fields, auth->hash);
	add_or_none(fields, auth->ticket);
}

static void
add_pair(struct buf *fields, const char *key, struct slice text)
{
	wire_add_text(fields, key);
	wire_add_text_value(fields, text);
}

/* One map. */
static void
add_connection(struct buf *fields, struct hl_ctx *ctx)
{
	size_t at = wire_open(fields);
	hl_str number;

	buf_add_char(fields, 'm');
	add_pair(fields, "remote_ip", slice_str(hl_peer_ip(ctx)));
	number = hl_printf(ctx, "%u", hl_peer_port(ctx));
	add_pair(fields, "remote_port", slice_str(number));
	add_pair(fields, "local_ip", slice_str(hl_local_ip(ctx)));
	number = hl_printf(ctx, "%u", hl_local_port(ctx));
	add_pair(fields, "local_port", slice_str(number));
	number = hl_printf(ctx, "%u", hl_peer_connections_max(ctx));
	add_pair(fields, "max_conn_ip", slice_str(number));
	number = hl_printf(ctx, "%u", hl_peer_connections(ctx));
	add_pair(fields, "connections", slice_str(number));
	wire_close(fields, at);
}

static void
add_log(struct buf *fields, const struct hl_log *log)
{
	add_number(fields, (uint64_t)hl_log_level(log));
	add_or_none(fields, hl_log_hook(log));
	add_or_none(fields, hl_log_plugin(log));
	add(fields, hook_log_words(log));
}

static void
add_plain(enum hook_id hook, struct hl_ctx *ctx, struct buf *fields)
{
	if (hook == HOOK_PRE_CONNECTION)
		add_connection(fields, ctx);
}

/* DECLINED is 0 here, and 909 there. */
static uint64_t
verdict_number(enum hl_verdict verdict)
{
	return verdict == HL_DECLINED ? 909 : (uint64_t)verdict;
}

/* Long, but flat: a case for each kind of call. */
void
args_write(enum hook_id hook, const struct hook_args *args, struct hl_ctx *ctx,
    struct buf *fields)
{
	switch ((enum hook_call_kind)hook_table[hook].call) {
	case HOOK_CALL_PLAIN:
		add_plain(hook, ctx, fields);
		break;
	case HOOK_CALL_HELO:
		add(fields, args->a);
		add_words(fields, args->b);
		break;
	case HOOK_CALL_ADDR:
		add(fields, args->addr->path);
		add_params(fields, ctx->params);
		break;
	case HOOK_CALL_PRE:
		add(fields, args->a);
		add_params(fields, args->params);
		break;
	case HOOK_CALL_PARSE:
	case HOOK_CALL_CONFIG:
		add(fields, args->a);
		break;
	case HOOK_CALL_TEXT:
		if (args->a.n > 0)
			add(fields, args->a);
		break;
	case HOOK_CALL_VERB:
		add(fields, args->a);
		if (args->b.n > 0)
			add(fields, args->b);
		break;
	case HOOK_CALL_FIELD:
		add(fields, args->a);
		add(fields, args->b);
		break;
	case HOOK_CALL_AUTH:
		add_auth(fields, args->object);
		break;
	case HOOK_CALL_USER_CONFIG:
		add(fields, args->addr->path);
		add(fields, args->a);
		break;
	case HOOK_CALL_RECEIVED:
		add(fields, args->a);
		add(fields, args->b);
		add(fields, args->c);
		break;
	case HOOK_CALL_LOGGING:
		add_log(fields, args->object);
		break;
	case HOOK_CALL_VERDICT:
		add(fields, args->a);
		add_number(fields, verdict_number(args->verdict));
		add(fields, args->b);
		break;
	case HOOK_CALL_SIZE:
		add_number(fields, args->n1);
		add_number(fields, args->n2);
		break;
	case HOOK_CALL_PHASE:
		add_number(fields, (uint64_t)args->phase);
		break;
	/* Not for hosts: see shim.c. */
	case HOOK_CALL_SCRAM:
	case HOOK_CALL_PROXY:
	case HOOK_CALL_TLS:
	case HOOK_CALL_CHUNK:
	case HOOK_CALL_REPLY:
		break;
	}
}
