/* SPDX-License-Identifier: MIT */
/* shim.c - the functions of a plugin that a host runs.
 *
 * The engine calls them as it calls those of a shared object; each calls the
 * plugin's entries for the running hook and makes an answer of what came
 * back.  One function for each call signature (hooks.def).
 */
#include <errno.h>
#include <string.h>

#include "hook/hook_log.h"
#include "hook/instance.h"
#include "hook/lines.h"
#include "hook/run.h"
#include "host_private.h"
#include "wire.h"

/* ---- what a hook gives ---- */

static void
give_lines(struct slice texts, struct hl_lines *ret)
{
	struct slice text;

	while (wire_next(&texts, &text))
		hl_lines_add(ret, arena_str(ret->arena, text));
}

static void
give_address(struct slice texts, struct hl_out *ret)
{
	struct slice text;

	if (wire_next(&texts, &text))
		hl_out_set(ret, arena_str(ret->arena, text));
}

/* What was parsed, then name and value of each parameter. */
static void
give_parsed(struct slice texts, struct hl_parsed *ret)
{
	struct slice what, name, value;

	if (!wire_next(&texts, &what))
		return;
	hl_parsed_set(ret, arena_str(ret->arena, what));
	while (wire_next(&texts, &name) && wire_next(&texts, &value))
		hl_parsed_param(ret, arena_str(ret->arena, name),
		    arena_str(ret->arena, value));
}

static void
give(struct hl_ctx *ctx, struct slice texts)
{
	const struct hook_args *args = ctx->frame->args;
	enum hook_call_kind kind =
	    (enum hook_call_kind)hook_table[ctx->frame->hook].call;

	if (kind == HOOK_CALL_CONFIG || kind == HOOK_CALL_USER_CONFIG ||
	    kind == HOOK_CALL_RECEIVED)
		give_lines(texts, args->ret);
	else if (kind == HOOK_CALL_PRE)
		give_address(texts, args->ret);
	else if (kind == HOOK_CALL_PARSE)
		give_parsed(texts, args->ret);
}

/* ---- the verdict ---- */

static hl_str
joined(struct hl_ctx *ctx, struct slice texts)
{
	struct buf text = BUF_INIT;
	struct slice line;
	hl_str ret;

	while (wire_next(&texts, &line)) {
		if (text.n > 0)
			buf_add_char(&text, '\n');
		buf_add_slice(&text, line);
	}
	ret = arena_str(ctx->arena, buf_slice(&text));
	buf_done(&text);
	return ret;
}

/* As in qpsmtpd: said at crit, and the next entry or plugin is asked; unless
 * the line sets hl.on_failure: true then, and the policy answers. */
static bool
on_died(struct hl_ctx *ctx, hl_str why)
{
	struct log_line line;

	hook_log_begin_ctx(&line, LOG_LEVEL_CRIT, ctx);
	log_add_text(&line, LOG_event, "died");
	log_add(&line, LOG_err, slice_str(why));
	hook_log_end_ctx(&line, ctx);
	if (ctx->frame->plugin->policy == POLICY_DEFAULT)
		return false;
	(void)remote_failed(ctx, why.p, 0);
	return true;
}

/* DONE of a plugin that has printed its reply. */
static void
on_printed(struct hl_ctx *ctx, unsigned code)
{
	if (!hook_can_reply(ctx->frame->hook) || ctx->frame->replies > 0)
		return;
	ctx->conv->ops->talk_replied(ctx, code);
	ctx->frame->replies++;
}

static enum hl_verdict
shim(struct hl_ctx *ctx)
{
	struct host_plugin *plugin = ctx->frame->plugin->remote;
	struct host_answer answer = { 0 };
	struct err err;
	int status;

	ctx_check(ctx);
	status = host_call(ctx, plugin, &answer, &err);
	if (status == -EBUSY)
		return HL_DONE;
	/* The engine knows by itself that the client has gone. */
	if (status == -ECANCELED)
		return HL_DECLINED;
	if (status < 0)
		return (enum hl_verdict)remote_failed(
		    ctx, err.text, answer.pid);
	if ((answer.any_died && on_died(ctx, answer.remark)) || answer.died)
		return HL_DECLINED;
	if (answer.verdict == HL_OK &&
	    hook_table[ctx->frame->hook].cells[COLUMN_OK].fate == FATE_DATA)
		give(ctx, answer.texts);
	if (answer.verdict == HL_DONE && answer.printed != 0)
		on_printed(ctx, answer.printed);
	return hl_answer(ctx, (enum hl_verdict)answer.verdict, STR_EMPTY,
	    joined(ctx, answer.texts));
}

/* ---- one function a signature ---- */

static enum hl_verdict
shim_plain(struct hl_ctx *ctx)
{
	return shim(ctx);
}

