/* SPDX-License-Identifier: MIT */
/* listener.c - accepting connections on an inherited listening socket.
 *
 * An accept4 that finds nothing is not cheap (the kernel makes and drops a
 * socket and a file), and most often one connection waits.  So a turn
 * accepts `batch` connections and asks no further; the batch is 1 at rest,
 * doubles after each LISTENER_STREAK turns in a row that used it up, and falls
 * back to what was there when the queue runs empty.
 */
#include "net/listener.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdint.h>
#include <sys/socket.h>
#include <unistd.h>

#include <uv.h>

#include "base/clock.h"
#include "base/mem.h"
#include "rt/alarm.h"
#include "rt/rt.h"

#define LISTENER_MAGIC 0x6c69736eu
#define LISTENER_STREAK 16

struct listener {
	uint32_t magic;
	int fd;
	bool is_started;
	bool is_any;       /* bound to a wildcard: ask for each local address */
	bool is_closed;    /* freed when libuv is through with the handle */
	unsigned batch;    /* connections accepted in one turn */
	unsigned streak;   /* turns in a row that used the batch up */
	unsigned pause_ms; /* of the last pause, 0: the last accept went well */
	struct rt *rt;
	const struct listener_events *events;
	void *owner;
	struct inet_addr local;
	struct alarm alarm; /* set: paused */
	uv_poll_t poll;
};

static void on_connections(uv_poll_t *poll, int status, int events);

static bool
addr_is_any(const struct inet_addr *addr)
{
	static const struct inet_addr any;

	for (unsigned i = 0; i < sizeof(addr->bytes); i++) {
		if (addr->bytes[i] != any.bytes[i])
			return false;
	}
	return addr->family != INET_UNIX;
}

/* The address that `fd` has on our side. */
static int
local_addr(int fd, struct inet_addr *ret)
{
	struct sockaddr_storage addr = { 0 };
	socklen_t len = sizeof(addr);

	if (getsockname(fd, (struct sockaddr *)&addr, &len) == -1)
		return -errno;
	return inet_from_sockaddr(&addr, ret);
}

/* Accepts one.  Returns 1; 0 the queue is empty; negative errno. */
static int
accept_one(struct listener *listener)
{
	struct sockaddr_storage addr = { 0 };
	socklen_t len = sizeof(addr);
	struct inet_addr peer, local = listener->local;
	int fd;

	do {
		fd = accept4(listener->fd, (struct sockaddr *)&addr, &len,
		    SOCK_NONBLOCK | SOCK_CLOEXEC);
		/* The client went away while it waited. */
	} while (fd == -1 &&
		 (errno == EINTR || errno == ECONNABORTED || errno == EPROTO));
	if (fd == -1)
		return errno == EAGAIN ? 0 : -errno;
	if (inet_from_sockaddr(&addr, &peer) < 0)
		peer = (struct inet_addr){ .family = INET_UNIX };
	if (listener->is_any && local_addr(fd, &local) < 0)
		local = listener->local;
	listener->events->on_accept(listener->owner, fd, &peer, &local);
	return 1;
}

static void
poll_start(struct listener *listener)
{
	int rc = uv_poll_start(&listener->poll, UV_READABLE, on_connections);

	CHECK(rc == 0); /* fails only for handles that are closing */
}

static void
on_pause_over(struct alarm *alarm)
{
	struct listener *listener = CONTAINER_OF(alarm, struct listener, alarm);

	poll_start(listener);
}

static void
listener_pause(struct listener *listener, int err)
{
	unsigned ms = listener->pause_ms * 2;

	if (ms == 0)
		ms = LISTENER_PAUSE_MIN_MS;
	if (ms > LISTENER_PAUSE_MAX_MS)
		ms = LISTENER_PAUSE_MAX_MS;
	listener->pause_ms = ms;
	(void)uv_poll_stop(&listener->poll); /* cannot fail */
	alarm_set(listener->rt, &listener->alarm, mono_add_ms(mono_now(), ms));
	if (listener->events->on_error != NULL)
		listener->events->on_error(listener->owner, err, ms);
}

