/* SPDX-License-Identifier: MIT */
/* conn_note.c - what stays with a connection while it lies in a pool. */
#include <string.h>
#include <sys/socket.h>

#include "base/buf.h"
#include "net/conn.h"
#include "net/conn_private.h"

void
conn_set_note(struct conn *conn, const void *bytes, size_t n)
{
	CHECK_OBJ(conn, CONN_MAGIC);
	CHECK(n <= CONN_NOTE_MAX);
	buf_clear(&conn->note);
	buf_add(&conn->note, bytes, n);
}

size_t
conn_note(const struct conn *conn, void *ret, size_t size)
{
	CHECK_OBJ(conn, CONN_MAGIC);
	if (size > conn->note.n)
		size = conn->note.n;
	if (size > 0)
		memcpy(ret, conn->note.p, size);
	return conn->note.n;
}

void
conn_set_farewell(struct conn *conn, const void *bytes, size_t n)
{
	CHECK_OBJ(conn, CONN_MAGIC);
	CHECK(n <= CONN_NOTE_MAX);
	buf_clear(&conn->farewell);
	buf_add(&conn->farewell, bytes, n);
}

void
conn_say_farewell(struct conn *conn)
{
	CHECK_OBJ(conn, CONN_MAGIC);
	if (conn->is_broken || conn->farewell.n == 0)
		return;
	if (conn->tls != NULL)
		conn_tls__try_write(
		    conn->tls, conn->farewell.p, conn->farewell.n);
	else
		(void)send(conn->fd, conn->farewell.p, conn->farewell.n,
		    MSG_DONTWAIT | MSG_NOSIGNAL);
}
