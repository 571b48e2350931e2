/* SPDX-License-Identifier: MIT */
/* conf_dir.h - the configuration directory: from key to current list.
 *
 * A file is looked at when it is asked for, at most once a second.  When it
 * or one of its includes has changed and is complete (unchanged for 200 ms,
 * or renamed into place), it is read and compiled; a version with a fault is
 * not taken, the last good one stays and the fault is reported once; of the
 * first version the lines that are good networks or patterns hold.  A file
 * that was removed is absent.
 *
 * Keys are file names below the directory, also "dkim/example.com/selector".
 * A key that could leave the directory (a leading '/', "." or ".." as a
 * part), has control bytes or is longer than 200 bytes is absent.
 * `listener` is a listener's name: its "NAME/KEY" goes before "KEY"; an
 * empty one means none.  Lists are shared by all who read the same file.
 */
#ifndef HOOKLINE_CONF_DIR_H
#define HOOKLINE_CONF_DIR_H

#include <stddef.h>

#include "base/err.h"
#include "base/str.h"
#include "conf/conf_fault.h"
#include "conf/conf_list.h"
#include "conf/conf_map.h"

struct conf_dir;

#define CONF_CHECK_MS 1000 /* a file is looked at no more often than this */
#define CONF_KEY_MAX 200   /* bytes */
/* Keys that are remembered; over it the least recently used absent ones are
 * forgotten, since a key may hold a client's words. */
#define CONF_KEYS_MAX 4096

struct conf_options {
	/* $QMAIL/control, where a file is looked for that the directory does
	 * not have; NULL when QMAIL is not in the environment. */
	const char *qmail_control;
	/* Called once for each new fault; may be NULL.  Must not call back
	 * into the directory. */
	void (*on_fault)(void *arg, const struct conf_fault *fault);
	/* Runs work(job) on another thread, then done(job) on that of the
	 * directory, also when the directory is no more by then.  New versions
	 * of large files are read so; NULL: at once, while the caller waits. */
	void (*run_apart)(void *arg, void (*work)(void *job),
	    void (*done)(void *job), void *job);
	void *arg; /* of both */
};

/* "$QMAIL/control", built in `buf`, for conf_options; NULL when QMAIL is not
 * in the environment. */
const char *conf_qmail_control(struct buf *buf);

/* Copies its arguments (the strings too).  0; -ENOENT, -ENOTDIR, -EACCES …
 * with words in `err`.  `options` may be NULL. */
int conf_dir_open(const char *path, const struct conf_options *options,
    struct conf_dir **ret, struct err *err) WARN_UNUSED;
/* Lists that are still held live on. */
void conf_dir_free(struct conf_dir **dir);
const char *conf_dir_path(const struct conf_dir *dir);
/* $QMAIL/control, or NULL. */
const char *conf_dir_extra(const struct conf_dir *dir);
/* The host's name when the directory was opened; "localhost" if unknown. */
const char *conf_dir_hostname(const struct conf_dir *dir);

/* The current list, never NULL; an absent file gives an empty list that is
 * not conf_list_is_present.  The caller gives it back with conf_list_unref.
 * Looks at the file at most once a second, so it may read from disk. */
struct conf_list *conf_get(struct conf_dir *dir, hl_str listener, hl_str key);
/* The same, and compiles it (and all later versions) for `kinds` first: a
 * fault in it shows now and not at the first look-up. */
struct conf_list *conf_get_as(
    struct conf_dir *dir, hl_str listener, hl_str key, unsigned kinds);

/* The list of a file elsewhere, at an absolute path that is not a client's
 * choice: live as those of the directory. */
struct conf_list *conf_get_at(struct conf_dir *dir, hl_str path);

/* Looks at all files known so far now, without the rules of one second and
 * of 200 ms (`hookline ctl config-flush`).  Returns how many files changed. */
unsigned conf_flush(struct conf_dir *dir);

/* All that is wrong now, sorted by file and line; valid until the next call
 * on `dir`.  Empty: count 0. */
const struct conf_faults *conf_faults(struct conf_dir *dir);
/* Adds a fault that a reader found in the list that conf_get gives for `key`,
 * or conf_get_at for a path
 * (file and line as conf_list_file and conf_list_line; STR_EMPTY and 0: in
 * the file as a whole).  It stays until that file changes; the same text is
 * reported once. */
void conf_fault_add(struct conf_dir *dir, hl_str listener, hl_str key,
    hl_str file, unsigned line, const char *fmt, ...) PRINTF_LIKE(6, 7);

/* The current "KEY.cdb", NULL when there is none (or none was ever good; a
 * fault says why).  The caller gives it back with conf_map_unref. */
struct conf_map *conf_get_map(
    struct conf_dir *dir, hl_str listener, hl_str key);
/* Where the file is that conf_get_map would read, for who reads it himself;
 * "" when there is none.  In `arena`. */
hl_str conf_map_path(
    struct conf_dir *dir, hl_str listener, hl_str key, struct arena *arena);

#endif
