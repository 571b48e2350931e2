/* SPDX-License-Identifier: MIT */
/* logging/file.c - log lines to a file, or to a program.
 *
 *	logging/file [loglevel LEVEL] [tsformat FORMAT] PATH
 *	logging/file [loglevel LEVEL] [tsformat FORMAT] |PROGRAM [ARGUMENT]...
 *
 * The file is opened anew, or the program run, for each batch of lines: it may
 * be renamed at any time, and its name may have the time in it (strftime).
 * `reopen` is always on, `nosplit` never; what fails goes to standard error.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <hookline/plugin.h>

#define BATCH 16384

struct args {
	int level;
	bool ignored;
	hl_str format, path;
};

struct batch {
	hl_str path;
	char bytes[BATCH];
	size_t n;
};

static int
write_all(int fd, const struct batch *batch)
{
	ssize_t n;

	for (size_t at = 0; at<batch->n; at += n> 0 ? (size_t)n : 0) {
		n = write(fd, batch->bytes + at, batch->n - at);
		if (n == -1 && errno != EINTR)
			return -errno;
	}
	return 0;
}

/* On the thread pool. */
static int
append(void *arg)
{
	struct batch *batch = arg;
	int flags = O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC;
	int rc, fd = open(batch->path.p, flags, 0640);

	if (fd == -1)
		return -errno;
	rc = write_all(fd, batch);
	(void)close(fd);
	return rc;
}

static int
run_program(struct hl_ctx *ctx, struct batch *batch)
{
	const char *argv[33] = { NULL };
	struct hl_spawn spawn = {
		.argv = argv, .input = batch->bytes, .input_size = batch->n
	};
	char *word, *at = hl_alloc(ctx, batch->path.n + 1);

	memcpy(at, batch->path.p + 1, batch->path.n);
	for (size_t i = 0; i < 32 && (word = strsep(&at, " ")) != NULL;)
		argv[i] = word, i += word[0] != '\0';
	return hl_spawn(ctx, &spawn, NULL) == 0 ? 0 : -EIO;
}

static enum hl_verdict
on_logging(struct hl_ctx *ctx, const struct hl_log *log)
{
	const struct args *args = hl_args(ctx);
	struct batch *batch = hl_instance(ctx);
	size_t room = BATCH - batch->n;
	char host[65] = "";
	int rc;

	hl_log_taken(log);
	if ((int)hl_log_level(log) <= args->level) {
		(void)gethostname(host, sizeof(host) - 1);
		rc = snprintf(batch->bytes + batch->n, room, "%s %s[%ld]: %s\n",
		    hl_time_text(ctx, args->format.p).p, host, (long)getpid(),
		    hl_log_text(log).p);
		batch->n += (size_t)rc < room ? (size_t)rc : room - 1;
	}
	if (batch->n == 0 || (hl_log_more(log) && batch->n < BATCH / 2))
		return HL_DECLINED;
	batch->path = hl_time_text(ctx, args->path.p);
	rc = batch->path.p[0] == '|' ? run_program(ctx, batch)
				     : hl_offload(ctx, append, batch);
	if (rc < 0) {
		hl_log(ctx, HL_LOG_ERROR, "error, cannot write to %s: %s",
		    batch->path.p, strerror(-rc));
		(void)write_all(STDERR_FILENO, batch);
	}
	batch->n = 0;
	return HL_DECLINED;
}

static int
on_load(struct hl_ctx *ctx)
{
	const struct args *args = hl_args(ctx);
	hl_str path = args->path;
	size_t n = strcspn(path.p, path.p[0] == '|' ? " " : "%");

	if (path.p[0] == '|')
		return hl_need_exec(
		    ctx, hl_printf(ctx, "%.*s", (int)n - 1, path.p + 1));
	if (path.p[0] != '/' || strstr(path.p, "%i") != NULL)
		return hl_load_error(
		    ctx, "%s: must be absolute, without %%i", path.p);
	/* All below the last directory without a conversion. */
	while (path.p[n - 1] != '/')
		n--;
	return hl_need_write(ctx, hl_printf(ctx, "%.*s", (int)n, path.p));
}

static const struct hl_arg args[] = {
	{ "loglevel", "least important lines that it writes", .def = "info",
	    .offset = offsetof(struct args, level), .type = HL_ARG_LEVEL },
	{ "reopen", "is always on", .offset = offsetof(struct args, ignored),
	    .type = HL_ARG_FLAG },
	{ "nosplit", "without effect", .offset = offsetof(struct args, ignored),
	    .type = HL_ARG_FLAG },
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
	.instance_size = sizeof(struct batch),
	.load = on_load,
	.logging = on_logging,
};
HL_PLUGIN(plugin);
