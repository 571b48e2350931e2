/* SPDX-License-Identifier: MIT */
/* fuzz_mail_reader.c - however a message is cut, stored and read, what comes
 * out is what came in; LF differs from CRLF in nothing but the line ends, and
 * not at all in a binary body. */
#include "fuzz_mail.h"

#include <errno.h>

/* The plain way, byte by byte. */
static void
to_lf(struct slice text, struct buf *out)
{
	for (size_t i = 0; i < text.n; i++) {
		if (text.p[i] != '\r' || i + 1 == text.n ||
		    text.p[i + 1] != '\n')
			buf_add_char(out, text.p[i]);
	}
}

/* The first `n` bytes of a binary message, else all. */
static void
to_lf_part(struct slice text, bool is_binary, size_t n, struct buf *out)
{
	to_lf(is_binary ? slice_head(text, n) : text, out);
	if (is_binary)
		buf_add_slice(out, slice_from(text, n));
}

/* In pieces of any size, then line by line. */
static void
check_reader(struct message_reader *reader, struct slice want, uint32_t seed)
{
	struct message_reader lines = *reader;
	char bytes[256];
	size_t pos = 0, line;
	ssize_t n;

	while ((n = message_reader_read(reader, bytes, fuzz_step(&seed))) > 0) {
		CHECK(slice_eq((struct slice){ bytes, (size_t)n },
		    slice_head(slice_from(want, pos), (size_t)n)));
		pos += (size_t)n;
	}
	CHECK(n == 0 && pos == want.n);
	for (pos = 0; pos < want.n; pos += (size_t)n) {
		size_t room = fuzz_step(&seed);

		line = slice_find(slice_from(want, pos), '\n') + 1;
		if (line > want.n - pos)
			line = want.n - pos;
		n = message_reader_line(&lines, bytes, room);
		CHECK(n > 0 && (size_t)n == (line < room ? line : room));
		CHECK(slice_eq((struct slice){ bytes, (size_t)n },
		    slice_head(slice_from(want, pos), (size_t)n)));
	}
	CHECK(message_reader_line(&lines, bytes, 1) == 0);
}

static void
check_line_end(struct message *message, enum line_end line_end,
    struct slice want, uint32_t seed)
{
	struct message_reader reader;

	message_reader_init(&reader, message, line_end);
	check_reader(&reader, want, seed);
	CHECK(message_reader_size(message, line_end) == want.n);
}

/* Fields, the empty line, and everything behind the header as sent. */
static void
check_message(struct message *message, struct slice sent, uint32_t seed)
{
	struct buf crlf = BUF_INIT, lf = BUF_INIT;
	struct message_reader reader;
	bool is_binary = message->is_binary;

	CHECK(body_size(&message->body) == sent.n);
	buf_add_slice(&crlf, slice_head(sent, message->header_size));
	if (!message->has_separator && message->header_size < sent.n)
		buf_add_text(&crlf, "\r\n");
	buf_add_slice(&crlf, slice_from(sent, message->header_size));
	check_line_end(message, LINE_CRLF, buf_slice(&crlf), seed);
	to_lf_part(buf_slice(&crlf), is_binary,
	    crlf.n - (sent.n - message->body_start), &lf);
	check_line_end(message, LINE_LF, buf_slice(&lf), seed);
	buf_clear(&lf);
	to_lf_part(slice_from(sent, message->body_start), is_binary, 0, &lf);
	message_reader_init_body(&reader, message, LINE_LF);
	check_reader(&reader, buf_slice(&lf), seed);
	buf_clear(&lf);
	to_lf_part(sent, is_binary, message->body_start, &lf);
	CHECK(body_data_size(&message->body) == lf.n);
	buf_done(&crlf);
	buf_done(&lf);
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
	struct slice in = fuzz_input(bytes, n);
	uint8_t flags = fuzz_byte(&in);
	uint32_t seed = fuzz_byte(&in);
	struct message_limits limits = {
		.size_threshold = (flags & 1) != 0 ? 0 : 1 << 20,
		.header_bytes = (flags & 2) != 0 ? 60 : 65536,
		.header_fields = (flags & 4) != 0 ? 3 : 1000,
		.scan_flags = (flags & 8) != 0 ? SMTP_HEADER_BARE_LF : 0,
	};
	struct body_store store;
	struct body_io io;
	struct message message;
	int ret;

	fuzz_store_init(&store, &io, (flags & 16) != 0 ? 1 : 0);
	message_init(&message, &store, &limits, NULL);
	message.is_binary = (flags & 32) != 0;
	ret = fuzz_feed(&message, in, seed);
	CHECK(ret == 0 || (ret == -EMSGSIZE && (flags & 6) != 0));
	ret = message_end(&message);
	CHECK(ret == 0 || (ret == -EMSGSIZE && (flags & 6) != 0));
	if (ret == 0)
		check_message(&message, in, seed + 1);
	message_done(&message);
	body_store_done(&store);
	return 0;
}
