/* SPDX-License-Identifier: MIT */
/* conn_wait.c - fibers that wait for a connection's descriptor.
 *
 * The descriptor is watched only from the first time that a call has to wait.
 * It then stays in the loop's set as it is: the usual exchange waits for
 * reading again and again, which costs no further call.  When the loop finds
 * it ready and nobody waits, it is taken out.
 */
#include <uv.h>

#include "base/clock.h"
#include "net/conn.h"
#include "net/conn_private.h"
#include "rt/fiber.h"
#include "rt/rt.h"

struct mono
conn__until(uint64_t timeout_ms)
{
	if (timeout_ms == 0)
		return (struct mono){ 0 };
	return mono_add_ms(mono_now(), timeout_ms);
}

int
conn__left(struct mono until, uint64_t *ret_ms)
{
	uint64_t us;

	if (until.ns == 0) {
		*ret_ms = 0;
		return 0;
	}
	us = mono_since_us(until, mono_now());
	if (us == 0)
		return -ETIME;
	*ret_ms = us / 1000 + 1;
	return 0;
}

static void
unwatch(struct conn *conn)
{
	conn->watched = 0;
	(void)uv_poll_stop(&conn->poll); /* cannot fail */
}

static void
on_ready(uv_poll_t *poll, int status, int events)
{
	struct conn *conn = poll->data;

	(void)events;
	CHECK_OBJ(conn, CONN_MAGIC);
	/* An error of the socket: libuv has stopped already; the call that is
	 * tried again reports it. */
	if (status < 0 || conn->fiber == NULL)
		unwatch(conn);
	if (conn->fiber == NULL || conn->is_ready)
		return;
	conn->is_ready = true;
	fiber_wake(conn->fiber);
}

static int
watch(struct conn *conn, int events)
{
	int rc;

	if (!conn->is_watched) {
		rc = uv_poll_init(rt_loop(conn->rt), &conn->poll, conn->fd);
		if (rc < 0)
			return rc;
		conn->poll.data = conn;
		conn->is_watched = true;
	}
	if (conn->watched == events)
		return 0;
	rc = uv_poll_start(&conn->poll, events, on_ready);
	conn->watched = rc == 0 ? events : 0;
	return rc;
}

int
conn__wait(struct conn *conn, int events, struct mono until)
{
	uint64_t ms;
	int rc = watch(conn, events);

	if (rc < 0)
		return rc;
	CHECK(conn->fiber == NULL);
	conn->fiber = fiber_self();
	CHECK(conn->fiber != NULL);
	conn->is_ready = false;
	while (!conn->is_ready) {
		rc = conn__left(until, &ms);
		if (rc < 0)
			break;
		fiber_label_wait(
		    conn->label != NULL ? conn->label : "connection");
		rc = fiber_block(ms);
		if (rc < 0)
			break;
	}
	conn->fiber = NULL;
	return conn->is_ready ? 0 : rc;
}

void
conn_label(struct conn *conn, const char *what)
{
	CHECK_OBJ(conn, CONN_MAGIC);
	conn->label = what;
}

int
conn_wait_any(struct conn_wait *waits, size_t n)
{
	int rc = fiber_check();

	for (size_t i = 0; i < n; i++) {
		struct conn *conn = waits[i].conn;

		CHECK_OBJ(conn, CONN_MAGIC);
		CHECK(conn->fiber == NULL && conn->tls == NULL);
		if (rc == 0)
			rc = watch(
			    conn, UV_READABLE |
				      (waits[i].for_room ? UV_WRITABLE : 0));
		conn->fiber = fiber_self();
		conn->is_ready = false;
	}
	fiber_label_wait(
	    waits[0].conn->label != NULL ? waits[0].conn->label : "connection");
	if (rc == 0)
		rc = fiber_block(0);
	for (size_t i = 0; i < n; i++) {
		waits[i].conn->fiber = NULL;
		waits[i].ret_ready = waits[i].conn->is_ready;
	}
	return rc;
}
