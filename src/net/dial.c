/* SPDX-License-Identifier: MIT */
/* dial.c - making outgoing connections from fibers. */
#include "net/dial.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <uv.h>

#include "base/str.h"
#include "net/conn_private.h"
#include "net/conn_tls.h"
#include "net/endpoint.h"
#include "rt/fiber.h"
#include "rt/wait.h"

/* A Unix socket whose queue is full does not become ready: tried again. */
#define DIAL_RETRY_MS 10

/* -EHOSTUNREACH the kernel has got no answer: the next address may give one. */
static int
failure(int code)
{
	return code == ETIMEDOUT ? -EHOSTUNREACH : -code;
}

/* A socket that began to connect.  Returns 0 connected, 1 under way, or
 * negative errno: -EAGAIN the peer's queue is full. */
static int
connect_begin(const struct endpoint *where, int *ret_fd)
{
	struct sockaddr_storage addr = { 0 };
	socklen_t len = (socklen_t)endpoint_to_sockaddr(where, &addr);
	const int on = 1;
	int rc = 0;
	int fd = socket(
	    addr.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	if (fd == -1)
		return -errno;
	if (where->kind == ENDPOINT_INET)
		(void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	if (connect(fd, (struct sockaddr *)&addr, len) == -1)
		rc =
		    errno == EINPROGRESS || errno == EINTR ? 1 : failure(errno);
	if (rc < 0) {
		(void)close(fd);
		return rc;
	}
	*ret_fd = fd;
	return rc;
}

static int
connect_end(struct conn *conn, struct mono until)
{
	int error = 0;
	socklen_t len = sizeof(error);
	int rc = conn__wait(conn, UV_WRITABLE, until);

	if (rc == 0 &&
	    getsockopt(conn_fd(conn), SOL_SOCKET, SO_ERROR, &error, &len) == -1)
		rc = -errno;
	return rc == 0 ? failure(error) : rc;
}

/* BLOCKS. */
static int
dial_one(struct rt *rt, const struct endpoint *where, struct mono until,
    struct conn **ret_conn)
{
	struct conn *conn;
	uint64_t ms;
	int fd = -1, begun, rc;

	while ((begun = connect_begin(where, &fd)) == -EAGAIN) {
		rc = conn__left(until, &ms);
		if (rc == 0)
			rc = fiber_sleep(DIAL_RETRY_MS);
		if (rc < 0)
			return rc;
	}
	if (begun < 0)
		return begun;
	rc = conn_from_fd(rt, fd, &conn);
	if (rc < 0) {
		(void)close(fd);
		return rc;
	}
	if (begun == 1)
		rc = connect_end(conn, until);
	if (rc < 0)
		conn_close(&conn);
	else
		*ret_conn = conn;
	return rc;
}

/* Whether the whole dial is over, not only this address. */
static bool
is_final(int rc)
{
	return rc == 0 || rc == -ETIME || rc == -ETIMEDOUT || rc == -ECANCELED;
}

/* BLOCKS. */
static int
dial_host(struct rt *rt, const struct endpoint *where, struct mono until,
    const struct dial_options *options, struct conn **ret_conn, struct err *err)
{
	struct inet_addr addrs[DIAL_ADDR_MAX];
	struct endpoint one = { .kind = ENDPOINT_INET };
	int count, rc = -EHOSTUNREACH;

	if (options == NULL || options->resolve == NULL)
		return err_set(err, -EINVAL,
		    "%s is a host name, an address "
		    "is needed here",
		    where->name);
	count = options->resolve(
	    options->resolve_arg, slice_of(where->name), addrs);
	if (count < 0)
		return err_set(err, count, "cannot resolve %s: %s", where->name,
		    conn__reason(count));
	if (count == 0)
		return err_set(err, rc, "host %s has no address", where->name);
	CHECK(count <= DIAL_ADDR_MAX);
	for (int i = 0; i < count; i++) {
		one.addr = addrs[i];
		one.addr.port = where->addr.port;
		rc = dial_one(rt, &one, until, ret_conn);
		if (is_final(rc))
			break;
	}
	return rc;
}

/* BLOCKS. */
static int
dial_endpoint(struct rt *rt, const struct endpoint *where, struct mono until,
    const struct dial_options *options, struct conn **ret_conn, struct err *err)
{
	if (where->kind == ENDPOINT_HOST)
		return dial_host(rt, where, until, options, ret_conn, err);
	return dial_one(rt, where, until, ret_conn);
}

/* The peer must be what `where` calls it.  BLOCKS. */
static int
begin_tls(const struct endpoint *where, struct mono until,
    const struct dial_options *options, struct conn **conn, struct err *err)
{
	char ip[INET_TEXT_MAX];
	struct conn_tls_options tls = { 0 };
	int rc;

	if (where->kind == ENDPOINT_HOST) {
		tls.name = where->name;
	} else if (where->kind == ENDPOINT_INET) {
		(void)inet_text(&where->addr, ip);
		tls.name = ip;
	}
	rc = conn_tls__start(*conn, options->trust, &tls, until, err);
	if (rc < 0)
		conn_close(conn);
	return rc;
}

int
conn_dial(struct rt *rt, struct slice where, uint64_t timeout_ms,
    const struct dial_options *options, struct conn **ret_conn, struct err *err)
{
	struct mono until = conn__until(timeout_ms);
	struct endpoint endpoint;
	struct err own = { 0 };
	struct conn *conn = NULL;
	int rc = endpoint_parse_dial(where, &endpoint, err);

	if (rc < 0)
		return rc;
	if (endpoint.is_tls && (options == NULL || options->trust == NULL))
		return err_set(
		    err, -ENOTSUP, "%.*s: there is no TLS here", STR(where));
	rc = fiber_check();
	if (rc == 0)
		rc = dial_endpoint(rt, &endpoint, until, options, &conn, &own);
	if (rc == 0 && endpoint.is_tls)
		rc = begin_tls(&endpoint, until, options, &conn, &own);
	if (rc == 0) {
		*ret_conn = conn;
		return 0;
	}
	return err_set(err, rc, "cannot connect to %.*s: %s", STR(where),
	    own.code != 0 ? own.text : conn__reason(rc));
}
