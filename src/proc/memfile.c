/* SPDX-License-Identifier: MIT */
/* memfile.c - text that goes to another process as a file in memory. */
#include "memfile.h"

#include <errno.h>
#include <sys/mman.h>
#include <unistd.h>

static int
write_all(int fd, struct slice text)
{
	while (text.n > 0) {
		ssize_t n = write(fd, text.p, text.n);

		if (n == -1)
			return -errno;
		text = slice_from(text, (size_t)n);
	}
	return lseek(fd, 0, SEEK_SET) == -1 ? -errno : 0;
}

int
memfile_make(const char *name, struct slice text)
{
	int fd = memfd_create(name, MFD_CLOEXEC), rc;

	if (fd == -1)
		return -errno;
	rc = write_all(fd, text);
	if (rc == 0)
		return fd;
	(void)close(fd);
	return rc;
}

int
memfile_read(int fd, size_t max, struct buf *ret)
{
	char chunk[1024];
	size_t at = 0;
	ssize_t n;

	while ((n = pread(fd, chunk, sizeof(chunk), (off_t)at)) > 0) {
		at += (size_t)n;
		if (at > max)
			return -EFBIG;
		buf_add(ret, chunk, (size_t)n);
	}
	return n == -1 ? -errno : 0;
}
