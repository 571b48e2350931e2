/* SPDX-License-Identifier: MIT */
/* logging/file.c - log lines to a file, or to a program.
 *
 *	logging/file [loglevel LEVEL] [nosplit] [reopen] [tsformat FORMAT]
 *	    PATH | |PROGRAM [ARGUMENT]...
 *
 * The file is opened anew, or the program run, for each batch of lines: it may
 * be renamed at any time, as with `reopen` in qpsmtpd.  Its name may have the
 * time in it (strftime), and %i is the session's id, or "parent" in lines of
 * no session.  With `nosplit` all lines of a session go to the file that its
 * first went to.  What fails goes to standard error.
 */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "lines.h"
#include "sessions.h"

struct args {
	int level;
	bool ignored, nosplit;
	hl_str format, path;
};

struct log_file {
	struct lines lines;
	struct sessions sessions; /* of `nosplit`: the names of their files */
};

/* `pattern` with `id` for each %i. */
static hl_str
with_id(struct hl_ctx *ctx, hl_str pattern, hl_str id)
{
	char *text = hl_alloc(ctx, pattern.n * (id.n + 1) + 1), *to = text;

	for (const char *at = pattern.p; *at != '\0'; at++) {
		if (at[0] == '%' && at[1] == 'i') {
			memcpy(to, id.p, id.n);
			to += id.n;
			at++;
			continue;
		}
		*to++ = *at;
		if (at[0] == '%' && at[1] == '%')
			*to++ = *++at;
	}
	return hl_text(text);
}

static hl_str
name_now(struct hl_ctx *ctx, hl_str sid)
{
	const struct args *args = hl_args(ctx);
	hl_str id = sid.n > 0 ? sid : HL_STR("parent");

	return hl_time_text(ctx, with_id(ctx, args->path, id).p);
}

/* With `nosplit` a session keeps the name that its first line had. */
static hl_str
name_of(struct hl_ctx *ctx, const struct hl_log *log)
{
	const struct args *args = hl_args(ctx);
	struct log_file *file = hl_instance(ctx);
	hl_str name, sid = hl_log_value(log, "sid");
	struct seen *seen;

	if (!args->nosplit)
		return name_now(ctx, sid);
	seen = sessions_get(&file->sessions, sid);
	if (seen != NULL && seen->text != NULL)
		name = hl_printf(ctx, "%s", seen->text);
	else
		name = name_now(ctx, sid);
	if (seen != NULL && seen->text == NULL)
		(void)sessions_keep(&file->sessions, seen, name.p, name.n);
	if (strcmp(hl_log_value(log, "event").p, "disconnect") == 0)
		sessions_end(&file->sessions, sid);
	return name;
}

static enum hl_verdict
on_logging(struct hl_ctx *ctx, const struct hl_log *log)
{
	const struct args *args = hl_args(ctx);
	struct log_file *file = hl_instance(ctx);
	char host[65] = "";

	hl_log_taken(log);
	if ((int)hl_log_level(log) <= args->level) {
		(void)gethostname(host, sizeof(host) - 1);
		lines_add(ctx, &file->lines, name_of(ctx, log),
		    hl_printf(ctx, "%s %s[%ld]: %s",
			hl_time_text(ctx, args->format.p).p, host,
			(long)getpid(), hl_log_text(log).p));
	}
	lines_end(ctx, &file->lines, log);
	return HL_DECLINED;
}

static int
on_load(struct hl_ctx *ctx)
{
	const struct args *args = hl_args(ctx);

	return lines_need(ctx, args->path);
}

static void
on_unload(struct hl_ctx *ctx)
{
	struct log_file *file = hl_instance(ctx);

	lines_done(&file->lines);
	sessions_done(&file->sessions);
}

static const struct hl_arg args[] = {
	{ "loglevel", "least important lines that it writes", .def = "info",
	    .offset = offsetof(struct args, level), .type = HL_ARG_LEVEL },
	{ "reopen", "is always on", .offset = offsetof(struct args, ignored),
	    .type = HL_ARG_FLAG },
	{ "nosplit", "all lines of a session to one file",
	    .offset = offsetof(struct args, nosplit), .type = HL_ARG_FLAG },
	{ "tsformat", "of the time, as in strftime(3)", .def = "%a %b %d %T %Y",
	    .offset = offsetof(struct args, format) },
	{ "path", "of the file, or |PROGRAM", .required = true,
	    .offset = offsetof(struct args, path), .type = HL_ARG_WORDS,
	    .positional = true },
	{ .name = NULL },
};

static const struct hl_plugin plugin = {
	.name = "logging/file",
	.about = "log lines to a file or a program",
	.args = args,
	.args_size = sizeof(struct args),
	.instance_size = sizeof(struct log_file),
	.load = on_load,
	.unload = on_unload,
	.logging = on_logging,
};
HL_PLUGIN(plugin);
