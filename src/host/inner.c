/* SPDX-License-Identifier: MIT */
/* inner.c - a hook that a plugin runs from inside of another: `ask run`
 * (docs/host-protocol.md).
 *
 * The whole chain is run as the server runs it, native plugins and those of
 * this host alike, which is called for its entries meanwhile.  No reply is
 * made of the verdict: it goes back to the plugin.
 */
#include <errno.h>

#include "hook/hook_log.h"
#include "hook/instance.h"
#include "hook/run.h"
#include "host_private.h"
#include "mail/txn.h"
#include "wire.h"

/* Texts of the arguments; what was left out is "". */
#define TEXTS_MAX 3

struct inner {
	struct hl_ctx *ctx;
	enum hook_id hook;
	hl_str texts[TEXTS_MAX];
	struct hook_args args;
};

/* Those whose arguments are texts, and that do not ask for a state of the
 * session which only the server knows to be there. */
static const enum hook_id at_any_time[] = { HOOK_PRE_CONNECTION, HOOK_CONNECT,
	HOOK_HELO, HOOK_EHLO, HOOK_MAIL, HOOK_RCPT, HOOK_VRFY, HOOK_NOOP,
	HOOK_HELP, HOOK_RSET, HOOK_QUIT, HOOK_UNRECOGNIZED_COMMAND,
	HOOK_RESET_TRANSACTION, HOOK_DISCONNECT, HOOK_POST_CONNECTION,
	HOOK_DENY, HOOK_OK };

/* Hooks of a message that is all there. */
static bool
is_of_message(enum hook_id hook)
{
	return hook == HOOK_DATA_POST || hook == HOOK_QUEUE_PRE ||
	       hook == HOOK_QUEUE;
}

static bool
can_run(const struct hl_ctx *ctx, enum hook_id hook)
{
	if (ctx->conv == NULL)
		return false;
	if (is_of_message(hook))
		return is_of_message(ctx->frame->hook);
	for (size_t i = 0; i < ARRAY_SIZE(at_any_time); i++) {
		if (at_any_time[i] == hook)
			return true;
	}
	return false;
}

/* Values that are no text count as "". */
static int
take_texts(struct inner *inner, struct slice values)
{
	struct slice value;
	size_t count = 0;

	while (wire_next(&values, &value)) {
		if (value.n == 0)
			return -EPROTO;
		if (count < TEXTS_MAX && value.p[0] == 's')
			inner->texts[count] =
			    arena_str(inner->ctx->arena, slice_from(value, 1));
		count++;
	}
	return values.n == 0 ? 0 : -EPROTO;
}

/* What stands for a path, with brackets or without; NULL: it is none. */
static const struct hl_addr *
address(struct hl_ctx *ctx, hl_str text)
{
	struct slice path = slice_str(text);
	const struct hl_addr *ret = NULL;

	if (path.n >= 2 && path.p[0] == '<' && path.p[path.n - 1] == '>')
		path = (struct slice){ path.p + 1, path.n - 2 };
	return hl_addr_parse(ctx, arena_str(ctx->arena, path), &ret) == 0
		   ? ret
		   : NULL;
}

/* False: the hook cannot be run with these. */
static bool
make_args(struct inner *inner)
{
	struct hook_args *args = &inner->args;
	uint64_t verdict;

	args->a = inner->texts[0];
	args->b = inner->texts[1];
	if (hook_table[inner->hook].call == HOOK_CALL_ADDR) {
		args->addr = address(inner->ctx, inner->texts[0]);
		return args->addr != NULL;
	}
	if (hook_table[inner->hook].call != HOOK_CALL_VERDICT)
		return true;
	if (wire_number(slice_str(inner->texts[1]), HL_DONE, &verdict) < 0)
		return false;
	args->verdict = verdict == 909 ? HL_DECLINED : (enum hl_verdict)verdict;
	args->b = inner->texts[2];
	return hook_column_of(args->verdict) != COLUMN_COUNT;
}

/* The parameters and the address of the running MAIL or RCPT are not those of
 * this chain. */
static void
run(struct inner *inner, struct outcome *ret)
{
	struct hl_ctx *ctx = inner->ctx;
	const struct hl_params *params = ctx->params;
	const struct hl_addr **addr = ctx->addr;
	struct hook_frame *frame = ctx->frame;

	if (inner->args.addr != NULL) {
		ctx->params = NULL;
		ctx->addr = &inner->args.addr;
	}
	hook_run(ctx, inner->hook, &inner->args, ret);
	ctx->params = params;
	ctx->addr = addr;
	/* The client has its reply. */
	frame->replies += ret->answered;
}

