/* SPDX-License-Identifier: MIT */
/* state_client.c - a command's connection to the state process of a server.
 */
#include "state_client.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/mem.h"
#include "unix_connect.h"

#define READ_STEP (64u * 1024)

struct state_client {
	int fd;
	uint32_t last_id;
	struct buf in;
	size_t taken; /* of `in`: the answer that is lent */
};

static int
lost(struct err *err)
{
	if (errno == EAGAIN)
		return err_set(err, -ETIMEDOUT,
		    "the state process does not answer; look at the server's "
		    "log");
	return err_set(err, -EPIPE,
	    "the state process went away; look at the server's log, or is it "
	    "of another version?");
}

/* The next frame. */
static int
read_answer(
    struct state_client *client, struct state_response *ret, struct err *err)
{
	buf_shift(&client->in, client->taken);
	client->taken = 0;
	for (;;) {
		struct slice in = buf_slice(&client->in);
		int rc = state_response_read(&in, ret);
		ssize_t n;

		if (rc == 1) {
			client->taken = client->in.n - in.n;
			return 0;
		}
		if (rc < 0)
			return err_set(err, rc,
			    "the state process does not speak our protocol; is "
			    "it of another version?");
		buf_reserve(&client->in, READ_STEP);
		errno = 0;
		n = read(client->fd, client->in.p + client->in.n, READ_STEP);
		if (n <= 0)
			return lost(err);
		client->in.n += (size_t)n;
	}
}

static int
greet(struct state_client *client, struct err *err)
{
	struct timeval patience = { .tv_sec = STATE_CLIENT_S };
	struct state_response hello;
	int rc;

	(void)setsockopt(
	    client->fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
	(void)setsockopt(
	    client->fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience));
	rc = read_answer(client, &hello, err);
	if (rc == 0 && (hello.id != 0 || hello.status != STATE_VERSION))
		rc = err_set(err, -EPROTO,
		    "the state process is of another version than this "
		    "command");
	return rc;
}

int
state_client_open(
    const char *state_dir, struct state_client **ret, struct err *err)
{
	int fd = unix_connect(state_dir, STATE_SOCKET, err), rc;
	struct state_client *client;

	if (fd < 0)
		return fd;
	client = mem_alloc(sizeof(*client));
	client->fd = fd;
	rc = greet(client, err);
	if (rc < 0)
		state_client_close(&client);
	else
		*ret = client;
	return rc;
}

void
state_client_close(struct state_client **client_p)
{
	struct state_client *client = *client_p;

	*client_p = NULL;
	if (client == NULL)
		return;
	(void)close(client->fd);
	buf_done(&client->in);
	mem_free(client);
}

static int
send_all(struct state_client *client, struct slice out, struct err *err)
{
	while (out.n > 0) {
		ssize_t n = send(client->fd, out.p, out.n, MSG_NOSIGNAL);

		if (n < 0)
			return lost(err);
		out = slice_from(out, (size_t)n);
	}
	return 0;
}

int
state_client_ask(struct state_client *client, struct state_request *request,
    struct state_response *ret, struct err *err)
{
	struct buf out = BUF_INIT;
	int rc = state_request_check(request);

	if (rc < 0)
		return err_set(err, rc, "%s", strerror(-rc));
	request->id = ++client->last_id;
	state_request_write(&out, request);
	rc = send_all(client, buf_slice(&out), err);
	buf_done(&out);
	if (rc == 0)
		rc = read_answer(client, ret, err);
	if (rc != 0)
		return rc;
	if (ret->status < 0 && ret->status != -EEXIST)
		return err_set(err, ret->status,
		    "the state process says: %s; look at the server's log",
		    strerror(-ret->status));
	return ret->status;
}

int
state_client_get(struct state_client *client, const char *table,
    struct slice key, struct buf *ret, struct err *err)
{
	struct state_request request = {
		.op = STATE_GET, .table = slice_of(table), .key = key
	};
	struct state_response response = { .id = 0 };
	int rc = state_client_ask(client, &request, &response, err);

	buf_clear(ret);
	if (rc > 0)
		buf_add_slice(ret, response.value);
	return rc;
}

int
state_client_swap(struct state_client *client,
    const struct state_request *request, struct err *err)
{
	struct state_request swap = *request;
	struct state_response response;

	swap.op = STATE_SWAP;
	return state_client_ask(client, &swap, &response, err);
}

int
state_client_delete(struct state_client *client, const char *table,
    struct slice key, struct err *err)
{
	struct state_request request = {
		.op = STATE_DELETE, .table = slice_of(table), .key = key
	};
	struct state_response response;

	return state_client_ask(client, &request, &response, err);
}

/* The rows of one answer; the last key goes to `last`. */
static int
each_of(struct slice rows, struct buf *last, state_row_fn *fn, void *arg,
    struct err *err)
{
	struct state_row row;
	int status = 0;

	while (status >= 0 && state_row_read(&rows, &row) == 1) {
		buf_clear(last);
		buf_add_slice(last, row.key);
		status = fn(arg, &row, err);
	}
	if (status >= 0 && rows.n > 0)
		return err_set(err, -EPROTO,
		    "the state process lists rows "
		    "that are none");
	return status < 0 ? status : 0;
}

int
state_client_each(struct state_client *client, const char *table,
    state_row_fn *fn, void *arg, struct err *err)
{
	struct buf last = BUF_INIT, rows = BUF_INIT;
	struct state_response response = { .number = 1 };
	int rc = 0;

	while (rc >= 0 && response.number == 1) {
		struct state_request request = { .op = STATE_LIST,
			.table = slice_of(table),
			.key = buf_slice(&last) };

		rc = state_client_ask(client, &request, &response, err);
		if (rc < 0)
			break;
		buf_clear(&rows);
		buf_add_slice(&rows, response.value);
		rc = each_of(buf_slice(&rows), &last, fn, arg, err);
	}
	buf_done(&rows);
	buf_done(&last);
	return rc < 0 ? rc : 0;
}
