/* SPDX-License-Identifier: MIT */
/* logging/warn.c - log lines to standard error, as without any plugin.
 *
 *	logging/warn [LEVEL]
 *
 * Each line begins with the process and the level.
 */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <hookline/plugin.h>

struct args {
	int level;
};

/* What is written together. */
struct batch {
	char bytes[16384];
	size_t n;
};

static void
flush(struct batch *batch)
{
	ssize_t done;

	for (size_t at = 0; at < batch->n; at += (size_t)done) {
		done = write(STDERR_FILENO, batch->bytes + at, batch->n - at);
		if (done <= 0)
			break;
	}
	batch->n = 0;
}

static void
add(struct batch *batch, const struct hl_log *log)
{
	static const char *const names[] = { "emerg", "alert", "crit", "error",
		"warn", "notice", "info", "debug" };
	hl_str text = hl_log_text(log);
	size_t room;

	if (batch->n + text.n + 64 > sizeof(batch->bytes))
		flush(batch);
	room = sizeof(batch->bytes) - batch->n;
	batch->n += (size_t)snprintf(batch->bytes + batch->n, room,
	    "%ld %s %.*s\n", (long)getpid(), names[hl_log_level(log)],
	    (int)(room - 64), text.p);
}

static enum hl_verdict
on_logging(struct hl_ctx *ctx, const struct hl_log *log)
{
	const struct args *args = hl_args(ctx);
	struct batch *batch = hl_instance(ctx);

	hl_log_taken(log);
	if ((int)hl_log_level(log) <= args->level)
		add(batch, log);
	if (!hl_log_more(log))
		flush(batch);
	return HL_DECLINED;
}

static void
on_unload(struct hl_ctx *ctx)
{
	flush(hl_instance(ctx));
}

static const struct hl_arg args[] = {
	{ "level", "least important lines that it writes", .def = "info",
	    .offset = offsetof(struct args, level), .type = HL_ARG_LEVEL,
	    .positional = true },
	{ .name = NULL },
};

static const struct hl_plugin plugin = {
	.name = "logging/warn",
	.about = "log lines to standard error",
	.args = args,
	.args_size = sizeof(struct args),
	.instance_size = sizeof(struct batch),
	.unload = on_unload,
	.logging = on_logging,
};
HL_PLUGIN(plugin);
