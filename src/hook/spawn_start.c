/* SPDX-License-Identifier: MIT */
/* spawn_start.c - starts a program, here or in the helper.
 *
 * All of it runs on a thread of the pool: what takes time is the exec, and
 * writing the inputs.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "spawn/proto.h"
#include "spawn_private.h"

/* Where programs with the interface of checkpassword read. */
#define INPUT_AGAIN 3

static void
close_fd(int *fd)
{
	if (*fd != -1)
		(void)close(*fd);
	*fd = -1;
}

static void
plan_add(struct program_plan *plan, int fd, unsigned number)
{
	plan->fds[plan->fd_count++] = (struct program_fd){ fd, number };
}

/* -1: it has none. */
static int
plan_fd(const struct program_plan *plan, unsigned number)
{
	for (size_t i = 0; i < plan->fd_count; i++)
		if (plan->fds[i].number == number)
			return plan->fds[i].fd;
	return -1;
}

/* The same open file, so both read on where the other has stopped. */
static int
make_input_again(struct program_plan *plan)
{
	int fd = plan_fd(plan, STDIN_FILENO);

	if (fd == -1) {
		fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
		if (fd == -1)
			return -errno;
		plan_add(plan, fd, STDIN_FILENO);
	}
	fd = fcntl(fd, F_DUPFD_CLOEXEC, 0);
	if (fd == -1)
		return -errno;
	plan_add(plan, fd, INPUT_AGAIN);
	return 0;
}

/* Both of what it writes to go into one pipe. */
static int
make_output(struct spawn_start *start)
{
	struct program_plan *plan = &start->plan;
	bool out = plan_fd(plan, STDOUT_FILENO) == -1;
	int fds[2];

	if (start->job->output_max == 0)
		return 0;
	if (pipe2(fds, O_CLOEXEC) == -1)
		return -errno;
	start->output_ours = fds[0];
	plan_add(plan, fds[1], out ? STDOUT_FILENO : STDERR_FILENO);
	if (fcntl(fds[0], F_SETFL, O_NONBLOCK) == -1)
		return -errno;
	if (!out || !start->job->keep_errors)
		return 0;
	fds[1] = fcntl(fds[1], F_DUPFD_CLOEXEC, 0);
	if (fds[1] == -1)
		return -errno;
	plan_add(plan, fds[1], STDERR_FILENO);
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
helper_send(int fd, const struct buf *request, const struct program_plan *plan)
{
	union {
		struct cmsghdr header;
		char bytes[CMSG_SPACE(PROGRAM_FDS_MAX * sizeof(int))];
	} control = { 0 };
	struct iovec iov = { request->p, request->n };
	struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1 };
	int fds[PROGRAM_FDS_MAX] = { 0 };
	size_t size = plan->fd_count * sizeof(*fds);

	if (size > 0) {
		for (size_t i = 0; i < plan->fd_count; i++)
			fds[i] = plan->fds[i].fd;
		control.header.cmsg_level = SOL_SOCKET;
		control.header.cmsg_type = SCM_RIGHTS;
		control.header.cmsg_len = CMSG_LEN(size);
		memcpy(CMSG_DATA(&control.header), fds, size);
		msg.msg_control = &control;
		msg.msg_controllen = CMSG_SPACE(size);
	}
	if (sendmsg(fd, &msg, MSG_NOSIGNAL) == -1)
		return errno == EMSGSIZE ? -E2BIG : -EAGAIN;
	return 0;
}

static int
ask_helper(struct spawn_start *start)
{
	struct buf request = BUF_INIT;
	int fd = -1, rc = spawn_request_write(&start->plan, &request);

	if (rc == 0)
		rc = fd = helper_connect(start->helper);
	if (rc >= 0)
		rc = helper_send(fd, &request, &start->plan);
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
	struct program_plan *plan = &start->plan;
	int rc;

	plan->argv = start->job->argv;
	plan->env = start->job->env;
	rc = spawn__inputs(start);
	if (rc == 0 && start->job->input_again)
		rc = make_input_again(plan);
	if (rc == 0)
		rc = make_output(start);
	if (rc == 0 && start->helper != NULL)
		rc = ask_helper(start);
	else if (rc == 0)
		rc = program_start(plan, &start->program);
	for (size_t i = 0; i < plan->fd_count; i++)
		(void)close(plan->fds[i].fd);
	plan->fd_count = 0;
	if (rc < 0)
		close_fd(&start->output_ours);
	return rc;
}
