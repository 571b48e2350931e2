/* SPDX-License-Identifier: MIT */
/* conn.c - an outgoing connection, used from fibers.
 *
 * conn_read and conn_write are what touches the socket's bytes, with the
 * farewell of a pool (conn_note.c); once there is TLS, conn_tls.c does.
 */
#include "net/conn.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <uv.h>

#include "base/buf.h"
#include "base/mem.h"
#include "net/conn_private.h"
#include "net/conn_tls.h"
#include "rt/fiber.h"

#define CONN_READ_STEP 4096u

const char *
conn__reason(int code)
{
	const char *text = strerrordesc_np(-code);

	return text != NULL ? text : "unknown error";
}

int
conn_from_fd(struct rt *rt, int fd, struct conn **ret_conn)
{
	struct conn *conn;
	int flags = fcntl(fd, F_GETFL);

	if (flags == -1 || (!(flags & O_NONBLOCK) &&
			       fcntl(fd, F_SETFL, flags | O_NONBLOCK) == -1))
		return -errno;
	conn = mem_alloc(sizeof(*conn));
	conn->magic = CONN_MAGIC;
	conn->fd = fd;
	conn->rt = rt;
	*ret_conn = conn;
	return 0;
}

/* Every call ends here: remembers what it means for the connection. */
static int
recv_ended(struct conn *conn, int rc)
{
	conn->is_pending = rc == -ETIME;
	if (rc < 0 && rc != -ETIME)
		conn->is_broken = true;
	return rc;
}

static int
send_ended(struct conn *conn, int rc)
{
	if (rc < 0)
		conn->is_broken = true;
	return rc;
}

/* Returns bytes, 0 at the end of file, or negative errno. */
static ssize_t
conn_read(struct conn *conn, void *buf, size_t size, struct mono until)
{
	ssize_t n;
	int rc;

	if (conn->tls != NULL)
		return conn_tls__read(conn->tls, buf, size, until);
	for (;;) {
		n = recv(conn->fd, buf, size, 0);
		if (n >= 0)
			return n;
		if (errno == EINTR)
			continue;
		if (errno != EAGAIN)
			return conn__failure(errno);
		rc = conn__wait(conn, UV_READABLE, until);
		if (rc < 0)
			return rc;
	}
}

static int
conn_write(struct conn *conn, struct msghdr *msg, struct mono until)
{
	ssize_t n;
	int rc;

	while (msg->msg_iov->iov_len > 0) {
		n = sendmsg(conn->fd, msg, MSG_NOSIGNAL);
		if (n >= 0) {
			char *base = msg->msg_iov->iov_base;

			msg->msg_iov->iov_base = base + n;
			msg->msg_iov->iov_len -= (size_t)n;
			/* A descriptor goes with the first byte. */
			msg->msg_control = NULL;
			msg->msg_controllen = 0;
			continue;
		}
		if (errno == EINTR)
			continue;
		if (errno != EAGAIN)
			return conn__failure(errno);
		rc = conn__wait(conn, UV_WRITABLE, until);
		if (rc < 0)
			return rc;
	}
	return 0;
}

size_t
conn__buffered(const struct conn *conn)
{
	return conn->in.n - conn->taken;
}

/* At most `size` bytes that were read ahead. */
static size_t
take_buffered(struct conn *conn, void *buf, size_t size)
{
	size_t n = conn__buffered(conn);

	if (n > size)
		n = size;
	if (n > 0)
		memcpy(buf, conn->in.p + conn->taken, n);
	conn->taken += n;
	return n;
}

static ssize_t
recv_some(struct conn *conn, void *buf, size_t size, struct mono until)
{
	if (conn__buffered(conn) > 0)
		return (ssize_t)take_buffered(conn, buf, size);
	return conn_read(conn, buf, size, until);
}

static int
begin(struct conn *conn)
{
	CHECK_OBJ(conn, CONN_MAGIC);
	return fiber_check();
}

int
conn_recv(struct conn *conn, void *buf, size_t size, uint64_t timeout_ms)
{
	int rc = begin(conn);

	if (size > INT32_MAX)
		size = INT32_MAX;
	if (rc == 0)
		rc = (int)recv_some(conn, buf, size, conn__until(timeout_ms));
	return recv_ended(conn, rc);
}

int
conn_recv_all(struct conn *conn, void *buf, size_t size, uint64_t timeout_ms)
{
	struct mono until = conn__until(timeout_ms);
	int rc = begin(conn);
	size_t have = 0;

	while (rc == 0 && have < size) {
		ssize_t n =
		    recv_some(conn, (char *)buf + have, size - have, until);

		if (n > 0)
			have += (size_t)n;
		else
			rc = n == 0 ? -EPIPE : (int)n;
	}
	/* What came is lost to the caller, so trying again makes no sense. */
	if (rc == -ETIME && have > 0)
		conn->is_broken = true;
	return recv_ended(conn, rc);
}

