/* SPDX-License-Identifier: MIT */
/* message.c - taking in a message.
 *
 * The scanner of smtp/header.h holds back a field until its last line end
 * has been seen to be no fold; the head gets whole fields only.
 */
#include "message.h"

#include <errno.h>
#include <string.h>

void
message_init(struct message *message, struct body_store *store,
    const struct message_limits *limits, struct memory_account *account)
{
	memset(message, 0, sizeof(*message));
	message->limits = *limits;
	body_init(&message->body, store, limits->size_threshold);
	header_init(&message->header, &message->body, account);
	smtp_header_init(
	    &message->scan, limits->header_bytes, limits->scan_flags);
}

void
message_done(struct message *message)
{
	if (message->body.magic == 0)
		return;
	smtp_header_done(&message->scan);
	header_done(&message->header);
	body_done(&message->body);
	memset(message, 0, sizeof(*message));
}

static int
too_large(struct message *message)
{
	body_fail(&message->body, -EMSGSIZE);
	return -EMSGSIZE;
}

static int
take_field(struct message *message, const struct smtp_field *field)
{
	struct header_field entry = {
		.offset = message->header_size,
		.size = (uint32_t)field->raw.n,
		.name_n = (uint32_t)field->name.n,
		.value = (uint32_t)(field->value.p - field->raw.p),
	};

	if (message->header.arrived >= message->limits.header_fields ||
	    field->raw.n > message->limits.header_bytes - message->header_size)
		return too_large(message);
	body_append_head(&message->body, field->raw.p, field->raw.n);
	message->header_size += entry.size;
	header_arrive(&message->header, &entry);
	return 0;
}

/* The end of the header section was found; stores what the scanner has of
 * the bytes behind it. */
static int
end_header(struct message *message)
{
	uint64_t start = smtp_header_body_offset(&message->scan);
	struct slice tail = smtp_header_tail(&message->scan);
	struct slice separator = SLICE_LIT("\r\n");
	int ret;

	message->header_ended = true;
	message->has_separator = message->scan.has_empty_line;
	if (message->has_separator) {
		CHECK(start - message->header_size <= separator.n);
		if (start - message->header_size == 1)
			separator = SLICE_LIT("\n");
		body_append_head(&message->body, separator.p, separator.n);
	}
	CHECK(start == message->body.head.n);
	message->body_start = (uint32_t)start;
	if (message->is_binary)
		message->body.text_end = start;
	ret = body_append(&message->body, tail.p, tail.n);
	smtp_header_done(&message->scan);
	return ret;
}

/* Takes fields off `in`.  Returns 0; 1 when the header has ended. */
static int
scan(struct message *message, struct slice *in)
{
	struct smtp_field field;
	int ret = 0;

	while (ret == 0) {
		switch (smtp_header_next(&message->scan, in, &field)) {
		case SMTP_HEADER_MORE:
			return 0;
		case SMTP_HEADER_FIELD:
			ret = take_field(message, &field);
			break;
		case SMTP_HEADER_CUT:
			ret = too_large(message);
			break;
		case SMTP_HEADER_END:
			ret = end_header(message);
			return ret < 0 ? ret : 1;
		}
	}
	return ret;
}

int
message_append(struct message *message, const void *bytes, size_t n)
{
	struct slice in = { bytes, n };
	int ret;

	CHECK(!message->ended);
	if (message->body.error != 0)
		return message->body.error;
	if (!message->header_ended) {
		ret = scan(message, &in);
		if (ret <= 0)
			return ret;
	}
	return in.n == 0 ? 0 : body_append(&message->body, in.p, in.n);
}

int
message_settle(struct message *message)
{
	return body_settle(&message->body);
}

void
message_drop(struct message *message)
{
	smtp_header_done(&message->scan);
	body_fail(&message->body, -ECANCELED);
}

static int
finish_header(struct message *message)
{
	struct smtp_field field;
	int ret = 0;

	while (ret == 0) {
		switch (smtp_header_finish(&message->scan, &field)) {
		case SMTP_HEADER_FIELD:
			ret = take_field(message, &field);
			break;
		case SMTP_HEADER_CUT:
			ret = too_large(message);
			break;
		case SMTP_HEADER_END:
			return end_header(message);
		case SMTP_HEADER_MORE:
			UNREACHABLE();
		}
	}
	return ret;
}

int
message_end(struct message *message)
{
	int ret = message->body.error;

	CHECK(!message->ended);
	if (ret == 0 && !message->header_ended)
		ret = finish_header(message);
	message->header_ended = true;
	message->ended = true;
	return ret < 0 ? ret : body_finish(&message->body);
}

/* Whole lines of `text`, with CRLF. */
static int
append_lines(struct body *body, struct slice text)
{
	int ret = 0;

	while (ret == 0 && text.n > 0) {
		size_t lf = slice_find(text, '\n');
		struct slice line = slice_head(text, lf);
		bool has_end = lf < text.n;

		text = slice_from(text, lf + has_end);
		if (has_end && slice_ends(line, "\r"))
			line.n--;
		ret = body_append(body, line.p, line.n);
		if (ret == 0 && has_end)
			ret = body_append(body, "\r\n", 2);
		if (ret == 0)
			ret = body_settle(body);
	}
	return ret;
}

int
message_add(struct message *message, struct slice text)
{
	struct body *body = &message->body;
	uint64_t before = body_size(body);
	int ret = 0;

	CHECK(message->ended);
	if (body->error != 0)
		return body->error;
	if (!message->has_separator && before == message->header_size &&
	    before > 0 && !slice_ends(buf_slice(&body->head), "\n"))
		return -EINVAL;
	if (!message->is_binary)
		ret = append_lines(body, text);
	else if (text.n > 0)
		ret = body_append(body, text.p, text.n);
	if (ret == 0)
		ret = body_finish(body);
	return ret < 0 ? ret : body_copy_grow(body, before);
}

struct slice
message_separator(const struct message *message)
{
	return slice_from(
	    slice_head(buf_slice(&message->body.head), message->body_start),
	    message->header_size);
}

uint64_t
message_head_size(const struct message *message)
{
	struct slice head =
	    slice_head(buf_slice(&message->body.head), message->header_size);
	uint64_t size = head.n;

	for (size_t i = 1; i < head.n; i++)
		size -= head.p[i] == '\n' && head.p[i - 1] == '\r';
	return size;
}
