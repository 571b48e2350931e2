/* SPDX-License-Identifier: MIT */
/* message_write.c - a message into a file. */
#include "message_write.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "rt/offload.h"

#include "message.h"

#define WRITE_BUFFER 65536

static int
write_all(int fd, const char *bytes, size_t n)
{
	while (n > 0) {
		ssize_t done = write(fd, bytes, n);

		if (done == -1) {
			if (errno == EINTR)
				continue;
			return -errno;
		}
		bytes += done;
		n -= (size_t)done;
	}
	return 0;
}

/* Fills the whole buffer as long as there is enough. */
static ssize_t
read_full(struct message_reader *reader, char *bytes, size_t n)
{
	size_t done = 0;

	while (done < n) {
		ssize_t got =
		    message_reader_read(reader, bytes + done, n - done);

		if (got < 0)
			return got;
		if (got == 0)
			break;
		done += (size_t)got;
	}
	return (ssize_t)done;
}

int
message_write_under(struct message *message, struct slice top, int fd,
    enum line_end line_end, bool sync)
{
	char *bytes = mem_grow(NULL, WRITE_BUFFER);
	struct message_reader reader;
	size_t held = 0;
	ssize_t n;
	int ret = 0;

	message_reader_init(&reader, message, line_end);
	reader.body.direct = true;
	if (top.n > WRITE_BUFFER / 2) {
		ret = write_all(fd, top.p, top.n);
	} else if (top.n > 0) {
		/* In one write with what follows. */
		memcpy(bytes, top.p, top.n);
		held = top.n;
	}
	while (ret == 0) {
		n = read_full(&reader, bytes + held, WRITE_BUFFER - held);
		if (n < 0)
			ret = (int)n;
		else
			ret = write_all(fd, bytes, held + (size_t)n);
		if (ret < 0 || held + (size_t)n < WRITE_BUFFER)
			break;
		held = 0;
	}
	mem_free(bytes);
	if (ret == 0 && sync && fsync(fd) == -1)
		ret = -errno;
	return ret;
}

int
message_write_direct(
    struct message *message, int fd, enum line_end line_end, bool sync)
{
	return message_write_under(message, SLICE_NONE, fd, line_end, sync);
}

/* Returns the length of what is in `to`. */
static size_t
stuff(const char *from, size_t n, bool *at_start, char *to)
{
	size_t done = 0;

	for (size_t i = 0; i < n; i++) {
		if (*at_start && from[i] == '.')
			to[done++] = '.';
		to[done++] = from[i];
		*at_start = from[i] == '\n';
	}
	return done;
}

int
message_write_dots(struct message *message, int fd)
{
	char *from = mem_grow(NULL, WRITE_BUFFER);
	char *to = mem_grow(NULL, (size_t)2 * WRITE_BUFFER + 1);
	struct message_reader reader;
	bool at_start = true;
	ssize_t n;
	int ret;

	message_reader_init(&reader, message, LINE_LF);
	reader.body.direct = true;
	do {
		size_t done = 0;

		n = read_full(&reader, from, WRITE_BUFFER);
		if (n > 0)
			done = stuff(from, (size_t)n, &at_start, to);
		if (n >= 0 && n < WRITE_BUFFER && !at_start)
			to[done++] = '\n';
		ret = n < 0 ? (int)n : write_all(fd, to, done);
	} while (ret == 0 && n == WRITE_BUFFER);
	mem_free(from);
	mem_free(to);
	return ret;
}

struct write_job {
	struct message *message;
	int fd;
	enum line_end line_end;
	bool sync;
};

static int
run_write_job(void *arg)
{
	const struct write_job *job = arg;

	return message_write_direct(
	    job->message, job->fd, job->line_end, job->sync);
}

int
message_write(
    struct message *message, int fd, enum line_end line_end, bool sync)
{
	struct write_job job = { message, fd, line_end, sync };

	return rt_offload(run_write_job, &job);
}