static unsigned
number_of(const struct hl_ctx *ctx, const struct outcome *outcome)
{
	if (!hook_is_used(ctx, outcome->hook))
		return 0;
	return outcome->column == COLUMN_NONE ? 909
	       : outcome->column == COLUMN_DONE
		   ? HL_DONE
		   : HL_OK + (outcome->column - COLUMN_OK);
}

/* What plugins of `queue` say of single recipients is settled behind that hook.
 * Behind data_post it would be settled as that one's: a client would be told
 * to send again what was delivered. */
static bool
queue_is_due(const struct hl_ctx *ctx)
{
	bool due = false;

	for (const struct hook_frame *frame = ctx->frame; frame != NULL;
	     frame = frame->below) {
		if (frame->hook == HOOK_DATA_POST)
			return false;
		due |=
		    frame->hook == HOOK_QUEUE_PRE || frame->hook == HOOK_QUEUE;
	}
	return due;
}

static void
refuse_queue(struct hl_ctx *ctx, struct outcome *outcome)
{
	struct log_line line;

	hook_log_begin_ctx(&line, LOG_LEVEL_ERROR, ctx);
	log_add_text(&line, LOG_event, "skipped");
	log_add_text(&line, LOG_text,
	    "run_hooks: queue runs from queue_pre and queue alone");
	hook_log_end_ctx(&line, ctx);
	outcome_set(outcome, HOOK_QUEUE, COLUMN_DENYSOFT, NULL, ctx, NULL);
	outcome->plugin_text = STR_LIT("Not the time to queue");
}

/* The queue is not asked before its time, not in `hookline try`, and not for a
 * message whose edits found no room; `outcome` is then what the plugin is
 * told. */
static bool
is_barred(struct hl_ctx *ctx, enum hook_id hook, struct outcome *outcome)
{
	if (hook != HOOK_QUEUE)
		return false;
	if (!queue_is_due(ctx)) {
		refuse_queue(ctx, outcome);
		return true;
	}
	if (ctx->engine->dry_run) {
		outcome_set(outcome, hook, COLUMN_OK, NULL, ctx, NULL);
		outcome->plugin_text = STR_LIT("Not queued, this is a try");
		return true;
	}
	if (!txn_is_over(ctx->txn))
		return false;
	outcome_set(outcome, hook, COLUMN_DENYSOFT, NULL, ctx, NULL);
	outcome->plugin_text = STR_LIT("Message needs too much memory");
	return true;
}

static void
tell_outcome(
    const struct hl_ctx *ctx, const struct outcome *outcome, struct buf *answer)
{
	wire_add_number(answer, number_of(ctx, outcome));
	wire_add(answer, slice_str(outcome->plugin_text));
}

/* "", and the host's entries in the chain that the session has. */
static void
tell_entries(const struct hl_ctx *ctx, const struct host *host,
    enum hook_id hook, struct buf *answer)
{
	const struct chain *chain =
	    ctx->chains != NULL ? ctx->chains->hooks[hook] : NULL;
	size_t at;

	wire_add_text(answer, "");
	at = wire_open(answer);
	for (unsigned i = 0; chain != NULL && i < chain->count; i++) {
		const struct host_plugin *plugin = chain->at[i].plugin->remote;

		if (plugin == NULL || plugin->host != host)
			continue;
		if (answer->n > at)
			buf_add_char(answer, ' ');
		buf_add_slice(answer, slice_str(plugin->entries[hook]));
	}
	wire_close(answer, at);
}

/* HOOK ARGUMENTS UPDATE... is told VERDICT TEXT UPDATE..., or "" ENTRIES. */
int
host_run_hook(struct hl_ctx *ctx, struct host_session *session,
    struct slice question, struct buf *answer)
{
	struct inner inner = { .ctx = ctx,
		.texts = { STR_EMPTY, STR_EMPTY, STR_EMPTY } };
	struct slice name, values;
	struct outcome outcome;

	if (!wire_next(&question, &name) || !wire_next(&question, &values) ||
	    sync_check(question) < 0 || take_texts(&inner, values) < 0)
		return -EPROTO;
	sync_in(ctx, session, question);
	sync_settle(session, ctx);
	if (hook_find(name, &inner.hook) < 0) {
		wire_add_text(answer, "");
		return 0;
	}
	if (is_barred(ctx, inner.hook, &outcome)) {
		tell_outcome(ctx, &outcome, answer);
	} else if (can_run(ctx, inner.hook) && make_args(&inner)) {
		run(&inner, &outcome);
		tell_outcome(ctx, &outcome, answer);
	} else {
		tell_entries(ctx, session->host, inner.hook, answer);
		return 0;
	}
	/* A host that was lost meanwhile is told nothing. */
	if (session->link != NULL)
		sync_out(session, ctx, answer);
	return 0;
}
