/* SPDX-License-Identifier: MIT */
/* body_io.c - the system calls of the message store. */
#include "body_private.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "base/clock.h"
#include "rt/file.h"
#include "rt/offload.h"

static ssize_t
direct_write(
    int fd, const struct iovec *iov, int count, uint64_t pos, bool in_pool)
{
	ssize_t n;

	(void)in_pool;
	do {
		n = pwritev(fd, iov, count, (off_t)pos);
	} while (n == -1 && errno == EINTR);
	return n == -1 ? -errno : n;
}

static ssize_t
direct_read(int fd, void *bytes, size_t n, uint64_t pos, bool in_pool)
{
	ssize_t got;

	(void)in_pool;
	do {
		got = pread(fd, bytes, n, (off_t)pos);
	} while (got == -1 && errno == EINTR);
	return got == -1 ? -errno : got;
}

/* For file systems without O_TMPFILE: made under a random name, unlinked at
 * once. */
static int
open_unlinked(const char *dir)
{
	char path[1024];
	int fd;

	if (snprintf(path, sizeof(path), "%s/.spool-%016llx", dir,
		(unsigned long long)random_u64()) >= (int)sizeof(path))
		return -ENAMETOOLONG;
	fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (fd == -1)
		return -errno;
	(void)unlink(path);
	return fd;
}

static int
direct_open_spool(const char *dir)
{
	int fd = open(dir, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);

	if (fd != -1)
		return fd;
	if (errno == EOPNOTSUPP || errno == EISDIR)
		return open_unlinked(dir);
	return -errno;
}

struct write_job {
	int fd;
	const struct iovec *iov;
	int count;
	uint64_t pos;
};

static int
run_write_job(void *arg)
{
	const struct write_job *job = arg;

	/* A batch is far below INT_MAX bytes. */
	return (int)direct_write(
	    job->fd, job->iov, job->count, job->pos, false);
}

static ssize_t
fiber_write(
    int fd, const struct iovec *iov, int count, uint64_t pos, bool in_pool)
{
	struct write_job job = { fd, iov, count, pos };

	if (!in_pool)
		return direct_write(fd, iov, count, pos, false);
	return rt_offload(run_write_job, &job);
}

static ssize_t
fiber_read(int fd, void *bytes, size_t n, uint64_t pos, bool in_pool)
{
	if (!in_pool)
		return direct_read(fd, bytes, n, pos, false);
	return file_pread(fd, bytes, n, pos);
}

const struct body_io body_io_direct = {
	.open_spool = direct_open_spool,
	.write = direct_write,
	.read = direct_read,
};

const struct body_io body_io_fiber = {
	.open_spool = file_open_unnamed,
	.write = fiber_write,
	.read = fiber_read,
};
