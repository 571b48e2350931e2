/* SPDX-License-Identifier: MIT */
/* dns_channel.c - c-ares on the loop.
 *
 * c-ares calls back about its sockets (on_socket) and about its questions
 * (on_reply), from inside any of its functions.  So the channel counts how
 * deep it is in them (`busy`) and goes away only when it is out of all.
 *
 * c-ares doubles its timeout with each round; one round is all it gets here,
 * further tries are the caller's.  While something is in flight, an alarm
 * lets c-ares look at its timeouts: asking it for the next one would walk
 * all questions each time.
 */
#include "dns/dns_channel.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>

#include <ares.h>
#include <uv.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/list.h"
#include "base/mem.h"
#include "dns/dns_reply.h"
#include "rt/alarm.h"
#include "rt/rt.h"

#define CHANNEL_MAGIC 0x64636861u
#define LOOKS_A_TIMEOUT 12 /* how often timeouts are looked at */

struct dns_channel {
	uint32_t magic;
	bool is_retired;
	unsigned busy; /* depth of calls of c-ares */
	unsigned in_flight;
	uint64_t sent;
	uint64_t look_ms;
	struct rt *rt;
	ares_channel ares;
	struct list sockets;
	struct alarm alarm;
};

/* Outlives the channel: freed by the loop. */
struct dns_socket {
	struct link link;
	struct dns_channel *channel; /* NULL: closing */
	ares_socket_t fd;
	int events;
	uv_poll_t poll;
};

/* Outlives its call of ares_send; freed when c-ares has called back. */
struct dns_sending {
	struct dns_channel *channel;
	dns_channel_fn *fn;
	void *arg;
};

static void on_event(uv_poll_t *poll, int status, int events);

static void
enter(struct dns_channel *channel)
{
	channel->busy++;
}

/* The channel may be gone afterwards. */
static void
leave(struct dns_channel *channel)
{
	if (--channel->busy > 0 || !channel->is_retired ||
	    channel->in_flight > 0)
		return;
	channel->busy++; /* ares_destroy calls on_socket */
	alarm_clear(channel->rt, &channel->alarm);
	ares_destroy(channel->ares);
	CHECK(list_is_empty(&channel->sockets));
	channel->magic = 0;
	mem_free(channel);
}

static struct dns_socket *
socket_find(struct dns_channel *channel, ares_socket_t fd)
{
	LIST_FOR_EACH (link, safe, &channel->sockets) {
		struct dns_socket *found =
		    CONTAINER_OF(link, struct dns_socket, link);

		if (found->fd == fd)
			return found;
	}
	return NULL;
}

static void
on_socket_closed(uv_handle_t *handle)
{
	mem_free(handle->data);
}

/* c-ares closes the descriptor right after this; libuv lets go of it in
 * uv_close, before the callback. */
static void
socket_close(struct dns_socket *gone)
{
	list_remove(&gone->link);
	gone->channel = NULL;
	uv_close((uv_handle_t *)&gone->poll, on_socket_closed);
}

static struct dns_socket *
socket_open(struct dns_channel *channel, ares_socket_t fd)
{
	struct dns_socket *opened = mem_alloc(sizeof(*opened));

	if (uv_poll_init(rt_loop(channel->rt), &opened->poll, fd) < 0) {
		mem_free(opened); /* the question will time out */
		return NULL;
	}
	opened->channel = channel;
	opened->fd = fd;
	opened->poll.data = opened;
	list_push_back(&channel->sockets, &opened->link);
	return opened;
}

static void
on_socket(void *arg, ares_socket_t fd, int readable, int writable)
{
	struct dns_channel *channel = arg;
	struct dns_socket *found = socket_find(channel, fd);
	int events =
	    (readable ? UV_READABLE : 0) | (writable ? UV_WRITABLE : 0);

	CHECK_OBJ(channel, CHANNEL_MAGIC);
	if (events == 0) {
		if (found != NULL)
			socket_close(found);
		return;
	}
	if (found == NULL)
		found = socket_open(channel, fd);
	if (found == NULL || found->events == events)
		return;
	found->events = events;
	(void)uv_poll_start(&found->poll, events, on_event);
}

static void
on_event(uv_poll_t *poll, int status, int events)
{
	struct dns_socket *ready = poll->data;
	struct dns_channel *channel = ready->channel;
	ares_socket_t fd = ready->fd;

	CHECK_OBJ(channel, CHANNEL_MAGIC);
	if (status < 0) {
		/* An error of the socket stops libuv's polling; c-ares finds
		 * it by reading, and may go on with the socket. */
		(void)uv_poll_start(poll, ready->events, on_event);
		events = ready->events;
	}
	enter(channel);
	ares_process_fd(channel->ares,
	    events & UV_READABLE ? fd : ARES_SOCKET_BAD,
	    events & UV_WRITABLE ? fd : ARES_SOCKET_BAD);
	leave(channel);
}

static void
look_later(struct dns_channel *channel)
{
	if (channel->in_flight > 0 && !alarm_is_set(&channel->alarm))
		alarm_set(channel->rt, &channel->alarm,
		    mono_add_ms(mono_now(), channel->look_ms));
}

