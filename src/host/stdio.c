/* SPDX-License-Identifier: MIT */
/* stdio.c - a plugin whose standard input and output are the client
 * (docs/host-protocol.md, "Standard input and output").
 *
 *	client <-> session <-> [socketpair] <-> descriptors 0 and 1 of the host
 *	                  talk_*           relayed here
 *
 * One pair for each call that asks for it, so that nothing of one hook is
 * left for the next.  While the fiber waits for the host's next frame it
 * carries bytes both ways, as they come; the kernel's buffer of the pair is
 * all that is ahead.  At the end the host shuts its end down for reading,
 * which stops us, and hands back what the plugin left: that stands before the
 * client's other input.  If the host is lost, so are the bytes that it had,
 * and the session ends, since nobody knows where in the conversation it is.
 */
#include <errno.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/mem.h"
#include "hook/conv.h"
#include "host_private.h"
#include "net/conn.h"

#define STDIO_MAGIC 0x68737464u
/* In flight each way; the kernel doubles it, and counts its own records. */
#define PAIR_BYTES (16 * 1024)
#define PRINT_STEP 2048u
/* What a plugin may print in one call. */
#define PRINT_MAX (UINT64_C(64) * 1024 * 1024)

struct host_stdio {
	uint32_t magic;
	unsigned depth; /* of the call that has it */
	struct conv *conv;
	struct conn *conn;
	uint64_t given, printed;
	bool no_input;  /* the plugin's end takes no more */
	bool no_output; /* nothing comes of it any more */
	/* Of the running line of what was printed; the code of the last. */
	char head[3];
	unsigned column, code;
	struct buf unread;
};

int
stdio_open(struct hl_ctx *ctx, struct host_session *session, int *ret_fd)
{
	struct host_stdio *stdio;
	int fds[2], size = PAIR_BYTES, status;

	if (ctx->conv == NULL || ctx->conv->ops == NULL ||
	    ctx->conv->ops->talk_peek == NULL)
		return -ENOTCONN;
	if (session->stdio != NULL)
		return -EBUSY;
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds) == -1)
		return -errno;
	(void)setsockopt(fds[0], SOL_SOCKET, SO_SNDBUF, &size, sizeof(size));
	(void)setsockopt(fds[1], SOL_SOCKET, SO_SNDBUF, &size, sizeof(size));
	stdio = mem_alloc(sizeof(*stdio));
	stdio->magic = STDIO_MAGIC;
	stdio->conv = ctx->conv;
	stdio->depth = session->depth;
	status = conn_from_fd(ctx->engine->rt, fds[0], &stdio->conn);
	if (status < 0) {
		(void)close(fds[0]);
		(void)close(fds[1]);
		mem_free(stdio);
		return status;
	}
	session->stdio = stdio;
	*ret_fd = fds[1];
	return 0;
}

void
stdio_free(struct host_stdio **stdio)
{
	struct host_stdio *old = *stdio;

	*stdio = NULL;
	if (old == NULL)
		return;
	CHECK_OBJ(old, STDIO_MAGIC);
	conn_close(&old->conn);
	buf_done_secret(&old->unread);
	old->magic = 0;
	mem_free(old);
}

/* ---- from the plugin ---- */

/* The code of a final reply's line ("250 ok", "250-more"), or 0. */
static unsigned
code_of(const char *head)
{
	unsigned code = 0;

	for (unsigned i = 0; i < 3; i++) {
		if (head[i] < '0' || head[i] > '9')
			return 0;
		code = code * 10 + (unsigned)(head[i] - '0');
	}
	return (code >= 200 && code < 300) || (code >= 400 && code < 600) ? code
									  : 0;
}

/* What the last line begins with. */
static void
follow(struct host_stdio *stdio, const char *p, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (p[i] == '\n') {
			stdio->code = stdio->column == sizeof(stdio->head)
					  ? code_of(stdio->head)
					  : 0;
			stdio->column = 0;
		} else if (stdio->column < sizeof(stdio->head)) {
			stdio->head[stdio->column++] = p[i];
		}
	}
}

int
stdio_flush(struct host_session *session)
{
	struct host_stdio *stdio = session->stdio;
	char bytes[PRINT_STEP];

	while (stdio != NULL && !stdio->no_output) {
		ssize_t n = recv(
		    conn_fd(stdio->conn), bytes, sizeof(bytes), MSG_DONTWAIT);
		int status;

		if (n == -1 && errno == EINTR)
			continue;
		if (n == -1 && errno == EAGAIN)
			return 0;
		if (n <= 0) {
			stdio->no_output = true;
			return 0;
		}
		stdio->printed += (uint64_t)n;
		if (stdio->printed > PRINT_MAX)
			return -E2BIG;
		follow(stdio, bytes, (size_t)n);
		status = stdio->conv->ops->talk_say(
		    stdio->conv, (struct slice){ bytes, (size_t)n });
		if (status < 0)
			return status;
	}
	return 0;
}

/* ---- to the plugin ---- */

/* The client's bytes, as many as go.  True: there are more. */
static bool
give(struct host_stdio *stdio)
{
	const struct conv_ops *ops = stdio->conv->ops;
	int fd = conn_fd(stdio->conn);

	while (!stdio->no_input) {
		bool eof;
		struct slice in = ops->talk_peek(stdio->conv, &eof);
		ssize_t n;

		if (eof) {
			(void)shutdown(fd, SHUT_WR);
			stdio->no_input = true;
		}
		if (in.n == 0)
			return false;
		n = send(fd, in.p, in.n, MSG_DONTWAIT | MSG_NOSIGNAL);
		if (n == -1 && errno == EINTR)
			continue;
		if (n == -1 && errno == EAGAIN)
			return true;
		if (n == -1) {
			stdio->no_input = true;
			return false;
		}
		stdio->given += (uint64_t)n;
		ops->talk_take(stdio->conv, (size_t)n);
	}
	return false;
}

int
stdio_wait(struct host_session *session)
{
	struct host_stdio *stdio = session->stdio;

	while (stdio != NULL && host_link_is_empty(session->link)) {
		struct conn_wait waits[2] = {
			{ .conn = host_link_conn(session->link) },
			{ .conn = stdio->conn },
		};
		int status = stdio_flush(session);

		CHECK_OBJ(stdio, STDIO_MAGIC);
		if (status < 0)
			return status;
		waits[1].for_room = give(stdio);
		status = conn_wait_any(waits, stdio->no_output ? 1 : 2);
		if (status < 0)
			return status;
		if (waits[0].ret_ready)
			break;
	}
	return 0;
}

/* ---- the end ---- */

int
stdio_unread(struct host_session *session, struct slice bytes)
{
	struct host_stdio *stdio = session->stdio;

	if (stdio == NULL || stdio->unread.n > 0 || bytes.n > stdio->given)
		return -EPROTO;
	buf_add_secret(&stdio->unread, bytes.p, bytes.n);
	return 0;
}

unsigned
stdio_end(struct host_session *session, bool lost)
{
	struct host_stdio *stdio = session->stdio;
	struct conv *conv;
	unsigned code;

	if (stdio == NULL || stdio->depth != session->depth)
		return 0;
	CHECK_OBJ(stdio, STDIO_MAGIC);
	code = stdio->code;
	conv = stdio->conv;
	if (lost && stdio->given > 0)
		conv->ops->disconnect(conv);
	conv->ops->talk_end(conv, buf_slice(&stdio->unread));
	stdio_free(&session->stdio);
	return code;
}
