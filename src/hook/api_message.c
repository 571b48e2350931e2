/* SPDX-License-Identifier: MIT */
/* api_message.c - plugin.h: the header and the bytes of a message. */
#include <errno.h>
#include <string.h>

#include "base/err.h"
#include "ctx.h"
#include "hook_log.h"
#include "mail/message_reader.h"
#include "rt/fiber.h"

#define READER_MAGIC 0x72656164u

/* The opaque handle of plugin.h; lives in the call arena. */
struct hl_reader {
	uint32_t magic;
	bool is_cut;  /* the last piece was not the end of its line */
	bool held_cr; /* ... and a CR behind it is still to be given */
	struct message_reader reader;
};

/* NULL where there is none (yet). */
static struct message *
message_of(const struct hl_ctx *ctx)
{
	ctx_check(ctx);
	if (ctx->txn == NULL || !ctx->txn->has_message)
		return NULL;
	return &ctx->txn->message;
}

uint64_t
hl_data_size(const struct hl_ctx *ctx)
{
	struct message *message = message_of(ctx);

	return message != NULL ? body_data_size(&message->body) : 0;
}

uint64_t
hl_message_size(const struct hl_ctx *ctx, enum hl_eol eol)
{
	struct message *message = message_of(ctx);

	if (message == NULL || !message->ended)
		return 0;
	return message_reader_size(message, eol == HL_LF ? LINE_LF : LINE_CRLF);
}

/* ---- the header ---- */

hl_str
hl_header_get(const struct hl_ctx *ctx, hl_str name, size_t index)
{
	const struct message *message = message_of(ctx);
	hl_str value = STR_EMPTY;

	if (message != NULL)
		(void)header_get(&message->header, ctx->arena, slice_str(name),
		    index, HEADER_FOLDED, &value);
	return value;
}

size_t
hl_header_count(const struct hl_ctx *ctx, hl_str name)
{
	const struct message *message = message_of(ctx);

	return message != NULL ? header_count(&message->header, slice_str(name))
			       : 0;
}

bool
hl_header_at(
    const struct hl_ctx *ctx, size_t index, hl_str *ret_name, hl_str *ret_value)
{
	const struct message *message = message_of(ctx);
	const struct header_field *field =
	    message != NULL ? header_at(&message->header, index) : NULL;

	if (field == NULL)
		return false;
	*ret_name = arena_str(ctx->arena, header_name(&message->header, field));
	*ret_value =
	    header_value(&message->header, field, ctx->arena, HEADER_FOLDED);
	return true;
}

/* The header, to be edited. */
static int
editable(struct hl_ctx *ctx, struct header **ret)
{
	struct message *message = message_of(ctx);

	if (message == NULL)
		return -EINVAL;
	if (ctx->txn->read_only)
		return -EROFS;
	*ret = &message->header;
	return 0;
}

int
hl_header_add_top(struct hl_ctx *ctx, hl_str name, hl_str value)
{
	struct header *header;
	int status = editable(ctx, &header);

	return status < 0 ? status
			  : header_add_top(header, slice_str(name),
				slice_str(value), NULL);
}

int
hl_header_add(struct hl_ctx *ctx, hl_str name, hl_str value)
{
	struct header *header;
	int status = editable(ctx, &header);

	return status < 0 ? status
			  : header_add_bottom(header, slice_str(name),
				slice_str(value), NULL);
}

int
hl_header_replace(struct hl_ctx *ctx, hl_str name, size_t index, hl_str value)
{
	struct header *header;
	int status = editable(ctx, &header);

	return status < 0 ? status
			  : header_replace(header, slice_str(name), index,
				slice_str(value), NULL);
}

int
hl_header_delete(struct hl_ctx *ctx, hl_str name, size_t index)
{
	struct header *header;
	int status = editable(ctx, &header);

	if (status == 0)
		(void)header_delete(header, slice_str(name), index);
	return status;
}

/* ---- the bytes ---- */

