/* SPDX-License-Identifier: MIT */
/* spawn_start.c - starts a program, here or in the helper.
 *
 * All of it runs on a thread of the pool: what takes time is the exec, and
 * copying the input.  Standard input is a file in memory, so that nobody has
 * to write while the program reads.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "spawn/proto.h"
#include "spawn_private.h"

static void
close_fd(int *fd)
{
	if (*fd != -1)
		(void)close(*fd);
	*fd = -1;
}

static int
make_input(struct spawn_start *start)
{
	const struct spawn_job *job = start->job;
	const char *bytes = job->input;
	size_t left = job->input_size;

	if (bytes == NULL || left == 0)
		start->input = open("/dev/null", O_RDONLY | O_CLOEXEC);
	else
		start->input = memfd_create("hookline-input", MFD_CLOEXEC);
	if (start->input == -1)
		return -errno;
	if (bytes == NULL)
		return 0;
	while (left > 0) {
		ssize_t n = write(start->input, bytes, left);

		if (n == -1 && errno != EINTR)
			return -errno;
		if (n > 0) {
			bytes += n;
			left -= (size_t)n;
		}
	}
	return lseek(start->input, 0, SEEK_SET) == -1 ? -errno : 0;
}

static int
make_output(struct spawn_start *start)
{
	int fds[2];

	if (start->job->output_max == 0) {
		start->output_its = open("/dev/null", O_WRONLY | O_CLOEXEC);
		return start->output_its == -1 ? -errno : 0;
	}
	if (pipe2(fds, O_CLOEXEC) == -1)
		return -errno;
	start->output_ours = fds[0];
	start->output_its = fds[1];
	if (fcntl(fds[0], F_SETFL, O_NONBLOCK) == -1)
		return -errno;
	return 0;
}

/* ---- the helper ---- */

/* Whatever is the matter, the helper is not there. */
static int
helper_connect(const char *path)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	int fd;

	if (strlen(path) >= sizeof(addr.sun_path))
		return -EAGAIN;
	memcpy(addr.sun_path, path, strlen(path) + 1);
	fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd == -1)
		return -errno;
	if (connect(fd, (struct sockaddr *)&addr, sizeof(addr)) == 0)
		return fd;
	(void)close(fd);
	return -EAGAIN;
}

static int
helper_send(int fd, const struct buf *request, const int fds[SPAWN_FDS])
{
	union {
		struct cmsghdr header;
		char bytes[CMSG_SPACE(SPAWN_FDS * sizeof(int))];
	} control = { 0 };
	struct iovec iov = { request->p, request->n };
	struct msghdr msg = { .msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = &control,
		.msg_controllen = sizeof(control) };
	struct cmsghdr *c = CMSG_FIRSTHDR(&msg);

	c->cmsg_level = SOL_SOCKET;
	c->cmsg_type = SCM_RIGHTS;
	c->cmsg_len = CMSG_LEN(SPAWN_FDS * sizeof(int));
	memcpy(CMSG_DATA(c), fds, SPAWN_FDS * sizeof(int));
	if (sendmsg(fd, &msg, MSG_NOSIGNAL) == -1)
		return errno == EMSGSIZE ? -E2BIG : -EAGAIN;
	return 0;
}

static int
ask_helper(struct spawn_start *start)
{
	const int fds[SPAWN_FDS] = { start->input, start->output_its };
	struct buf request = BUF_INIT;
	int fd = -1, rc = spawn_request_write(start->job->argv, &request);

	if (rc == 0)
		rc = fd = helper_connect(start->helper);
	if (rc >= 0)
		rc = helper_send(fd, &request, fds);
	buf_done(&request);
	if (rc == 0)
		start->helper_fd = fd;
	else if (fd >= 0)
		(void)close(fd);
	return rc;
}

/* ---- both ---- */

int
spawn__start(void *arg)
{
	struct spawn_start *start = arg;
	int rc = make_input(start);

	if (rc == 0)
		rc = make_output(start);
	if (rc == 0 && start->helper != NULL)
		rc = ask_helper(start);
	else if (rc == 0)
		rc = program_start(start->job->argv, start->input,
		    start->output_its, &start->program);
	close_fd(&start->input);
	close_fd(&start->output_its);
	if (rc < 0)
		close_fd(&start->output_ours);
	return rc;
}