static void
on_alarm(struct alarm *alarm)
{
	struct dns_channel *channel =
	    CONTAINER_OF(alarm, struct dns_channel, alarm);

	enter(channel);
	ares_process_fd(channel->ares, ARES_SOCKET_BAD, ARES_SOCKET_BAD);
	look_later(channel);
	leave(channel);
}

static int
status_of(int ares_status)
{
	switch (ares_status) {
	case ARES_SUCCESS:
		return 0;
	case ARES_ETIMEOUT:
		return -ETIME;
	case ARES_ECANCELLED:
	case ARES_EDESTRUCTION:
		return -ECANCELED;
	default:
		return -EAGAIN;
	}
}

static void
on_reply(void *arg, int ares_status, int timeouts, unsigned char *bytes, int n)
{
	struct dns_sending sending = *(struct dns_sending *)arg;
	struct dns_channel *channel = sending.channel;
	int status = status_of(ares_status);

	(void)timeouts;
	CHECK_OBJ(channel, CHANNEL_MAGIC);
	mem_free(arg);
	channel->in_flight--;
	if (channel->in_flight == 0)
		alarm_clear(channel->rt, &channel->alarm);
	if (status == 0 && (bytes == NULL || n < 0))
		status = -EAGAIN;
	sending.fn(sending.arg, status, status == 0 ? bytes : NULL,
	    status == 0 ? (size_t)n : 0);
}

/* "192.0.2.1:53,[2001:db8::1]:53" */
static int
set_servers(ares_channel ares, const struct inet_addr *servers, unsigned count)
{
	struct buf csv = BUF_INIT;
	char text[INET_TEXT_MAX];
	int rc;

	for (unsigned i = 0; i < count; i++) {
		(void)inet_text(&servers[i], text);
		buf_printf(&csv,
		    servers[i].family == INET_V6 ? "%s[%s]:%u" : "%s%s:%u",
		    i > 0 ? "," : "", text,
		    servers[i].port != 0 ? servers[i].port : 53);
	}
	rc = ares_set_servers_ports_csv(ares, csv.p);
	buf_done(&csv);
	return rc;
}

int
dns_channel_open(struct rt *rt, const struct dns_channel_options *options,
    struct dns_channel **ret_channel, struct err *err)
{
	struct dns_channel *channel = mem_alloc(sizeof(*channel));
	char *resolv_conf = mem_dup(slice_of(options->resolv_conf));
	struct ares_options wanted = {
		.flags =
		    ARES_FLAG_NOSEARCH | ARES_FLAG_NOALIASES | ARES_FLAG_EDNS,
		.timeout = (int)options->timeout_ms,
		.tries = 1,
		.ednspsz = DNS_EDNS_SIZE,
		.sock_state_cb = on_socket,
		.sock_state_cb_data = channel,
		.resolvconf_path = resolv_conf,
	};
	int rc;

	list_init(&channel->sockets);
	channel->magic = CHANNEL_MAGIC;
	channel->rt = rt;
	channel->alarm.fn = on_alarm;
	channel->look_ms = options->timeout_ms / LOOKS_A_TIMEOUT + 1;
	rc = ares_init_options(&channel->ares, &wanted,
	    ARES_OPT_FLAGS | ARES_OPT_TIMEOUTMS | ARES_OPT_TRIES |
		ARES_OPT_EDNSPSZ | ARES_OPT_SOCK_STATE_CB |
		ARES_OPT_RESOLVCONF);
	mem_free(resolv_conf);
	if (rc == ARES_SUCCESS && options->server_count > 0) {
		rc = set_servers(
		    channel->ares, options->servers, options->server_count);
		if (rc != ARES_SUCCESS)
			ares_destroy(channel->ares);
	}
	if (rc != ARES_SUCCESS) {
		mem_free(channel);
		return err_set(err, -EINVAL, "resolver: %s", ares_strerror(rc));
	}
	*ret_channel = channel;
	return 0;
}

void
dns_channel_send(struct dns_channel *channel, const uint8_t *query, size_t n,
    dns_channel_fn *fn, void *arg)
{
	struct dns_sending *sending = mem_alloc(sizeof(*sending));

	CHECK_OBJ(channel, CHANNEL_MAGIC);
	sending->channel = channel;
	sending->fn = fn;
	sending->arg = arg;
	channel->in_flight++;
	channel->sent++;
	enter(channel);
	ares_send(channel->ares, query, (int)n, on_reply, sending);
	look_later(channel);
	leave(channel);
}

unsigned
dns_channel_in_flight(const struct dns_channel *channel)
{
	CHECK_OBJ(channel, CHANNEL_MAGIC);
	return channel->in_flight;
}

uint64_t
dns_channel_sent(const struct dns_channel *channel)
{
	CHECK_OBJ(channel, CHANNEL_MAGIC);
	return channel->sent;
}

void
dns_channel_retire(struct dns_channel **channel_p)
{
	struct dns_channel *channel = *channel_p;

	*channel_p = NULL;
	if (channel == NULL)
		return;
	CHECK_OBJ(channel, CHANNEL_MAGIC);
	channel->is_retired = true;
	enter(channel);
	leave(channel);
}

void
dns_channel_abort(struct dns_channel *channel)
{
	CHECK_OBJ(channel, CHANNEL_MAGIC);
	enter(channel);
	ares_cancel(channel->ares);
	leave(channel);
}
