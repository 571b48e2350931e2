/* SPDX-License-Identifier: MIT */
/* link.c - one connection to a host, and frames on it. */
#include "link.h"

#include <errno.h>

#include "base/mem.h"
#include "net/conn.h"
#include "net/dial.h"
#include "wire.h"

#define LINK_MAGIC 0x686c6e6bu
#define READ_SIZE 4096u

struct host_link {
	uint32_t magic;
	int pid;
	bool has_rows;
	struct conn *conn;
	struct buf in; /* received; the first `used` bytes are done with */
	size_t used;
	struct buf out; /* wiped when sent: there may be credentials in it */
	uint64_t received;
};

/* Waits for more.  `timeout_ms` 0: the hook's deadline alone. */
static int
read_more(struct host_link *link, uint64_t timeout_ms)
{
	size_t before;
	int got;

	if (link->used > 0) {
		buf_shift(&link->in, link->used);
		link->used = 0;
	}
	before = link->in.n;
	buf_reserve(&link->in, READ_SIZE);
	got = conn_recv(link->conn, link->in.p + before, READ_SIZE, timeout_ms);
	if (got < 0)
		return got;
	if (got == 0)
		return -EPIPE;
	link->in.n = before + (size_t)got;
	link->received += (size_t)got;
	return 0;
}

static int
receive(struct host_link *link, uint64_t timeout_ms, struct slice *ret)
{
	for (;;) {
		struct slice in = slice_from(buf_slice(&link->in), link->used);
		struct slice rest = in, frame;
		int status;

		if (wire_next(&rest, &frame)) {
			link->used += in.n - rest.n;
			if (frame.n == 0 || !wire_is_list(frame))
				return -EPROTO;
			*ret = frame;
			return 0;
		}
		/* The length is looked at before so much is waited for. */
		if (in.n >= WIRE_HEAD && ((unsigned char)in.p[0] != 0 ||
					     in.n > WIRE_FRAME_MAX + WIRE_HEAD))
			return -EPROTO;
		status = read_more(link, timeout_ms);
		if (status < 0)
			return status;
	}
}

/* "hello" VERSION WHO [PID [WORDS]] */
static int
greet(struct host_link *link, uint64_t timeout_ms, struct err *err)
{
	struct slice fields, kind, version, who, pid, words, word;
	uint64_t number;
	int status = receive(link, timeout_ms, &fields);

	if (status == -ETIME || status == -ETIMEDOUT)
		return err_set(err, status, "all hosts are busy");
	if (status < 0)
		return err_set(err, status, "the host did not say hello");
	if (!wire_next(&fields, &kind) || !slice_eq_text(kind, "hello") ||
	    !wire_next(&fields, &version) || !slice_eq_text(version, "1") ||
	    !wire_next(&fields, &who))
		return err_set(
		    err, -EPROTO, "the host does not speak version 1");
	if (wire_next(&fields, &pid) &&
	    wire_number(pid, INT32_MAX, &number) == 0)
		link->pid = (int)number;
	if (!wire_next(&fields, &words))
		return 0;
	while ((word = slice_word(&words)).n > 0)
		link->has_rows |= slice_eq_text(word, "rows");
	return 0;
}

int
host_link_open(struct rt *rt, struct slice path, uint64_t timeout_ms,
    struct host_link **ret, struct err *err)
{
	struct host_link *link = mem_alloc(sizeof(*link));
	struct buf where = BUF_INIT;
	int status;

	link->magic = LINK_MAGIC;
	buf_add_text(&where, "unix:");
	buf_add_slice(&where, path);
	status = conn_dial(
	    rt, buf_slice(&where), timeout_ms, NULL, &link->conn, err);
	buf_done(&where);
	if (status == 0)
		conn_label(link->conn, "host");
	if (status == 0)
		status = greet(link, timeout_ms, err);
	if (status < 0)
		host_link_close(&link);
	else
		*ret = link;
	return status;
}

void
host_link_close(struct host_link **link)
{
	struct host_link *old = *link;

	*link = NULL;
	if (old == NULL)
		return;
	CHECK_OBJ(old, LINK_MAGIC);
	conn_close(&old->conn);
	buf_done(&old->in);
	buf_done(&old->out);
	old->magic = 0;
	mem_free(old);
}

int
host_link_pid(const struct host_link *link)
{
	CHECK_OBJ(link, LINK_MAGIC);
	return link->pid;
}

bool
host_link_is_empty(const struct host_link *link)
{
	CHECK_OBJ(link, LINK_MAGIC);
	return link->used == link->in.n;
}

struct conn *
host_link_conn(const struct host_link *link)
{
	CHECK_OBJ(link, LINK_MAGIC);
	return link->conn;
}

bool
host_link_has_rows(const struct host_link *link)
{
	CHECK_OBJ(link, LINK_MAGIC);
	return link->has_rows;
}

int
host_link_fd(const struct host_link *link)
{
	CHECK_OBJ(link, LINK_MAGIC);
	return conn_fd(link->conn);
}

int
host_link_send(struct host_link *link, struct slice fields)
{
	int status;

	CHECK_OBJ(link, LINK_MAGIC);
	if (fields.n > WIRE_FRAME_MAX)
		return -EMSGSIZE;
	buf_reserve(&link->out, WIRE_HEAD + fields.n);
	wire_add(&link->out, fields);
	status = conn_send(link->conn, link->out.p, link->out.n, 0);
	secret_wipe(link->out.p, link->out.n);
	buf_clear(&link->out);
	return status;
}

uint64_t
host_link_received(const struct host_link *link)
{
	CHECK_OBJ(link, LINK_MAGIC);
	return link->received;
}

int
host_link_send_fd(struct host_link *link, int fd)
{
	CHECK_OBJ(link, LINK_MAGIC);
	return conn_send_fd(link->conn, fd, "", 1, 0);
}

int
host_link_receive(
    struct host_link *link, uint64_t timeout_ms, struct slice *ret_fields)
{
	CHECK_OBJ(link, LINK_MAGIC);
	return receive(link, timeout_ms, ret_fields);
}
