/* SPDX-License-Identifier: MIT */
/* message_reader.c - a message as it is delivered.
 *
 * Parts 0 to count - 1 are the header's fields, part `count` is the empty
 * line, what follows is the body reader's.
 */
#include "message_reader.h"

#include <errno.h>
#include <string.h>

#include "line_end_private.h"
#include "message.h"

/* Lines are looked for in pieces of this size, then of so many times more. */
#define LINE_STEP 128
#define LINE_STEP_GROWTH 4

#define LINE_END SLICE_LIT("\r\n")

void
message_reader_init(struct message_reader *reader, struct message *message,
    enum line_end line_end)
{
	CHECK(message->ended);
	*reader = (struct message_reader){
		.message = message,
		.generation = message->header.generation,
	};
	body_reader_init(
	    &reader->body, &message->body, message->body_start, line_end);
}

void
message_reader_init_body(struct message_reader *reader, struct message *message,
    enum line_end line_end)
{
	message_reader_init(reader, message, line_end);
	reader->in_body = true;
}

/* The empty line that delivery puts behind the header. */
static struct slice
delivered_separator(const struct message *message)
{
	if (message->has_separator)
		return message_separator(message);
	/* Without body there is nothing to separate. */
	if (message->body_start == body_size(&message->body))
		return SLICE_NONE;
	return LINE_END;
}

/* A bare LF ends a line only where the scanner takes it for a line end. */
static bool
has_line_end(const struct message *message, struct slice raw)
{
	if ((message->limits.scan_flags & SMTP_HEADER_BARE_LF) != 0)
		return slice_ends(raw, "\n");
	return slice_ends(raw, "\r\n");
}

/* What is left of part `part` from `offset` on.  A received field can lack a
 * line end, if the message ended there; it gets one if something follows. */
static struct slice
part_from(const struct message *message, unsigned part, size_t offset)
{
	const struct header *header = &message->header;
	struct slice raw;

	if (part >= header->count)
		return slice_from(delivered_separator(message), offset);
	raw = header_raw(header, header_at(header, part));
	if (offset < raw.n)
		return slice_from(raw, offset);
	if (has_line_end(message, raw) || part + 1 == header->count)
		return SLICE_NONE;
	return slice_from(LINE_END, offset - raw.n);
}

static size_t
copy_part(struct slice part, enum line_end line_end, char *bytes, size_t n,
    size_t *ret_used)
{
	if (line_end == LINE_LF)
		return line_end_copy(part, true, bytes, n, ret_used);
	part = slice_head(part, n);
	memcpy(bytes, part.p, part.n);
	*ret_used = part.n;
	return part.n;
}

/* Returns the number of bytes; 0: on to the body. */
static size_t
read_header(struct message_reader *reader, char *bytes, size_t n)
{
	const struct message *message = reader->message;
	size_t done = 0;

	while (done < n && reader->part <= message->header.count) {
		struct slice part =
		    part_from(message, reader->part, reader->offset);
		size_t used;

		if (part.n == 0) {
			reader->part++;
			reader->offset = 0;
			continue;
		}
		done += copy_part(
		    part, reader->body.line_end, bytes + done, n - done, &used);
		reader->offset += used;
	}
	return done;
}

ssize_t
message_reader_read(struct message_reader *reader, void *bytes, size_t n)
{
	const struct header *header = &reader->message->header;
	size_t done;

	CHECK(n > 0);
	if (reader->message->body.error != 0)
		return reader->message->body.error;
	if (reader->in_body)
		return body_reader_read(&reader->body, bytes, n);
	if (reader->generation != header->generation)
		return -ESTALE;
	done = read_header(reader, bytes, n);
	if (done > 0)
		return (ssize_t)done;
	reader->in_body = true;
	return body_reader_read(&reader->body, bytes, n);
}

/* Reads exactly `n` bytes, which are known to be there. */
static ssize_t
read_exactly(struct message_reader *reader, char *bytes, size_t n)
{
	size_t done = 0;

	while (done < n) {
		ssize_t got =
		    message_reader_read(reader, bytes + done, n - done);

		if (got <= 0)
			return got < 0 ? got : -EIO;
		done += (size_t)got;
	}
	return (ssize_t)n;
}

ssize_t
message_reader_line(struct message_reader *reader, void *bytes, size_t n)
{
	struct message_reader start = *reader;
	size_t done = 0, step = LINE_STEP;
	char *line = bytes;

	while (done < n) {
		size_t want = n - done < step ? n - done : step;
		ssize_t got = message_reader_read(reader, line + done, want);
		struct slice part;
		size_t place;

		if (got < 0)
			return got;
		if (got == 0)
			break;
		part = (struct slice){ line + done, (size_t)got };
		place = slice_find(part, '\n');
		if (place < part.n) {
			*reader = start;
			return read_exactly(reader, line, done + place + 1);
		}
		done += part.n;
		step *= LINE_STEP_GROWTH;
	}
	return (ssize_t)done;
}

/* Bytes of `text` with the wanted line ends. */
static size_t
size_with(struct slice text, enum line_end line_end)
{
	return line_end == LINE_LF ? text.n - line_end_count(text) : text.n;
}

uint64_t
message_reader_size(struct message *message, enum line_end line_end)
{
	struct slice head =
	    slice_head(buf_slice(&message->body.head), message->body_start);
	uint64_t size = line_end == LINE_LF ? body_data_size(&message->body)
					    : body_size(&message->body);

	CHECK(message->ended);
	size -= size_with(head, line_end);
	for (unsigned part = 0; part <= message->header.count; part++) {
		struct slice text = part_from(message, part, 0);

		size += size_with(text, line_end);
		if (text.n > 0)
			size += size_with(
			    part_from(message, part, text.n), line_end);
	}
	return size;
}