/* Takes a line off what was read ahead, if there is a whole one. */
static bool
take_line(struct conn *conn, struct slice *ret_line)
{
	struct slice rest = slice_from(buf_slice(&conn->in), conn->taken);
	size_t lf = slice_find(rest, '\n');
	struct slice line = slice_head(rest, lf);

	if (lf == rest.n)
		return false;
	conn->taken += lf + 1;
	if (slice_ends(line, "\r"))
		line.n--;
	*ret_line = line;
	return true;
}

static int
recv_line(struct conn *conn, struct mono until, struct slice *ret_line)
{
	ssize_t n;

	while (!take_line(conn, ret_line)) {
		if (conn__buffered(conn) >= CONN_LINE_MAX)
			return -EMSGSIZE;
		buf_shift(&conn->in, conn->taken);
		conn->taken = 0;
		buf_reserve(&conn->in, CONN_READ_STEP);
		n = conn_read(
		    conn, conn->in.p + conn->in.n, CONN_READ_STEP, until);
		if (n > 0) {
			conn->in.n += (size_t)n;
			continue;
		}
		if (n == 0) {
			*ret_line = buf_slice(&conn->in);
			conn->taken = conn->in.n;
		}
		return (int)n;
	}
	return 1;
}

int
conn_recv_line(struct conn *conn, uint64_t timeout_ms, struct slice *ret_line)
{
	int rc = begin(conn);

	if (rc == 0)
		rc = recv_line(conn, conn__until(timeout_ms), ret_line);
	return recv_ended(conn, rc);
}

int
conn_send(struct conn *conn, const void *bytes, size_t n, uint64_t timeout_ms)
{
	struct iovec iov = {
		.iov_base = (char *)(uintptr_t)bytes,
		.iov_len = n,
	};
	struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1 };
	struct mono until = conn__until(timeout_ms);
	int rc = begin(conn);

	if (rc == 0 && conn->tls != NULL)
		rc = conn_tls__write(conn->tls, bytes, n, until);
	else if (rc == 0)
		rc = conn_write(conn, &msg, until);
	return send_ended(conn, rc);
}

int
conn_send_fd(
    struct conn *conn, int fd, const void *bytes, size_t n, uint64_t timeout_ms)
{
	union {
		struct cmsghdr header;
		char space[CMSG_SPACE(sizeof(int))];
	} control = { .space = { 0 } };
	struct iovec iov = {
		.iov_base = (char *)(uintptr_t)bytes,
		.iov_len = n,
	};
	struct msghdr msg = {
		.msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = control.space,
		.msg_controllen = sizeof(control.space),
	};
	int rc = begin(conn);

	CHECK(n > 0);
	if (rc == 0 && conn->tls != NULL)
		return -EINVAL;
	control.header.cmsg_level = SOL_SOCKET;
	control.header.cmsg_type = SCM_RIGHTS;
	control.header.cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(&control.header), &fd, sizeof(fd));
	if (rc == 0)
		rc = conn_write(conn, &msg, conn__until(timeout_ms));
	return send_ended(conn, rc);
}

int
conn_shutdown(struct conn *conn)
{
	int rc = 0;

	CHECK_OBJ(conn, CONN_MAGIC);
	if (conn->tls != NULL)
		rc = conn_tls__shutdown(conn->tls);
	if (rc == 0 && shutdown(conn->fd, SHUT_WR) == -1)
		rc = -errno;
	if (rc < 0)
		return send_ended(conn, rc);
	/* It can receive, but is of no use for another exchange. */
	conn->is_broken = true;
	return 0;
}

bool
conn_is_idle(struct conn *conn)
{
	char byte;

	CHECK_OBJ(conn, CONN_MAGIC);
	if (conn->is_broken || conn->is_pending || conn__buffered(conn) > 0)
		return false;
	buf_done(&conn->in);
	conn->taken = 0;
	if (conn->tls != NULL)
		return conn_tls__is_idle(conn->tls);
	return recv(conn->fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT) == -1 &&
	       errno == EAGAIN;
}

int
conn_fd(const struct conn *conn)
{
	CHECK_OBJ(conn, CONN_MAGIC);
	return conn->fd;
}

static void
on_closed(uv_handle_t *handle)
{
	mem_free(handle->data);
}

void
conn_close(struct conn **conn_p)
{
	struct conn *conn = *conn_p;

	*conn_p = NULL;
	if (conn == NULL)
		return;
	CHECK_OBJ(conn, CONN_MAGIC);
	CHECK(conn->fiber == NULL);
	conn->magic = 0;
	conn_tls__free(&conn->tls);
	buf_done(&conn->in);
	buf_done(&conn->note);
	buf_done(&conn->farewell);
	if (conn->is_watched)
		uv_close((uv_handle_t *)&conn->poll, on_closed);
	/* The poll handle has let go of it. */
	(void)close(conn->fd);
	if (!conn->is_watched)
		mem_free(conn);
}
