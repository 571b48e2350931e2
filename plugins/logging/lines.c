/* SPDX-License-Identifier: MIT */
/* lines.c - where a logger's lines go: standard error, a file or a program. */
#include "lines.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#define WORDS_MAX 32

static int
write_all(int fd, const struct lines *lines)
{
	ssize_t n;

	for (size_t at = 0; at<lines->n; at += n> 0 ? (size_t)n : 0) {
		n = write(fd, lines->bytes + at, lines->n - at);
		if (n == 0 || (n == -1 && errno != EINTR))
			return n == 0 ? -EIO : -errno;
	}
	return 0;
}

/* On the thread pool. */
static int
append(void *arg)
{
	struct lines *lines = arg;
	int flags = O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC;
	int rc, fd = open(lines->where, flags, 0640);

	if (fd == -1)
		return -errno;
	rc = write_all(fd, lines);
	(void)close(fd);
	return rc;
}

static int
run_program(struct hl_ctx *ctx, const struct lines *lines)
{
	const char *argv[WORDS_MAX + 1] = { NULL };
	struct hl_spawn spawn = {
		.argv = argv, .input = lines->bytes, .input_size = lines->n
	};
	hl_str word, rest = hl_text(lines->where + 1);
	size_t count = 0;

	while ((word = hl_word(ctx, &rest)).n > 0) {
		/* A conversion of strftime(3) may have become several. */
		if (count == WORDS_MAX)
			return -E2BIG;
		argv[count++] = word.p;
	}
	return hl_spawn(ctx, &spawn, NULL) == 0 ? 0 : -EIO;
}

static void
flush(struct hl_ctx *ctx, struct lines *lines)
{
	int rc = 0;

	if (lines->n == 0)
		return;
	if (lines->where[0] == '|')
		rc = run_program(ctx, lines);
	else if (lines->where[0] != '\0')
		rc = hl_offload(ctx, append, lines);
	if (rc < 0)
		hl_log(ctx, HL_LOG_ERROR, "error, cannot write to %s: %s",
		    lines->where, strerror(-rc));
	if (rc < 0 || lines->where[0] == '\0')
		(void)write_all(STDERR_FILENO, lines);
	lines->n = 0;
}

void
lines_add(struct hl_ctx *ctx, struct lines *lines, hl_str where, hl_str text)
{
	size_t n = text.n < LINES_BYTES - 1 ? text.n : LINES_BYTES - 1;

	if (strcmp(lines->where, where.p) != 0 || LINES_BYTES - lines->n <= n)
		flush(ctx, lines);
	if (where.n >= sizeof(lines->where)) {
		hl_log(ctx, HL_LOG_ERROR, "error, the name is too long: %s",
		    where.p);
		where = HL_STR("");
	}
	memcpy(lines->where, where.p, where.n + 1);
	memcpy(lines->bytes + lines->n, text.p, n);
	lines->n += n;
	lines->bytes[lines->n++] = '\n';
}

void
lines_end(struct hl_ctx *ctx, struct lines *lines, const struct hl_log *log)
{
	if (!hl_log_more(log) || lines->n >= LINES_BYTES / 2)
		flush(ctx, lines);
}

void
lines_done(struct lines *lines)
{
	(void)write_all(STDERR_FILENO, lines);
	lines->n = 0;
}

static int
need_program(struct hl_ctx *ctx, hl_str command)
{
	hl_str program = hl_word(ctx, &command);
	size_t count = 1;

	while (hl_word(ctx, &command).n > 0)
		count++;
	if (count > WORDS_MAX)
		return hl_load_error(ctx,
		    "%s: more than %d words; put them into a script and run "
		    "that",
		    program.p, WORDS_MAX);
	return hl_need_exec(ctx, program);
}

int
lines_need(struct hl_ctx *ctx, hl_str where)
{
	size_t n = strcspn(where.p, "%");

	if (where.n == 0)
		return 0;
	if (where.p[0] == '|')
		return need_program(ctx, hl_text(where.p + 1));
	if (where.p[0] != '/')
		return hl_load_error(ctx, "%s: must be absolute", where.p);
	/* All below the last directory without a conversion. */
	while (where.p[n - 1] != '/')
		n--;
	return hl_need_write(ctx, hl_printf(ctx, "%.*s", (int)n, where.p));
}
