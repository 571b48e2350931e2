/* SPDX-License-Identifier: MIT */
/* file.c - see file.h.
 *
 * Each call is a struct call, filled on the fiber, worked on by one of the
 * do_ functions on a thread.
 */
#include "rt/file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "rt/fiber.h"
#include "rt/offload.h"

struct call {
	const char *path, *path2;
	int fd, flags;
	mode_t mode;
	char *bytes;
	const char *const_bytes;
	size_t n;
	uint64_t offset;
	struct stat *stat;
	uint64_t chance;
	int64_t result;
};

static int
run(int (*fn)(void *), struct call *call)
{
	fiber_label_wait("file");
	return rt_offload(fn, call);
}

static int
run_always(int (*fn)(void *), struct call *call)
{
	fiber_label_wait("file");
	return rt_offload_always(fn, call);
}

/* What a system call returned, as rt's files return it. */
static int
result_of(int rc)
{
	return rc == -1 ? -errno : rc;
}

/* ---- open and close ---- */

static int
do_open(void *arg)
{
	struct call *call = arg;
	int rc;

	do {
		rc = result_of(openat(
		    call->fd, call->path, call->flags | O_CLOEXEC, call->mode));
	} while (rc == -EINTR);
	return rc;
}

int
file_open_at(int dir, const char *name, int flags, mode_t mode)
{
	struct call call = {
		.fd = dir, .path = name, .flags = flags, .mode = mode
	};

	return run(do_open, &call);
}

int
file_open(const char *path, int flags, mode_t mode)
{
	return file_open_at(AT_FDCWD, path, flags, mode);
}

/* For file systems without O_TMPFILE. */
static int
open_and_unlink(struct call *call)
{
	char name[PATH_MAX / 2];
	int n, fd;

	n = snprintf(name, sizeof(name), "%s/.unnamed.%016llx", call->path,
	    (unsigned long long)call->chance);
	if (n < 0 || (size_t)n >= sizeof(name))
		return -ENAMETOOLONG;
	do {
		fd = result_of(
		    open(name, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
	} while (fd == -EINTR);
	if (fd >= 0 && unlink(name) == -1) {
		int rc = -errno;

		(void)close(fd);
		return rc;
	}
	return fd;
}

static int
do_open_unnamed(void *arg)
{
	struct call *call = arg;
	int fd;

	do {
		fd = result_of(
		    open(call->path, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600));
	} while (fd == -EINTR);
	/* Linux before 3.11 says EISDIR, NFS and others EOPNOTSUPP. */
	if (fd == -EOPNOTSUPP || fd == -EISDIR || fd == -EINVAL)
		fd = open_and_unlink(call);
	return fd;
}

int
file_open_unnamed(const char *dir)
{
	struct call call = { .path = dir, .chance = random_u64() };

	return run(do_open_unnamed, &call);
}

static int
do_close(void *arg)
{
	const struct call *call = arg;

	/* On Linux the descriptor is gone after EINTR, too. */
	return close(call->fd) == -1 && errno != EINTR ? -errno : 0;
}

int
file_close(int fd)
{
	struct call call = { .fd = fd };

	return run_always(do_close, &call);
}

/* ---- bytes ---- */

static int
do_read(void *arg)
{
	struct call *call = arg;
	ssize_t n;

	do {
		n = read(call->fd, call->bytes, call->n);
	} while (n == -1 && errno == EINTR);
	call->result = n;
	return n == -1 ? -errno : 0;
}

int64_t
file_read(int fd, void *bytes, size_t n)
{
	struct call call = {
		.fd = fd, .bytes = bytes, .n = n < INT32_MAX ? n : INT32_MAX
	};
	int rc = run(do_read, &call);

	return rc < 0 ? rc : call.result;
}

static int
do_pread(void *arg)
{
	struct call *call = arg;

	while (call->n > 0) {
		ssize_t n =
		    pread(call->fd, call->bytes, call->n, (off_t)call->offset);

		if (n == -1 && errno == EINTR)
			continue;
		if (n == -1)
			return -errno;
		if (n == 0)
			break;
		call->bytes += n;
		call->n -= (size_t)n;
		call->offset += (uint64_t)n;
		call->result += n;
	}
	return 0;
}

int64_t
file_pread(int fd, void *bytes, size_t n, uint64_t offset)
{
	struct call call = {
		.fd = fd, .bytes = bytes, .n = n, .offset = offset
	};
	int rc = run(do_pread, &call);

	return rc < 0 ? rc : call.result;
}

/* With `at_offset` pwrite, else write. */
static int
write_all(struct call *call, bool at_offset)
{
	while (call->n > 0) {
		ssize_t n = at_offset
				? pwrite(call->fd, call->const_bytes, call->n,
				      (off_t)call->offset)
				: write(call->fd, call->const_bytes, call->n);

		if (n == -1 && errno == EINTR)
			continue;
		if (n <= 0)
			return n == -1 ? -errno : -EIO;
		call->const_bytes += n;
		call->n -= (size_t)n;
		call->offset += (uint64_t)n;
	}
	return 0;
}

static int
do_write(void *arg)
{
	return write_all(arg, false);
}

static int
do_pwrite(void *arg)
{
	return write_all(arg, true);
}

int
file_write(int fd, const void *bytes, size_t n)
{
	struct call call = { .fd = fd, .const_bytes = bytes, .n = n };

	return run(do_write, &call);
}

int
file_pwrite(int fd, const void *bytes, size_t n, uint64_t offset)
{
	struct call call = {
		.fd = fd, .const_bytes = bytes, .n = n, .offset = offset
	};

	return run(do_pwrite, &call);
}

static int
do_sync(void *arg)
{
	struct call *call = arg;
	int rc;

	do {
		rc = result_of(
		    call->flags != 0 ? fdatasync(call->fd) : fsync(call->fd));
	} while (rc == -EINTR);
	return rc;
}

int
file_sync(int fd)
{
	struct call call = { .fd = fd };

	return run(do_sync, &call);
}

int
file_sync_data(int fd)
{
	struct call call = { .fd = fd, .flags = 1 };

	return run(do_sync, &call);
}

/* ---- names ---- */

static int
do_rename(void *arg)
{
	const struct call *call = arg;

	return result_of(rename(call->path, call->path2));
}

int
file_rename(const char *from, const char *to)
{
	struct call call = { .path = from, .path2 = to };

	return run(do_rename, &call);
}

static int
do_link(void *arg)
{
	const struct call *call = arg;

	return result_of(link(call->path, call->path2));
}

int
file_link(const char *from, const char *to)
{
	struct call call = { .path = from, .path2 = to };

	return run(do_link, &call);
}

static int
do_unlink(void *arg)
{
	const struct call *call = arg;

	return result_of(unlink(call->path));
}

int
file_unlink(const char *path)
{
	struct call call = { .path = path };

	return run_always(do_unlink, &call);
}

static int
do_mkdir(void *arg)
{
	const struct call *call = arg;

	return result_of(mkdir(call->path, call->mode));
}

int
file_mkdir(const char *path, mode_t mode)
{
	struct call call = { .path = path, .mode = mode };

	return run(do_mkdir, &call);
}

static int
do_stat(void *arg)
{
	const struct call *call = arg;

	return result_of(stat(call->path, call->stat));
}

int
file_stat(const char *path, struct stat *ret)
{
	struct call call = { .path = path, .stat = ret };

	return run(do_stat, &call);
}
