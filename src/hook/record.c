/* SPDX-License-Identifier: MIT */
/* record.c - counters, the debug line and the error line of a hook call. */
#include "record.h"

#include "base/map.h"
#include "hook_log.h"
#include "shm/stats.h"

static enum shm_verdict
shm_verdict_of(const struct record *record)
{
	static const enum shm_verdict of_column[COLUMN_COUNT] = {
		[COLUMN_NONE] = SHM_DECLINED,
		[COLUMN_OK] = SHM_OK,
		[COLUMN_DENY] = SHM_DENY,
		[COLUMN_DENYSOFT] = SHM_DENYSOFT,
		[COLUMN_DENY_DISCONNECT] = SHM_DENY_DISCONNECT,
		[COLUMN_DENYSOFT_DISCONNECT] = SHM_DENYSOFT_DISCONNECT,
		[COLUMN_DONE] = SHM_DONE,
	};

	return record->fault == ANSWER_FINE ? of_column[record->column]
					    : SHM_ILLEGAL;
}

static hl_str
tls_text(struct arena *arena, const struct hl_tls *tls)
{
	return arena_printf(arena, "%.*s %.*s%s%.*s", STR(tls->version),
	    STR(tls->cipher), tls->sni.n > 0 ? " " : "", STR(tls->sni));
}

hl_str
record_args(struct arena *arena, const struct record *record)
{
	const struct hook_args *args = record->args;

	switch ((enum hook_call_kind)hook_table[record->hook].call) {
	case HOOK_CALL_ADDR:
		return args->addr != NULL ? args->addr->path : STR_EMPTY;
	case HOOK_CALL_HELO:
	case HOOK_CALL_VERB:
	case HOOK_CALL_FIELD:
	case HOOK_CALL_RECEIVED:
		return arena_printf(
		    arena, "%.*s %.*s", STR(args->a), STR(args->b));
	case HOOK_CALL_PARSE:
		return record->hook == HOOK_AUTH_PARSE ? STR_LIT("***")
						       : args->a;
	case HOOK_CALL_PRE:
	case HOOK_CALL_TEXT:
	case HOOK_CALL_CONFIG:
		return args->a;
	case HOOK_CALL_USER_CONFIG:
		return arena_printf(
		    arena, "%.*s %.*s", STR(args->addr->path), STR(args->a));
	case HOOK_CALL_CHUNK:
		return arena_printf(arena, "%zu bytes", args->size);
	case HOOK_CALL_SIZE:
		return arena_printf(arena, "%llu of %llu",
		    (unsigned long long)args->n1, (unsigned long long)args->n2);
	case HOOK_CALL_VERDICT:
		return arena_printf(arena, "%.*s %s", STR(args->a),
		    hook_column_name(hook_column_of(args->verdict)));
	case HOOK_CALL_TLS:
		return tls_text(arena, args->object);
	case HOOK_CALL_PHASE:
		return arena_printf(arena, "phase %d", (int)args->phase);
	case HOOK_CALL_PLAIN:
	case HOOK_CALL_AUTH: /* never: secrets */
	case HOOK_CALL_SCRAM:
	case HOOK_CALL_LOGGING:
	case HOOK_CALL_PROXY:
	case HOOK_CALL_REPLY:
		return STR_EMPTY;
	}
	UNREACHABLE();
}

static void
write_line(struct hl_ctx *ctx, const struct record *record,
    enum log_level level, const char *event)
{
	struct log_line line;

	hook_log_begin_ctx(&line, level, ctx);
	log_add_text(&line, LOG_event, event);
	log_add(&line, LOG_args, slice_str(record_args(ctx->arena, record)));
	/* What was returned, and what is done instead. */
	if (hook_column_of(record->returned) == COLUMN_COUNT)
		log_printf(&line, LOG_verdict, "%u", record->returned);
	else
		log_add_text(&line, LOG_verdict,
		    hook_column_name(hook_column_of(record->returned)));
	if (record->fault != ANSWER_FINE)
		log_add_text(
		    &line, LOG_policy, hook_column_name(record->column));
	if (record->enhanced.n > 0)
		log_add(&line, LOG_enh, slice_str(record->enhanced));
	if (record->text.n > 0)
		log_add(&line, LOG_text, slice_str(record->text));
	log_add_int(&line, LOG_us, (long long)record->us);
	if (record->waited_us > 0)
		log_printf(&line, LOG_waited, "%s:%llu",
		    record->waited_for != NULL ? record->waited_for : "?",
		    (unsigned long long)record->waited_us);
	if (record->fault == ANSWER_FAILED)
		log_add(&line, LOG_err, slice_str(record->failure));
	else if (record->fault != ANSWER_FINE)
		log_add_text(&line, LOG_err, verdict_fault_text(record->fault));
	if (record->failed_pid > 0)
		log_add_int(&line, LOG_pid, record->failed_pid);
	hook_log_end_ctx(&line, ctx);
}

/* What logging hooks do is not logged: that would never end.  Their faults go
 * past them, to standard error. */
static bool
is_quiet(const struct hl_ctx *ctx, const struct record *record)
{
	return record->hook == HOOK_LOGGING &&
	       (record->fault == ANSWER_FINE || ctx->engine->log_batch == NULL);
}

void
record_set_listener(struct engine *engine, record_fn *fn, void *arg)
{
	engine->on_record = fn;
	engine->on_record_arg = arg;
}

void
record_write(struct hl_ctx *ctx, const struct record *record)
{
	struct engine *engine = ctx->engine;
	bool ignored =
	    record->fault == ANSWER_FINE && record->column > COLUMN_OK &&
	    hook_table[record->hook].cells[record->column].fate == FATE_IGNORED;

	shm_hook_note(engine->shm, record->entry->stat, shm_verdict_of(record),
	    record->us, record->waited_us);
	if (engine->on_record != NULL)
		engine->on_record(engine->on_record_arg, ctx, record);
	if (is_quiet(ctx, record))
		return;
	if (record->fault != ANSWER_FINE)
		write_line(ctx, record, LOG_LEVEL_ERROR, "bad_answer");
	else if (record->late) /* stands: a message that is kept, a reply */
		write_line(ctx, record, LOG_LEVEL_WARN, "late");
	else if (ignored)
		write_line(ctx, record, LOG_LEVEL_WARN, "ignored");
	else if (log_is_on(LOG_LEVEL_DEBUG))
		write_line(ctx, record, LOG_LEVEL_DEBUG, "hook");
}
