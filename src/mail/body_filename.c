/* SPDX-License-Identifier: MIT */
/* body_filename.c - a message as a file with LF line ends, for programs. */
#include "body_private.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/err.h"
#include "base/mem.h"
#include "base/num.h"

#include "message_reader.h"

#define PATH_ROOM 1024
/* Then the process and chance: "body-1234-0123456789abcdef". */
#define COPY_PREFIX "body-"

static int
open_copy(struct body *body, char *path, struct err *err)
{
	int fd;

	if (snprintf(path, PATH_ROOM, "%s/" COPY_PREFIX "%ld-%016llx",
		body->store->spool_dir, (long)getpid(),
		(unsigned long long)random_u64()) >= PATH_ROOM)
		return err_set(err, -ENAMETOOLONG, "spool directory: %s",
		    strerror(ENAMETOOLONG));
	fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (fd == -1) {
		int error = errno;

		return err_set(err, -error, "%s: %s", path, strerror(error));
	}
	return fd;
}

/* Fills `bytes` as far as the message goes. */
static ssize_t
read_full(struct body_reader *reader, char *bytes, size_t n)
{
	size_t done = 0;

	while (done < n) {
		ssize_t got = body_reader_read(reader, bytes + done, n - done);

		if (got < 0)
			return got;
		if (got == 0)
			break;
		done += (size_t)got;
	}
	return (ssize_t)done;
}

/* The body from `from` on, to `pos` in the file. */
static int
write_copy(struct body *body, uint64_t from, int fd, uint64_t pos, char *bytes)
{
	struct body_reader reader;
	ssize_t n;
	int ret = 0;

	body_reader_init(&reader, body, from, LINE_LF);
	do {
		struct iovec iov;

		n = read_full(&reader, bytes, BODY_POOL_BYTES);
		if (n < 0)
			return (int)n;
		iov = (struct iovec){ bytes, (size_t)n };
		ret = body__write_all(body->store->io, fd, &iov, 1, pos);
		pos += (uint64_t)n;
	} while (ret == 0 && n == BODY_POOL_BYTES);
	return ret;
}

static int
make_copy(struct body *body, struct err *err)
{
	char path[PATH_ROOM];
	int fd = open_copy(body, path, err);
	char *bytes;
	int ret;

	if (fd < 0)
		return fd;
	bytes = mem_grow(NULL, BODY_POOL_BYTES);
	ret = write_copy(body, 0, fd, 0, bytes);
	mem_free(bytes);
	if (close(fd) == -1 && ret == 0)
		ret = -errno;
	if (ret < 0) {
		(void)unlink(path);
		return err_set(err, ret, "%s: %s", path, strerror(-ret));
	}
	body->copy_path = mem_dup(slice_of(path));
	return 0;
}

int
body_filename(struct body *body, hl_str *ret_path, struct err *err)
{
	int ret = 0;

	CHECK_OBJ(body, BODY_MAGIC);
	if (body->error != 0)
		return err_set(
		    err, body->error, "message: %s", strerror(-body->error));
	if (body->copy_path == NULL)
		ret = make_copy(body, err);
	if (ret == 0)
		*ret_path = str_of(body->copy_path);
	return ret;
}

int
body_copy_grow(struct body *body, uint64_t pos)
{
	struct stat st;
	char *bytes;
	int fd, ret;

	CHECK_OBJ(body, BODY_MAGIC);
	if (body->copy_path == NULL)
		return 0;
	fd = open(body->copy_path, O_WRONLY | O_CLOEXEC);
	if (fd == -1)
		return -errno;
	ret = fstat(fd, &st) == -1 ? -errno : 0;
	bytes = mem_grow(NULL, BODY_POOL_BYTES);
	if (ret == 0)
		ret = write_copy(body, pos, fd, (uint64_t)st.st_size, bytes);
	mem_free(bytes);
	if (close(fd) == -1 && ret == 0)
		ret = -errno;
	/* Whoever asks for it next gets a whole one. */
	if (ret < 0) {
		(void)unlink(body->copy_path);
		mem_free(body->copy_path);
		body->copy_path = NULL;
	}
	return ret;
}

/* A copy whose process is gone. */
static bool
is_left(const char *file)
{
	struct slice name = slice_of(file), pid;
	unsigned number;

	if (!slice_starts(name, COPY_PREFIX))
		return false;
	name = slice_from(name, sizeof(COPY_PREFIX) - 1);
	return slice_cut(&name, '-', &pid) &&
	       num_parse_unsigned(pid, INT_MAX, &number) == 0 && number > 0 &&
	       kill((pid_t)number, 0) == -1 && errno == ESRCH;
}

int
body_store_sweep(const struct body_store *store)
{
	DIR *dir = opendir(store->spool_dir);
	const struct dirent *entry;
	int removed = 0;

	if (dir == NULL)
		return -errno;
	while ((entry = readdir(dir)) != NULL) {
		if (is_left(entry->d_name) &&
		    unlinkat(dirfd(dir), entry->d_name, 0) == 0)
			removed++;
	}
	(void)closedir(dir);
	return removed;
}
