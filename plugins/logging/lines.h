/* SPDX-License-Identifier: MIT */
/* lines.h - where a logger's lines go: standard error, a file or a program.
 *
 * Lines that come together are written together.  A file is opened anew, or a
 * program run, for each such batch: files may be renamed at any time, and
 * `where` may change from line to line.  What cannot be written goes to
 * standard error, with a line that says why.
 */
#ifndef HOOKLINE_LOGGING_LINES_H
#define HOOKLINE_LOGGING_LINES_H

#include <hookline/plugin.h>

#define LINES_BYTES 65536 /* a longer line is cut */
#define LINES_WHERE_MAX 1024

/* Memory of a plugin's line; zero at first. */
struct lines {
	char where[LINES_WHERE_MAX];
	size_t n;
	char bytes[LINES_BYTES];
};

/* In load: declares what lines to `where` need; it may have conversions of
 * strftime(3) and %i in it.  "" is standard error, "|PROGRAM WORD ..." a
 * program.  0; -EINVAL as hl_load_error. */
int lines_need(struct hl_ctx *ctx, hl_str where);

/* One more line; `text` is without its end.  BLOCKS. */
void lines_add(
    struct hl_ctx *ctx, struct lines *lines, hl_str where, hl_str text);
/* At the end of each call of the logging hook: writes what waits unless more
 * is about to come.  BLOCKS. */
void lines_end(
    struct hl_ctx *ctx, struct lines *lines, const struct hl_log *log);
/* At unload: what is left goes to standard error. */
void lines_done(struct lines *lines);

#endif
