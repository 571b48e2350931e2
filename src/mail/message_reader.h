/* SPDX-License-Identifier: MIT */
/* message_reader.h - reading a complete message from front to back.
 *
 * Two readers, with CRLF or LF line ends at choice:
 *   message_reader_*  what is delivered (fields as edited, an empty line,
 *                     body), or the body alone
 *   body_reader_*     the bytes as received, from any position
 * With LF each CRLF becomes LF; a bare CR or LF (`bare_lf = allow`) stays, and
 * so does each byte of a body that is no text (message->is_binary).
 * Readers hold no resources and need no clean-up; several may read one
 * message.  The message must have ended.
 */
#ifndef HOOKLINE_MAIL_MESSAGE_READER_H
#define HOOKLINE_MAIL_MESSAGE_READER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/check.h"

struct body;
struct message;

enum line_end { LINE_CRLF, LINE_LF };

struct body_reader {
	struct body *body;
	uint64_t pos; /* next byte of the received sequence */
	enum line_end line_end;
	bool direct; /* never parks: on a thread of the pool, see below */
};

struct message_reader {
	struct message *message;
	unsigned part;       /* field, or the separator behind the last one */
	size_t offset;       /* within that part */
	uint32_t generation; /* of the header when reading began */
	bool in_body;        /* edits of the header do not matter any more */
	struct body_reader body;
};

/* From byte `pos` on (message->body_start: the body; 0: everything). */
void body_reader_init(struct body_reader *reader, struct body *body,
    uint64_t pos, enum line_end line_end);
/* Fills `bytes` with up to `n` > 0 bytes.  BLOCKS when a large part comes
 * from the spool file, unless `direct` was set.  Returns their number (may
 * be short), 0 at the end, -EIO and the like. */
ssize_t body_reader_read(
    struct body_reader *reader, void *bytes, size_t n) WARN_UNUSED;

/* The message as it is delivered. */
void message_reader_init(struct message_reader *reader, struct message *message,
    enum line_end line_end);
/* The body alone, as it was sent. */
void message_reader_init_body(struct message_reader *reader,
    struct message *message, enum line_end line_end);
/* As body_reader_read; -ESTALE when the header was edited after the reading
 * had begun and before it came to the body.  A reader whose `body.direct` was
 * set may be used on a thread of the pool while the message's fiber is
 * parked. */
ssize_t message_reader_read(
    struct message_reader *reader, void *bytes, size_t n) WARN_UNUSED;
/* One line with its line end, or the first `n` bytes of a longer one; else
 * as message_reader_read. */
ssize_t message_reader_line(
    struct message_reader *reader, void *bytes, size_t n) WARN_UNUSED;
/* Bytes that a message reader will give in all.  Never blocks. */
uint64_t message_reader_size(struct message *message, enum line_end line_end);

#endif