/* `n` connections were accepted in this turn. */
static void
batch_adapt(struct listener *listener, unsigned n)
{
	if (n < listener->batch) {
		listener->batch = n > 0 ? n : 1;
		listener->streak = 0;
	} else if (++listener->streak == LISTENER_STREAK) {
		listener->streak = 0;
		if (listener->batch < LISTENER_BATCH)
			listener->batch *= 2;
		if (listener->batch > LISTENER_BATCH)
			listener->batch = LISTENER_BATCH;
	}
}

static void
on_connections(uv_poll_t *poll, int status, int events)
{
	struct listener *listener = poll->data;
	unsigned n = 0;
	int rc = status;

	(void)events;
	CHECK_OBJ(listener, LISTENER_MAGIC);
	while (rc >= 0 && listener->is_started && n < listener->batch) {
		rc = accept_one(listener);
		if (rc == 0)
			break;
		n += rc > 0;
	}
	if (n > 0)
		listener->pause_ms = 0;
	if (!listener->is_started)
		return;
	if (rc < 0)
		listener_pause(listener, rc);
	else
		batch_adapt(listener, n);
}

int
listener_open(struct rt *rt, int fd, const struct listener_events *events,
    void *owner, struct listener **ret_listener)
{
	struct listener *listener;
	struct inet_addr local = { 0 };
	const int on = 1;
	int rc = local_addr(fd, &local);

	if (rc < 0)
		return rc;
	listener = mem_alloc(sizeof(*listener));
	rc = uv_poll_init(rt_loop(rt), &listener->poll, fd);
	if (rc < 0) {
		/* libuv knows nothing of a handle whose init failed. */
		mem_free(listener);
		return rc;
	}
	if (local.family != INET_UNIX)
		(void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	listener->magic = LISTENER_MAGIC;
	listener->fd = fd;
	listener->rt = rt;
	listener->events = events;
	listener->owner = owner;
	listener->local = local;
	listener->is_any = addr_is_any(&local);
	listener->batch = 1;
	listener->alarm.fn = on_pause_over;
	listener->poll.data = listener;
	*ret_listener = listener;
	return 0;
}

void
listener_start(struct listener *listener)
{
	CHECK_OBJ(listener, LISTENER_MAGIC);
	if (listener->is_started)
		return;
	listener->is_started = true;
	listener->pause_ms = 0;
	poll_start(listener);
}

void
listener_stop(struct listener *listener)
{
	CHECK_OBJ(listener, LISTENER_MAGIC);
	if (!listener->is_started)
		return;
	listener->is_started = false;
	alarm_clear(listener->rt, &listener->alarm);
	(void)uv_poll_stop(&listener->poll); /* cannot fail */
}

bool
listener_is_started(const struct listener *listener)
{
	CHECK_OBJ(listener, LISTENER_MAGIC);
	return listener->is_started;
}

int
listener_accept_all(struct listener *listener)
{
	int rc;

	CHECK_OBJ(listener, LISTENER_MAGIC);
	do {
		rc = accept_one(listener);
	} while (rc > 0 && !listener->is_closed);
	return rc;
}

int
listener_fd(const struct listener *listener)
{
	CHECK_OBJ(listener, LISTENER_MAGIC);
	return listener->fd;
}

static void
on_closed(uv_handle_t *handle)
{
	mem_free(handle->data);
}

void
listener_close(struct listener **listener_p)
{
	struct listener *listener = *listener_p;

	*listener_p = NULL;
	if (listener == NULL)
		return;
	listener_stop(listener);
	listener->is_closed = true;
	uv_close((uv_handle_t *)&listener->poll, on_closed);
	/* The poll handle has let go of it. */
	(void)close(listener->fd);
}
