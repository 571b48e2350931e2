/* SPDX-License-Identifier: MIT */
/* message.h - a message while it arrives and afterwards: body and header.
 *
 * Takes the unstuffed bytes of DATA or BDAT in pieces cut anywhere, finds
 * the fields of the header section once, in order of arrival, and stores
 * everything.  The header ends at the first line that is neither a field
 * nor a folded line (RFC 5322 2.2, 3.6.8):
 *
 *      head: field... [separator]           blocks or file: body
 *      0 ........ header_size . body_start ................ size
 *
 * If that line is empty it is the separator and belongs to neither; if not,
 * it is the first line of the body, and delivery puts an empty line before.
 */
#ifndef HOOKLINE_MAIL_MESSAGE_H
#define HOOKLINE_MAIL_MESSAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/check.h"
#include "smtp/header.h"

#include "body.h"
#include "header.h"

struct memory_account;

struct message_limits {
	size_t size_threshold;  /* bytes kept in memory; 0: spool all */
	size_t header_bytes;    /* of the header section, at most 16 MiB */
	unsigned header_fields; /* received fields */
	unsigned scan_flags;    /* SMTP_HEADER_* of smtp/header.h */
};

struct message {
	struct body body;
	struct header header;
	struct message_limits limits;
	struct smtp_header scan;
	uint32_t header_size; /* bytes of the received fields */
	uint32_t body_start;  /* where the body begins */
	bool header_ended;    /* the end of the header section was seen */
	bool has_separator;   /* it was an empty line */
	bool is_binary;       /* the body is no text (RFC 3030 3); set by the
	                       * owner before the first bytes */
	bool ended;           /* message_end was called */
};

/* `account` is charged for edits of the header; may be NULL. */
void message_init(struct message *message, struct body_store *store,
    const struct message_limits *limits, struct memory_account *account);
void message_done(struct message *message); /* a zeroed one is fine */

/* Takes the next `n` bytes into memory.  Never blocks, so `bytes` may lie
 * where others write as soon as the fiber parks; message_settle must follow
 * when a block of input has been taken.
 * Returns 0 or the sticky error: -EMSGSIZE header section over its limits
 * (552 5.3.4), else as message_settle. */
int message_append(
    struct message *message, const void *bytes, size_t n) WARN_UNUSED;
/* Writes to the spool file what must not stay in memory.  BLOCKS.  Returns 0
 * or the sticky error (452 or 451, see body.h). */
int message_settle(struct message *message) WARN_UNUSED;
/* Nobody will want its bytes: gives back the body's memory and its spool
 * file; the fields received so far stay.  Calls from now on return
 * -ECANCELED.  Never blocks. */
void message_drop(struct message *message);
/* The message is complete.  BLOCKS.  Returns 0 or the sticky error. */
int message_end(struct message *message) WARN_UNUSED;
/* Adds text at the end of one that is complete: what ends in LF in `text` ends
 * in CRLF there, unless the body is no text.  The file of body_filename, if
 * there is one, grows too.  Readers that are under way see it or not.  BLOCKS.
 * Returns 0; -EINVAL the last line of its header has no end; or an error, which
 * is sticky if the message has lost it. */
int message_add(struct message *message, struct slice text) WARN_UNUSED;

/* Bytes of the received fields with LF line ends: what stands before the
 * empty line in the file of body_filename.  Once the header has ended. */
uint64_t message_head_size(const struct message *message);

/* The empty line behind the header as received; empty if there was none. */
struct slice message_separator(const struct message *message);

#endif
