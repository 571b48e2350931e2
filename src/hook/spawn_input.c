/* SPDX-License-Identifier: MIT */
/* spawn_input.c - what a program reads, in files.
 *
 * On a thread of the pool.  Nobody has to write while the program reads, and
 * one that does not read all of it breaks nothing.  The files have no name:
 * together they are in memory up to INPUT_MEMORY_MAX, else in the spool
 * directory.
 */
#include <errno.h>
#include <sys/mman.h>
#include <unistd.h>

#include <hookline/plugin.h>

#include "mail/body.h"
#include "mail/message_write.h"
#include "spawn_private.h"

#define INPUT_MEMORY_MAX (256u * 1024)

static uint64_t
size_of(const struct spawn_job *job)
{
	uint64_t size = 0;

	for (size_t i = 0; i < job->input_count; i++) {
		const struct hl_spawn_input *input = &job->inputs[i];

		size += input->what == HL_SPAWN_BYTES
			    ? input->size
			    : message_reader_size(job->message, LINE_CRLF);
	}
	return size;
}

static int
open_file(const struct spawn_job *job, bool in_memory)
{
	int fd;

	if (!in_memory)
		return body_io_direct.open_spool(job->spool_dir);
	fd = memfd_create("hookline-input", MFD_CLOEXEC);
	return fd == -1 ? -errno : fd;
}

static int
write_bytes(int fd, const char *bytes, size_t left)
{
	while (left > 0) {
		ssize_t n = write(fd, bytes, left);

		if (n == -1 && errno != EINTR)
			return -errno;
		if (n > 0) {
			bytes += n;
			left -= (size_t)n;
		}
	}
	return 0;
}

static int
write_input(int fd, const struct hl_spawn_input *input, struct message *message)
{
	switch (input->what) {
	case HL_SPAWN_BYTES:
		return write_bytes(fd, input->bytes, input->size);
	case HL_SPAWN_MESSAGE:
		return message_write_direct(message, fd, LINE_LF, false);
	case HL_SPAWN_MESSAGE_CRLF:
		return message_write_direct(message, fd, LINE_CRLF, false);
	case HL_SPAWN_MESSAGE_DOTS:
		return message_write_dots(message, fd);
	}
	UNREACHABLE();
}

/* Those of one descriptor, from the first on. */
static int
make_file(struct spawn_start *start, size_t first, bool in_memory)
{
	const struct spawn_job *job = start->job;
	struct program_plan *plan = &start->plan;
	unsigned number = job->inputs[first].fd;
	int fd = open_file(job, in_memory), rc = 0;

	if (fd < 0)
		return fd;
	plan->fds[plan->fd_count++] = (struct program_fd){ fd, number };
	for (size_t i = first; rc == 0 && i < job->input_count; i++)
		if (job->inputs[i].fd == number)
			rc = write_input(fd, &job->inputs[i], job->message);
	if (rc == 0 && lseek(fd, 0, SEEK_SET) == -1)
		rc = -errno;
	return rc;
}

static bool
is_made(const struct program_plan *plan, unsigned number)
{
	for (size_t i = 0; i < plan->fd_count; i++)
		if (plan->fds[i].number == number)
			return true;
	return false;
}

int
spawn__inputs(struct spawn_start *start)
{
	const struct spawn_job *job = start->job;
	bool in_memory =
	    job->spool_dir == NULL || size_of(job) <= INPUT_MEMORY_MAX;
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < job->input_count; i++)
		if (!is_made(&start->plan, job->inputs[i].fd))
			rc = make_file(start, i, in_memory);
	return rc;
}
