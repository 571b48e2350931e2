/* SPDX-License-Identifier: MIT */
/* body_reader.c - the received bytes in order, line ends at choice.
 *
 * A CR is only consumed together with the byte that decides about it; since
 * reads have a position, one that ends in a CR simply goes on at the CR.
 */
#include "message_reader.h"

#include "body.h"
#include "line_end_private.h"

void
body_reader_init(struct body_reader *reader, struct body *body, uint64_t pos,
    enum line_end line_end)
{
	*reader = (struct body_reader){
		.body = body,
		.pos = pos,
		.line_end = line_end,
	};
}

static ssize_t
read_raw(struct body_reader *reader, void *bytes, size_t n)
{
	if (reader->direct)
		return body_read_direct(reader->body, reader->pos, bytes, n);
	return body_read(reader->body, reader->pos, bytes, n);
}

/* How much of `n` bytes at the reader's place is text. */
static size_t
text_part(const struct body_reader *reader, size_t n)
{
	uint64_t left = reader->body->text_end - reader->pos;

	return n > left ? (size_t)left : n;
}

static bool
is_text_end(const struct body_reader *reader, size_t n)
{
	uint64_t end = reader->pos + n;

	return end == reader->body->size || end == reader->body->text_end;
}

/* The next byte is a CR that was read alone: with what follows it. */
static ssize_t
read_after_cr(struct body_reader *reader, char *ret_byte)
{
	char pair[2];
	ssize_t n = read_raw(reader, pair, text_part(reader, sizeof(pair)));

	if (n <= 0)
		return n;
	if (n == 2 && pair[0] == '\r' && pair[1] == '\n') {
		*ret_byte = '\n';
		reader->pos += 2;
	} else {
		*ret_byte = pair[0];
		reader->pos++;
	}
	return 1;
}

/* Straight from a block of memory, if that is where the bytes are. */
static size_t
read_memory(struct body_reader *reader, char *bytes, size_t n)
{
	struct slice part = body_peek(reader->body, reader->pos);
	size_t used, done;

	part = slice_head(part, text_part(reader, part.n));
	done =
	    line_end_copy(part, is_text_end(reader, part.n), bytes, n, &used);
	reader->pos += used;
	return done;
}

static ssize_t
read_lf(struct body_reader *reader, char *bytes, size_t n)
{
	size_t done = read_memory(reader, bytes, n);
	ssize_t got;
	size_t used;

	if (done > 0)
		return (ssize_t)done;
	got = read_raw(reader, bytes, text_part(reader, n));
	if (got <= 0)
		return got;
	done = line_end_copy((struct slice){ bytes, (size_t)got },
	    is_text_end(reader, (size_t)got), bytes, n, &used);
	reader->pos += used;
	return done > 0 ? (ssize_t)done : read_after_cr(reader, bytes);
}

ssize_t
body_reader_read(struct body_reader *reader, void *bytes, size_t n)
{
	ssize_t got;

	CHECK(n > 0);
	if (reader->line_end == LINE_LF && reader->pos < reader->body->text_end)
		return read_lf(reader, bytes, n);
	got = read_raw(reader, bytes, n);
	if (got > 0)
		reader->pos += (uint64_t)got;
	return got;
}
