/* SPDX-License-Identifier: MIT */
/* api_file.c - plugin.h: files, through the thread pool.
 *
 * A file belongs to the hook that opened it: what it leaves open is closed
 * when it returns.
 */
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"
#include "ctx.h"
#include "mail/message_write.h"
#include "needs.h"
#include "rt/file.h"

#define FILE_MAGIC 0x66696c65u

/* The opaque handle of plugin.h. */
struct hl_file {
	uint32_t magic;
	int fd;
	bool is_dirty; /* written to since the last sync */
	struct held *held;
};

/* Closing a file without unwritten data does not wait for a disk, so it
 * needs no trip to the pool. */
static int
file_end(struct hl_file *file)
{
	int fd = file->fd, status = 0;
	bool is_dirty = file->is_dirty;

	CHECK_OBJ(file, FILE_MAGIC);
	file->magic = 0;
	mem_free(file);
	if (is_dirty)
		return file_close(fd);
	if (close(fd) == -1 && errno != EINTR)
		status = -errno;
	return status;
}

static void
release_file(void *what)
{
	/* The hook did not ask, so nobody hears how it went. */
	(void)file_end(what);
}

static enum need_kind
kind_of(int flags)
{
	bool reads = (flags & O_ACCMODE) == O_RDONLY &&
		     (flags & (O_CREAT | O_TRUNC)) == 0;

	return reads ? NEED_READ : NEED_WRITE;
}

int
hl_file_open(struct hl_ctx *ctx, hl_str path, int flags, unsigned mode,
    struct hl_file **ret)
{
	int fd = need_check(ctx, kind_of(flags), path);
	struct hl_file *file;

	if (fd == 0)
		fd = file_open(path.p, flags | O_NOCTTY, (mode_t)mode);
	if (fd < 0)
		return fd;
	file = mem_alloc(sizeof(*file));
	file->magic = FILE_MAGIC;
	file->fd = fd;
	file->held = ctx_hold(ctx, release_file, file);
	*ret = file;
	return 0;
}

long
hl_file_read(struct hl_file *file, void *bytes, size_t size)
{
	CHECK_OBJ(file, FILE_MAGIC);
	return (long)file_read(file->fd, bytes, size);
}

int
hl_file_write(struct hl_file *file, const void *bytes, size_t size)
{
	CHECK_OBJ(file, FILE_MAGIC);
	file->is_dirty = true;
	return file_write(file->fd, bytes, size);
}

int
hl_file_sync(struct hl_file *file)
{
	int status;

	CHECK_OBJ(file, FILE_MAGIC);
	status = file_sync(file->fd);
	if (status == 0)
		file->is_dirty = false;
	return status;
}

int
hl_file_close(struct hl_file **file)
{
	struct hl_file *old = *file;

	*file = NULL;
	if (old == NULL)
		return 0;
	CHECK_OBJ(old, FILE_MAGIC);
	ctx_forget(&old->held);
	return file_end(old);
}

int
hl_file_rename(struct hl_ctx *ctx, hl_str from, hl_str to)
{
	int status = need_check(ctx, NEED_WRITE, from);

	if (status == 0)
		status = need_check(ctx, NEED_WRITE, to);
	return status < 0 ? status : file_rename(from.p, to.p);
}

int
hl_file_unlink(struct hl_ctx *ctx, hl_str path)
{
	int status = need_check(ctx, NEED_WRITE, path);

	return status < 0 ? status : file_unlink(path.p);
}

/* How much of `path` is a directory above which nothing was declared. */
static size_t
kept_part(struct hl_ctx *ctx, hl_str path)
{
	for (size_t n = 1; n < path.n; n++) {
		hl_str part = { path.p, n };

		if (path.p[n] == '/' &&
		    plugin_may(ctx->frame->plugin, NEED_WRITE, part))
			return n;
	}
	return path.n;
}

int
hl_file_mkdir(struct hl_ctx *ctx, hl_str path, unsigned mode)
{
	int status = need_check(ctx, NEED_WRITE, path);

	return status < 0
		   ? status
		   : file_make_dirs(path.p, kept_part(ctx, path), (mode_t)mode);
}

int
hl_file_stat(
    struct hl_ctx *ctx, hl_str path, uint64_t *ret_size, int64_t *ret_mtime_s)
{
	int status = need_check(ctx, NEED_READ, path);
	struct stat st = { 0 };

	if (status == 0)
		status = file_stat(path.p, &st);
	if (status < 0)
		return status;
	if (ret_size != NULL)
		*ret_size = (uint64_t)st.st_size;
	if (ret_mtime_s != NULL)
		*ret_mtime_s = st.st_mtime;
	return 0;
}

int
hl_dir_sync(struct hl_ctx *ctx, hl_str path)
{
	int status = need_check(ctx, NEED_WRITE, path);

	return status < 0 ? status : file_sync_dir(path.p);
}

int
hl_file_write_message(
    struct hl_file *file, struct hl_ctx *ctx, enum hl_eol eol, bool sync)
{
	struct message *message = ctx_whole_message(ctx);
	int status;

	CHECK_OBJ(file, FILE_MAGIC);
	if (message == NULL)
		return -EINVAL;
	file->is_dirty = true;
	status = message_write(
	    message, file->fd, eol == HL_LF ? LINE_LF : LINE_CRLF, sync);
	if (status == 0 && sync)
		file->is_dirty = false;
	return status;
}
