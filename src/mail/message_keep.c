/* SPDX-License-Identifier: MIT */
/* message_keep.c - a message into files that outlive a power cut. */
#include "message_keep.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "message_write.h"
#include "rt/fiber.h"
#include "rt/file.h"
#include "rt/offload.h"

/* Files that are written before the first of them is synced: the first fsync
 * then has the file system write most of the others, too. */
#define BATCH 16

struct job {
	struct message *message;
	const struct message_copy *copies;
	size_t count;
	mode_t mode;
	enum line_end line_end;
	size_t made; /* tmp files that are ours */
	size_t failed;
};

static int
open_new(const char *path, mode_t mode)
{
	int fd, rc;

	do {
		fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode);
	} while (fd == -1 && errno == EINTR);
	if (fd == -1)
		return -errno;
	/* The umask may have taken bits away. */
	if (fchmod(fd, mode) == 0)
		return fd;
	rc = -errno;
	(void)close(fd);
	(void)unlink(path);
	return rc;
}

static int
sync_and_close(int fd)
{
	int rc;

	do {
		rc = fsync(fd) == -1 ? -errno : 0;
	} while (rc == -EINTR);
	/* Some file systems tell only here that the disk is full. */
	if (close(fd) == -1 && errno != EINTR && rc == 0)
		rc = -errno;
	return rc;
}

/* Writes `n` copies from `first`, then syncs them. */
static int
write_batch(struct job *job, size_t first, size_t n)
{
	int fds[BATCH], rc = 0;
	size_t opened = 0;

	while (rc == 0 && opened < n) {
		const struct message_copy *copy = &job->copies[first + opened];

		job->failed = first + opened;
		rc = open_new(copy->tmp, job->mode);
		if (rc < 0)
			break;
		fds[opened++] = rc;
		job->made++;
		rc = message_write_under(
		    job->message, copy->top, rc, job->line_end, false);
	}
	for (size_t i = 0; i < opened; i++) {
		int status = rc == 0 ? sync_and_close(fds[i]) : close(fds[i]);

		if (rc == 0 && status < 0) {
			rc = status;
			job->failed = first + i;
		}
	}
	return rc;
}

/* On a thread of the pool. */
static int
write_all(void *arg)
{
	struct job *job = arg;
	size_t done = 0;
	int rc = 0;

	while (rc == 0 && done < job->count) {
		size_t n =
		    job->count - done < BATCH ? job->count - done : BATCH;

		rc = write_batch(job, done, n);
		done += n;
	}
	if (rc == 0)
		return 0;
	for (size_t i = 0; i < job->made; i++)
		(void)unlink(job->copies[i].tmp);
	return rc;
}

static int
publish_all(struct job *job)
{
	const struct message_copy *copies = job->copies;
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < job->count; i++) {
		job->failed = i;
		rc = file_publish(copies[i].tmp, copies[i].path);
	}
	if (rc == 0)
		return 0;
	for (size_t i = 0; i < job->count; i++) {
		(void)file_unlink(copies[i].tmp);
		if (i <= job->failed)
			(void)file_unlink(copies[i].path);
	}
	return rc;
}

int
message_keep(struct message *message, const struct message_copy *copies,
    size_t count, mode_t mode, enum line_end line_end, size_t *ret_failed)
{
	struct job job = { message, copies, count, mode, line_end, 0, 0 };
	int rc;

	fiber_label_wait("file");
	rc = rt_offload(write_all, &job);
	if (rc == 0)
		rc = publish_all(&job);
	if (rc < 0)
		*ret_failed = job.failed;
	return rc;
}