static struct hl_reader *
new_reader(struct hl_ctx *ctx, enum hl_eol eol,
    void (*init)(struct message_reader *, struct message *, enum line_end))
{
	struct message *message = message_of(ctx);
	struct hl_reader *reader;

	if (message == NULL || !message->ended)
		return NULL;
	reader = arena_alloc(ctx->arena, sizeof(*reader));
	reader->magic = READER_MAGIC;
	init(&reader->reader, message, eol == HL_LF ? LINE_LF : LINE_CRLF);
	return reader;
}

struct hl_reader *
hl_message_read(struct hl_ctx *ctx, enum hl_eol eol)
{
	return new_reader(ctx, eol, message_reader_init);
}

struct hl_reader *
hl_body_read(struct hl_ctx *ctx, enum hl_eol eol)
{
	return new_reader(ctx, eol, message_reader_init_body);
}

long
hl_read(struct hl_reader *reader, void *bytes, size_t size)
{
	int status;

	if (reader == NULL)
		return -EINVAL;
	CHECK_OBJ(reader, READER_MAGIC);
	status = fiber_check();
	if (status < 0 || size == 0)
		return status;
	reader->is_cut = false;
	if (reader->held_cr) {
		*(char *)bytes = '\r';
		reader->held_cr = false;
		return 1;
	}
	return (long)message_reader_read(&reader->reader, bytes, size);
}

/* What is read is text for C: a NUL must not hide the rest of the line. */
static void
show_nuls(char *text, size_t n)
{
	char *nul;

	while ((nul = memchr(text, '\0', n)) != NULL)
		*nul = ' ';
}

/* Takes the line end off a piece, notes in `reader` whether it had one.
 * is_full  more of the line may follow
 * Returns the length that is left. */
static size_t
take_end(struct hl_reader *reader, const char *piece, size_t n, bool is_full)
{
	bool crlf = reader->reader.body.line_end == LINE_CRLF ||
		    reader->reader.message->is_binary;

	reader->is_cut = n == 0 || piece[n - 1] != '\n';
	if (!reader->is_cut) {
		n--;
		return crlf && n > 0 && piece[n - 1] == '\r' ? n - 1 : n;
	}
	/* Its LF may be the next byte. */
	reader->held_cr = crlf && is_full && piece[n - 1] == '\r';
	return reader->held_cr ? n - 1 : n;
}

int
hl_read_line(struct hl_reader *reader, char *line, size_t size)
{
	int status;

	if (reader == NULL || size < 4)
		return -EINVAL;
	CHECK_OBJ(reader, READER_MAGIC);
	status = fiber_check();
	while (status == 0) {
		bool was_cut = reader->is_cut;
		size_t n = reader->held_cr ? 1 : 0;
		ssize_t got;

		if (n > 0)
			line[0] = '\r';
		got = message_reader_line(
		    &reader->reader, line + n, size - 1 - n);
		if (got < 0)
			return (int)got;
		reader->held_cr = false;
		if (got == 0 && n == 0)
			return 0;
		n += (size_t)got;
		if (got > 0)
			n = take_end(reader, line, n, n == size - 1);
		/* The rest of the piece before was its line end alone. */
		if (n == 0 && was_cut && !reader->is_cut)
			continue;
		show_nuls(line, n);
		line[n] = '\0';
		return 1;
	}
	return status;
}

int
hl_body_filename(struct hl_ctx *ctx, hl_str *ret)
{
	struct message *message = message_of(ctx);
	struct err err = { 0, "" };
	struct log_line line;
	hl_str path;
	int status;

	if (message == NULL || !message->ended)
		return -EINVAL;
	status = body_filename(&message->body, &path, &err);
	if (status == 0) {
		*ret = arena_str(ctx->arena, slice_str(path));
		return 0;
	}
	hook_log_begin_ctx(&line, LOG_LEVEL_ERROR, ctx);
	log_add_text(&line, LOG_event, "body_file");
	log_add(&line, LOG_err, slice_of(err.text));
	log_end(&line);
	return status;
}
