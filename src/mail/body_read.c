/* SPDX-License-Identifier: MIT */
/* body_read.c - reading a stored message at any place. */
#include "body_private.h"

#include <errno.h>
#include <string.h>

/* A small read from the file brings so much of what follows along, so that
 * reading line by line costs few system calls. */
#define WINDOW_SIZE 65536

/* How a part that lies in the file is read. */
typedef ssize_t read_file_fn(void *body, uint64_t pos, void *bytes, size_t n);

struct slice
body_peek(const struct body *body, uint64_t pos)
{
	struct body_block *const *blocks =
	    body->blocks == NULL ? body->first_blocks : body->blocks;
	size_t place, start, n;

	if (pos < body->head.n)
		return slice_from(buf_slice(&body->head), (size_t)pos);
	if (pos >= body->size || pos < body->spooled)
		return SLICE_NONE;
	place = (size_t)(pos - body->spooled);
	start = place % BODY_BLOCK_SIZE;
	n = BODY_BLOCK_SIZE - start;
	if (n > body->size - pos)
		n = (size_t)(body->size - pos);
	return (
	    struct slice){ blocks[place / BODY_BLOCK_SIZE]->bytes + start, n };
}

/* Reads all of the `n` bytes at `pos`, which are in the file. */
static ssize_t
read_full(const struct body *body, const struct body_io *io, uint64_t pos,
    char *bytes, size_t n)
{
	size_t got = 0;

	while (got < n) {
		ssize_t ret = io->read(body->fd, bytes + got, n - got,
		    pos + got, n - got >= BODY_POOL_BYTES);

		if (ret < 0)
			return ret;
		if (ret == 0)
			return -EIO;
		got += (size_t)ret;
	}
	return (ssize_t)n;
}

static int
fill_window(struct body *body, uint64_t pos)
{
	uint64_t left = body->spooled - pos;
	size_t n = left > WINDOW_SIZE ? WINDOW_SIZE : (size_t)left;
	ssize_t ret;

	buf_clear(&body->window);
	buf_reserve(&body->window, WINDOW_SIZE);
	ret = read_full(body, body->store->io, pos, body->window.p, n);
	if (ret < 0)
		return (int)ret;
	body->window.n = n;
	body->window_start = pos;
	return 0;
}

/* Up to `n` bytes at `pos` through the window. */
static ssize_t
read_window(struct body *body, uint64_t pos, char *bytes, size_t n)
{
	struct slice part;
	int ret;

	if (pos < body->window_start ||
	    pos >= body->window_start + body->window.n) {
		ret = fill_window(body, pos);
		if (ret < 0)
			return ret;
	}
	part = slice_from(
	    buf_slice(&body->window), (size_t)(pos - body->window_start));
	part = slice_head(part, n);
	memcpy(bytes, part.p, part.n);
	return (ssize_t)part.n;
}

static ssize_t
file_part(void *arg, uint64_t pos, void *bytes, size_t n)
{
	struct body *body = arg;
	ssize_t ret;

	if (n < WINDOW_SIZE)
		return read_window(body, pos, bytes, n);
	body->busy = true;
	ret = read_full(body, body->store->io, pos, bytes, n);
	body->busy = false;
	return ret;
}

static ssize_t
file_part_direct(void *arg, uint64_t pos, void *bytes, size_t n)
{
	return read_full(arg, &body_io_direct, pos, bytes, n);
}

static ssize_t
read_parts(struct body *body, uint64_t pos, char *bytes, size_t n,
    read_file_fn *read_file)
{
	size_t got = 0;

	CHECK_OBJ(body, BODY_MAGIC);
	if (body->error != 0)
		return body->error;
	while (got < n && pos < body->size) {
		struct slice part = slice_head(body_peek(body, pos), n - got);
		ssize_t ret = (ssize_t)part.n;

		if (part.n > 0) {
			memcpy(bytes + got, part.p, part.n);
		} else {
			size_t want = n - got;

			if (want > body->spooled - pos)
				want = (size_t)(body->spooled - pos);
			ret = read_file(body, pos, bytes + got, want);
			if (ret < 0)
				return ret;
		}
		got += (size_t)ret;
		pos += (uint64_t)ret;
	}
	return (ssize_t)got;
}

ssize_t
body_read(struct body *body, uint64_t pos, void *bytes, size_t n)
{
	CHECK(!body->busy);
	return read_parts(body, pos, bytes, n, file_part);
}

ssize_t
body_read_direct(struct body *body, uint64_t pos, void *bytes, size_t n)
{
	return read_parts(body, pos, bytes, n, file_part_direct);
}