static enum hl_verdict
shim_text(struct hl_ctx *ctx, hl_str a)
{
	(void)a;
	return shim(ctx);
}

static enum hl_verdict
shim_text2(struct hl_ctx *ctx, hl_str a, hl_str b)
{
	(void)a, (void)b;
	return shim(ctx);
}

static enum hl_verdict
shim_addr(struct hl_ctx *ctx, const struct hl_addr *addr)
{
	(void)addr;
	return shim(ctx);
}

static enum hl_verdict
shim_parse(struct hl_ctx *ctx, hl_str line, struct hl_parsed *ret)
{
	(void)line, (void)ret;
	return shim(ctx);
}

static enum hl_verdict
shim_pre(struct hl_ctx *ctx, hl_str addr, const struct hl_params *params,
    struct hl_out *ret)
{
	(void)addr, (void)params, (void)ret;
	return shim(ctx);
}

static enum hl_verdict
shim_config(struct hl_ctx *ctx, hl_str key, struct hl_lines *ret)
{
	(void)key, (void)ret;
	return shim(ctx);
}

static enum hl_verdict
shim_user_config(struct hl_ctx *ctx, const struct hl_addr *addr, hl_str key,
    struct hl_lines *ret)
{
	(void)addr, (void)key, (void)ret;
	return shim(ctx);
}

static enum hl_verdict
shim_received(struct hl_ctx *ctx, hl_str proto, hl_str auth, hl_str tls,
    struct hl_lines *ret)
{
	(void)proto, (void)auth, (void)tls, (void)ret;
	return shim(ctx);
}

static enum hl_verdict
shim_verdict(
    struct hl_ctx *ctx, hl_str plugin, enum hl_verdict verdict, hl_str text)
{
	(void)plugin, (void)verdict, (void)text;
	return shim(ctx);
}

static enum hl_verdict
shim_size(struct hl_ctx *ctx, uint64_t size, uint64_t limit)
{
	(void)size, (void)limit;
	return shim(ctx);
}

static enum hl_verdict
shim_phase(struct hl_ctx *ctx, enum hl_phase phase)
{
	(void)phase;
	return shim(ctx);
}

static enum hl_verdict
shim_auth(struct hl_ctx *ctx, const struct hl_auth *auth)
{
	(void)auth;
	return shim(ctx);
}

static enum hl_verdict
shim_log(struct hl_ctx *ctx, const struct hl_log *log)
{
	(void)log;
	return shim(ctx);
}

/* NULL: hosts do not have hooks of this signature. */
static plugin_fn *
shim_of(enum hook_call_kind kind)
{
	switch (kind) {
	case HOOK_CALL_PLAIN:
		return (plugin_fn *)shim_plain;
	case HOOK_CALL_TEXT:
		return (plugin_fn *)shim_text;
	case HOOK_CALL_HELO:
	case HOOK_CALL_VERB:
	case HOOK_CALL_FIELD:
		return (plugin_fn *)shim_text2;
	case HOOK_CALL_ADDR:
		return (plugin_fn *)shim_addr;
	case HOOK_CALL_PARSE:
		return (plugin_fn *)shim_parse;
	case HOOK_CALL_PRE:
		return (plugin_fn *)shim_pre;
	case HOOK_CALL_CONFIG:
		return (plugin_fn *)shim_config;
	case HOOK_CALL_USER_CONFIG:
		return (plugin_fn *)shim_user_config;
	case HOOK_CALL_RECEIVED:
		return (plugin_fn *)shim_received;
	case HOOK_CALL_VERDICT:
		return (plugin_fn *)shim_verdict;
	case HOOK_CALL_SIZE:
		return (plugin_fn *)shim_size;
	case HOOK_CALL_PHASE:
		return (plugin_fn *)shim_phase;
	case HOOK_CALL_AUTH:
		return (plugin_fn *)shim_auth;
	case HOOK_CALL_LOGGING:
		return (plugin_fn *)shim_log;
	case HOOK_CALL_SCRAM:
	case HOOK_CALL_PROXY:
	case HOOK_CALL_TLS:
	case HOOK_CALL_CHUNK:
	case HOOK_CALL_REPLY:
		return NULL;
	}
	UNREACHABLE();
}

void
shim_fill(struct plugin *plugin, const struct host_plugin *of)
{
	for (unsigned id = 0; id < HOOK_COUNT; id++) {
		char *member = (char *)&plugin->desc + hook_table[id].member;
		plugin_fn *fn =
		    shim_of((enum hook_call_kind)hook_table[id].call);

		/* init_worker and shutdown are the host process's own. */
		if (of->entries[id].n == 0 || fn == NULL ||
		    (hook_table[id].flags & HOOK_FLAG_NOSESSION) != 0)
			continue;
		memcpy(member, &fn, sizeof(fn));
	}
}
