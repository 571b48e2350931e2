/* SPDX-License-Identifier: MIT */
/* file.h - file calls that park the fiber, not the loop.
 *
 * Each is one piece of offloaded work (offload.h) and returns 0 or more, or
 * negative errno; EINTR is never seen.  Buffers and paths must stay valid
 * until the call returns, nothing more.  A call on a fiber that is cancelled
 * or past its deadline returns -ECANCELED or -ETIMEDOUT without having begun;
 * file_close and file_unlink always work.  Several calls in a row are cheaper
 * as one function for rt_offload.
 */
#ifndef HOOKLINE_RT_FILE_H
#define HOOKLINE_RT_FILE_H

#include <stdint.h>
#include <sys/types.h>

#include "base/check.h"

struct rt;
struct stat;

/* O_CLOEXEC is always set.  Returns the descriptor. */
int file_open(const char *path, int flags, mode_t mode) BLOCKS WARN_UNUSED;
/* `dir` as of openat. */
int file_open_at(
    int dir, const char *name, int flags, mode_t mode) BLOCKS WARN_UNUSED;
/* A file without a name in `dir` (O_TMPFILE, or created and unlinked where
 * the file system has no such thing), for reading and writing. */
int file_open_unnamed(const char *dir) BLOCKS WARN_UNUSED;
int file_close(int fd) BLOCKS;

/* At most `n` bytes (n <= INT32_MAX is looked at); 0 at the end. */
int64_t file_read(int fd, void *bytes, size_t n) BLOCKS WARN_UNUSED;
/* As many as there are up to `n`; fewer only at the end of the file. */
int64_t file_pread(
    int fd, void *bytes, size_t n, uint64_t offset) BLOCKS WARN_UNUSED;
/* All of it, at the file's position. Returns 0. */
int file_write(int fd, const void *bytes, size_t n) BLOCKS WARN_UNUSED;
/* All of it, at `offset`.  Returns 0. */
int file_pwrite(
    int fd, const void *bytes, size_t n, uint64_t offset) BLOCKS WARN_UNUSED;

int file_sync(int fd) BLOCKS WARN_UNUSED;      /* fsync */
int file_sync_data(int fd) BLOCKS WARN_UNUSED; /* fdatasync */

int file_rename(const char *from, const char *to) BLOCKS WARN_UNUSED;
int file_link(const char *from, const char *to) BLOCKS WARN_UNUSED;
int file_unlink(const char *path) BLOCKS;
int file_mkdir(const char *path, mode_t mode) BLOCKS WARN_UNUSED;
int file_stat(const char *path, struct stat *ret) BLOCKS WARN_UNUSED;

/* Makes the directory `path` and what is missing above it, each with `mode`
 * whatever the umask, and makes their names durable.  The first `keep` bytes
 * of the path (at most its length) are a directory that is made too if it is
 * missing, but nothing above it; 0 for all.  0 also when it was there;
 * -ENOTDIR something else was. */
int file_make_dirs(
    const char *path, size_t keep, mode_t mode) BLOCKS WARN_UNUSED;

/* fsync of the directory `path`, after which every rename, link and unlink in
 * it that had returned before the call is on disk.  Calls for one directory
 * (the same text) share: those that come before an fsync has begun ride on
 * it, those that come while it runs ride on the next one together.  All get
 * the same result. */
int file_sync_dir(const char *path) BLOCKS WARN_UNUSED;

/* Renames `from` to `to` and makes the new name durable: file_rename and
 * file_sync_dir of the directory of `to` as one piece of work.  Those who come
 * while a round of that directory runs are renamed and synced together in the
 * next one.  An error is that of the own rename, which was not done then, or
 * of the common fsync, when it was.  Paths of file_sync_dir and of this one
 * meet if the directory's text is the same. */
int file_publish(const char *from, const char *to) BLOCKS WARN_UNUSED;

/* Directory fsyncs that were made, and calls that asked for one. */
void file_sync_dir_counts(
    const struct rt *rt, uint64_t *ret_made, uint64_t *ret_asked);

#endif
