/* SPDX-License-Identifier: MIT */
/* message_reader.h - reading a complete message from front to back.
 *
 * Two readers, with CRLF or LF line ends at choice:
 *   message_reader_*  what is delivered: fields as edited, an empty line,
 *                     body
 *   body_reader_*     bytes as received, from the body's start or from the
 *                     first byte
 * With LF each CRLF becomes LF; a bare CR or LF (`bare_lf = allow`) stays.
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
};

struct message_reader {
	struct message *message;
	unsigned field;      /* next header field */
	size_t offset;       /* within that field or the separator */
	uint32_t generation; /* of the header when reading began */
	bool in_body;
	struct body_reader body;
};

/* From byte `pos` on (message->body_start: the body; 0: everything). */
void body_reader_init(struct body_reader *reader, struct body *body,
    uint64_t pos, enum line_end line_end);
/* Fills `bytes` with up to `n` > 0 bytes.  BLOCKS when a large part comes
 * from the spool file.  Returns their number (may be short), 0 at the end,
 * -EIO and the like. */
ssize_t body_reader_read(
    struct body_reader *reader, void *bytes, size_t n) WARN_UNUSED;
/* One line with its line end, or `n` bytes of a longer one; as above. */
ssize_t body_reader_line(
    struct body_reader *reader, void *bytes, size_t n) WARN_UNUSED;

void message_reader_init(struct message_reader *reader, struct message *message,
    enum line_end line_end);
/* As body_reader_read; -ESTALE when the header was edited after the reading
 * had begun and before it came to the body. */
ssize_t message_reader_read(
    struct message_reader *reader, void *bytes, size_t n) WARN_UNUSED;
/* Bytes that a message reader will give in all.  BLOCKS for LF if the body
 * is in the file.  0 or -errno. */
int message_reader_size(struct message *message, enum line_end line_end,
    uint64_t *ret_size) WARN_UNUSED;

#endif
