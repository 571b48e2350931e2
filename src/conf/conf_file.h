/* SPDX-License-Identifier: MIT */
/* conf_file.h - reads one control file into lines.
 *
 * The format is qpsmtpd's: one value a line, white space around it removed;
 * empty lines and lines that begin with '#' are skipped; there are no
 * comments behind a value.  "$include PATH" takes in another file: a
 * relative PATH is looked up as a control file is, an absolute one is taken
 * as it is, a directory means its regular files whose names do not begin
 * with a dot, sorted.  Called by conf_list.h only.
 */
#ifndef HOOKLINE_CONF_FILE_H
#define HOOKLINE_CONF_FILE_H

#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/str.h"
#include "conf/conf_fault.h"
#include "conf/conf_source.h"

#define CONF_FILE_MAX ((size_t)64 << 20)   /* bytes of one file */
#define CONF_TOTAL_MAX ((size_t)256 << 20) /* bytes with all includes */
#define CONF_INCLUDE_DEPTH 16
#define CONF_INCLUDE_FILES 4096 /* files that one control file may take in */

struct conf_line {
	hl_str text;   /* trimmed, never empty */
	uint32_t file; /* index into conf_lines.files */
	uint32_t line; /* 1 is the first */
};

struct conf_lines {
	struct conf_line *at;
	size_t count;
	hl_str
	    *files; /* paths, in the order read; one path may be there twice */
	size_t file_count;
	size_t cap;         /* private */
	struct arena arena; /* private: texts */
};

/* Where a name without a leading slash is looked for; the first hit counts.
 * `extra` may be NULL. */
struct conf_places {
	const char *dir;   /* the configuration directory */
	const char *extra; /* $QMAIL/control */
};

/* Reads the file at `path` and what it includes.
 *
 * ret      filled on success; freed with conf_lines_done
 * sources  every path read or looked for is added, also on failure
 * faults   what is wrong is added on failure
 * Returns 0; -ENOENT `path` does not exist or is a directory (no fault);
 * -EAGAIN a file changed while it was read (no fault); -EINVAL bad contents
 * (NUL byte, circular or missing include, a limit); else the negative errno
 * of the system call.  Reads from disk.
 */
int conf_file_read(const char *path, const struct conf_places *places,
    struct conf_lines *ret, struct conf_sources *sources,
    struct conf_faults *faults) WARN_UNUSED;

/* The same from memory, for lines that come from a hook or from the command
 * line: each element is a line, `name` stands for the file.  "$include" is
 * not looked at; comments and empty lines are skipped. */
void conf_lines_from(
    struct conf_lines *ret, hl_str name, const hl_str *lines, size_t count);
/* Wipes the texts. */
void conf_lines_done(struct conf_lines *lines);

#endif
