/* SPDX-License-Identifier: MIT */
/* api_datagram.c - plugin.h: single datagrams, e.g. to syslog. */
#include <errno.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include "base/err.h"
#include "ctx.h"
#include "needs.h"
#include "net/endpoint.h"
#include "rt/offload.h"

#define WAIT_S 1

struct datagram {
	int fd, flags;
	struct sockaddr_storage addr;
	socklen_t addr_size;
	const void *bytes;
	size_t size;
};

static int
send_now(void *arg)
{
	const struct datagram *datagram = arg;
	ssize_t n;

	do {
		n = sendto(datagram->fd, datagram->bytes, datagram->size,
		    datagram->flags | MSG_NOSIGNAL,
		    (const struct sockaddr *)&datagram->addr,
		    datagram->addr_size);
	} while (n == -1 && errno == EINTR);
	if (n == -1)
		return errno == ENOBUFS ? -EAGAIN : -errno;
	return 0;
}

static int
send_datagram(struct datagram *datagram)
{
	struct timeval wait = { .tv_sec = WAIT_S };
	int status;

	datagram->flags = MSG_DONTWAIT;
	status = send_now(datagram);
	if (status != -EAGAIN)
		return status;
	/* The other end is busy: another thread waits for it. */
	datagram->flags = 0;
	if (setsockopt(datagram->fd, SOL_SOCKET, SO_SNDTIMEO, &wait,
		sizeof(wait)) == -1)
		return -errno;
	return rt_offload(send_now, datagram);
}

int
hl_send_datagram(
    struct hl_ctx *ctx, hl_str where, const void *bytes, size_t size)
{
	struct datagram datagram = { .bytes = bytes, .size = size };
	struct endpoint endpoint;
	struct err err;
	int status = need_check(ctx, NEED_CONNECT, where);

	if (status < 0)
		return status;
	if (endpoint_parse_dial(slice_str(where), &endpoint, &err) < 0 ||
	    endpoint.kind == ENDPOINT_HOST || endpoint.is_tls)
		return -EINVAL;
	datagram.addr_size =
	    (socklen_t)endpoint_to_sockaddr(&endpoint, &datagram.addr);
	datagram.fd =
	    socket(datagram.addr.ss_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (datagram.fd == -1)
		return -errno;
	status = send_datagram(&datagram);
	(void)close(datagram.fd);
	return status;
}
