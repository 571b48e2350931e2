/* SPDX-License-Identifier: MIT */
/* logging/adaptive.c - more of messages that are refused than of others.
 *
 *	logging/adaptive [accept LEVEL] [reject LEVEL] [prefix TEXT]
 *
 * Writes lines up to the level of `reject` to standard error, behind the
 * process.  When a message is accepted for whose session nothing was refused
 * since the message before, its lines up to the level of `accept` come once
 * more, with `prefix` in front, for programs that put them into another file.
 * It sees that by event=accept and event=reject, which are at info: with a
 * config/loglevel below that nothing counts as accepted.
 */
#include <string.h>
#include <unistd.h>

#include "lines.h"
#include "sessions.h"

struct args {
	int accept, reject;
	hl_str prefix;
};

struct adaptive {
	struct lines lines;
	struct sessions sessions; /* lines of their open messages */
};

/* The lines that were kept, each with its end. */
static void
write_kept(struct hl_ctx *ctx, const struct seen *seen)
{
	const struct args *args = hl_args(ctx);
	struct adaptive *adaptive = hl_instance(ctx);
	char *text = hl_alloc(ctx, seen->n + 1), *line;

	memcpy(text, seen->text, seen->n);
	while ((line = strsep(&text, "\n")) != NULL && text != NULL)
		lines_add(ctx, &adaptive->lines, HL_STR(""),
		    hl_printf(ctx, "%ld %s %s", (long)getpid(), args->prefix.p,
			line));
}

/* A message begins: what was refused before it does not count. */
static void
note_message(struct seen *seen, hl_str tid)
{
	if (tid.n == 0 || tid.n >= sizeof(seen->tid) ||
	    strcmp(seen->tid, tid.p) == 0)
		return;
	memcpy(seen->tid, tid.p, tid.n + 1);
	seen->denied = false;
}

static void
note(struct hl_ctx *ctx, const struct hl_log *log, struct seen *seen)
{
	const struct args *args = hl_args(ctx);
	struct adaptive *adaptive = hl_instance(ctx);
	hl_str event = hl_log_value(log, "event"), line = hl_log_text(log);
	int level = (int)hl_log_level(log);

	note_message(seen, hl_log_value(log, "tid"));
	if (level <= args->accept && level <= args->reject && !seen->denied)
		(void)sessions_keep(&adaptive->sessions, seen,
		    hl_printf(ctx, "%s\n", line.p).p, line.n + 1);
	if (strcmp(event.p, "reject") == 0)
		seen->denied = true;
	else if (strcmp(event.p, "accept") != 0)
		return;
	if (!seen->denied && seen->text != NULL)
		write_kept(ctx, seen);
	sessions_clear(&adaptive->sessions, seen);
}

static enum hl_verdict
on_logging(struct hl_ctx *ctx, const struct hl_log *log)
{
	const struct args *args = hl_args(ctx);
	struct adaptive *adaptive = hl_instance(ctx);
	hl_str sid = hl_log_value(log, "sid");
	struct seen *seen = sessions_get(&adaptive->sessions, sid);

	hl_log_taken(log);
	if ((int)hl_log_level(log) <= args->reject)
		lines_add(ctx, &adaptive->lines, HL_STR(""),
		    hl_printf(
			ctx, "%ld %s", (long)getpid(), hl_log_text(log).p));
	if (seen != NULL)
		note(ctx, log, seen);
	if (strcmp(hl_log_value(log, "event").p, "disconnect") == 0)
		sessions_end(&adaptive->sessions, sid);
	lines_end(ctx, &adaptive->lines, log);
	return HL_DECLINED;
}

static void
on_unload(struct hl_ctx *ctx)
{
	struct adaptive *adaptive = hl_instance(ctx);

	lines_done(&adaptive->lines);
	sessions_done(&adaptive->sessions);
}

static const struct hl_arg args[] = {
	{ "accept", "of lines of accepted messages that come again",
	    .def = "error", .offset = offsetof(struct args, accept),
	    .type = HL_ARG_LEVEL },
	{ "reject", "least important lines that it writes", .def = "warn",
	    .offset = offsetof(struct args, reject), .type = HL_ARG_LEVEL },
	{ "prefix", "of the former", .def = "`",
	    .offset = offsetof(struct args, prefix) },
	{ .name = NULL },
};

static const struct hl_plugin plugin = {
	.name = "logging/adaptive",
	.about = "log more of refused messages than of accepted ones",
	.args = args,
	.args_size = sizeof(struct args),
	.instance_size = sizeof(struct adaptive),
	.unload = on_unload,
	.logging = on_logging,
};
HL_PLUGIN(plugin);
