/* SPDX-License-Identifier: MIT */
/* channel.c - messages between the master and one worker. */
#include "channel.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>
#include <uv.h>

#include "base/mem.h"

#define CHANNEL_MAGIC 0x6368616e

struct channel {
	uint32_t magic;
	int fd;
	bool is_closed; /* waits for the loop to forget it */
	const struct channel_events *events;
	void *owner;
	uv_poll_t poll;
};

/* Room for one descriptor beside a message, aligned as the kernel wants. */
union control {
	struct cmsghdr header;
	char bytes[CMSG_SPACE(sizeof(int))];
};

int
channel_pair(int ret_fds[2])
{
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK,
		0, ret_fds) == -1)
		return -errno;
	return 0;
}

static int
control_fd(struct msghdr *msg)
{
	int fd = -1;

	for (struct cmsghdr *c = CMSG_FIRSTHDR(msg); c != NULL;
	     c = CMSG_NXTHDR(msg, c))
		if (c->cmsg_level == SOL_SOCKET && c->cmsg_type == SCM_RIGHTS)
			memcpy(&fd, CMSG_DATA(c), sizeof(fd));
	return fd;
}

/* One message.  False: nothing (more) to read, or `channel` is closed. */
static bool
receive(struct channel *channel)
{
	char text[CHANNEL_MAX + 1];
	union control control;
	struct iovec iov = { text, CHANNEL_MAX };
	struct msghdr msg = {
		.msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = &control,
		.msg_controllen = sizeof(control),
	};
	ssize_t n = recvmsg(channel->fd, &msg, MSG_CMSG_CLOEXEC);

	if (n == -1 && (errno == EAGAIN || errno == EINTR))
		return false;
	if (n <= 0) {
		(void)uv_poll_stop(&channel->poll);
		channel->events->on_closed(channel->owner);
		return false;
	}
	text[n] = '\0';
	channel->events->on_message(channel->owner,
	    (struct slice){ text, (size_t)n }, control_fd(&msg));
	return true;
}

/* One message a turn: a callback may have closed the channel. */
static void
on_readable(uv_poll_t *poll, int status, int events)
{
	(void)status;
	(void)events;
	(void)receive(poll->data);
}

struct channel *
channel_open(struct uv_loop_s *loop, int fd,
    const struct channel_events *events, void *owner)
{
	struct channel *channel = mem_alloc(sizeof(*channel));

	channel->magic = CHANNEL_MAGIC;
	channel->fd = fd;
	channel->events = events;
	channel->owner = owner;
	CHECK(uv_poll_init(loop, &channel->poll, fd) == 0);
	channel->poll.data = channel;
	CHECK(uv_poll_start(&channel->poll, UV_READABLE | UV_DISCONNECT,
		  on_readable) == 0);
	return channel;
}

int
channel_send(struct channel *channel, int fd, const char *fmt, ...)
{
	char text[CHANNEL_MAX];
	union control control = { 0 };
	struct iovec iov = { text, 0 };
	struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1 };
	va_list args;

	CHECK_OBJ(channel, CHANNEL_MAGIC);
	va_start(args, fmt);
	(void)vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	iov.iov_len = strlen(text);
	if (fd != -1) {
		struct cmsghdr *c;

		msg.msg_control = &control;
		msg.msg_controllen = sizeof(control);
		c = CMSG_FIRSTHDR(&msg);
		c->cmsg_level = SOL_SOCKET;
		c->cmsg_type = SCM_RIGHTS;
		c->cmsg_len = CMSG_LEN(sizeof(int));
		memcpy(CMSG_DATA(c), &fd, sizeof(fd));
	}
	if (sendmsg(channel->fd, &msg, MSG_NOSIGNAL) == -1)
		return errno == ECONNRESET ? -EPIPE : -errno;
	return 0;
}

void
channel_drain(struct channel *channel)
{
	CHECK_OBJ(channel, CHANNEL_MAGIC);
	while (!channel->is_closed && receive(channel))
		;
}

static void
on_close(uv_handle_t *handle)
{
	struct channel *channel = handle->data;

	(void)close(channel->fd);
	channel->magic = 0;
	mem_free(channel);
}

void
channel_close(struct channel **channel)
{
	struct channel *c = *channel;

	if (c == NULL)
		return;
	CHECK_OBJ(c, CHANNEL_MAGIC);
	*channel = NULL;
	c->is_closed = true;
	uv_close((uv_handle_t *)&c->poll, on_close);
}
