/* SPDX-License-Identifier: MIT */
/* api_smtp_message.c - smtp_client.h: DATA or BDAT, and what comes of it.
 *
 * mail->ended is set before the bytes that end the message go out: from then
 * on the server may have it, whatever happens to the connection.
 */
#include <errno.h>
#include <string.h>

#include "api_smtp_private.h"
#include "base/err.h"
#include "smtp/stuff.h"

#define PIECE 8192u
#define OUT_SIZE (4 * PIECE)
#define CHUNK 65536u

struct sending {
	struct hl_smtp *smtp;
	struct hl_smtp_mail *mail;
	struct hl_reader *reader;
	size_t piece; /* what is read at once */
	char *out;
	size_t n, room; /* of `out` */
};

static int
send_bytes(struct sending *sending, const char *bytes, size_t n)
{
	struct hl_smtp *smtp = sending->smtp;
	int rc = hl_send(smtp->conn, bytes, n, smtp->options->block_ms);

	return rc < 0 ? smtp__fail(smtp, rc, "the message is not taken: %s",
			    rc == -ETIME ? "it reads nothing"
					 : strerrordesc_np(-rc))
		      : 0;
}

static int
flush(struct sending *sending)
{
	size_t n = sending->n;

	sending->n = 0;
	return n > 0 ? send_bytes(sending, sending->out, n) : 0;
}

static long
read_piece(struct sending *sending, char *piece, size_t size)
{
	long n = sending->reader != NULL ? hl_read(sending->reader, piece, size)
					 : -EINVAL;

	return n < 0 ? smtp__fail(sending->smtp, (int)n, "cannot read it: %s",
			   strerrordesc_np((int)-n))
		     : n;
}

/* From now on nobody knows what becomes of it, until the server says so: with
 * LMTP for each recipient, and what it said to RCPT is no answer. */
static void
set_ended(struct sending *sending)
{
	struct hl_smtp_mail *mail = sending->mail;

	mail->ended = true;
	for (size_t i = 0; sending->smtp->options->lmtp && i < mail->count; i++)
		if (smtp__is_accepted(&mail->rcpts[i]))
			mail->rcpts[i].reply = (struct hl_smtp_reply){ 0 };
}

/* A small message goes out in one piece with its end. */
static int
send_text(struct sending *sending)
{
	char *piece = hl_alloc(sending->smtp->ctx, sending->piece);
	struct smtp_stuff stuff = { 0 };
	int rc = 0;
	long n;

	while (
	    rc == 0 && (n = read_piece(sending, piece, sending->piece)) != 0) {
		if (n < 0)
			return (int)n;
		if (sending->n + SMTP_STUFF_ROOM((size_t)n) +
			SMTP_STUFF_END_ROOM >
		    sending->room)
			rc = flush(sending);
		sending->n += smtp_stuff(
		    &stuff, piece, (size_t)n, sending->out + sending->n);
	}
	if (rc < 0)
		return rc;
	sending->n += smtp_stuff_end(&stuff, sending->out + sending->n);
	set_ended(sending);
	return flush(sending);
}

/* A server that has had enough says so before it hangs up. */
static int
hear_refusal(struct sending *sending, int rc)
{
	struct hl_smtp *smtp = sending->smtp;
	int code;

	if (sending->mail->ended ||
	    (rc != -EPIPE && rc != -ECONNRESET && rc != -ETIME))
		return rc;
	code = smtp__hear(smtp, smtp->options->command_ms);
	smtp->is_broken = true;
	if (code < 400)
		return rc;
	sending->mail->reply = smtp__reply(smtp);
	return 0;
}

/* To a piece of the message, or its end: it has been taken, or not. */
static int
hear_yes_or_no(struct hl_smtp *smtp, uint64_t timeout_ms)
{
	int code = smtp__hear(smtp, timeout_ms);

	if (code >= 300 && code < 400)
		return smtp__fail(smtp, -EPROTO, "it said %d %.200s", code,
		    smtp->answer.text);
	return code;
}

/* ---- RFC 3030 ---- */

static long
fill_chunk(struct sending *sending)
{
	size_t n = 0;
	long got = 1;

	while (n < CHUNK && got > 0) {
		got = read_piece(sending, sending->out + n, CHUNK - n);
		if (got < 0)
			return got;
		n += (size_t)got;
	}
	return (long)n;
}

/* One after the other; the first refusal is the message's (RFC 3030 2). */
static int
send_chunks(struct sending *sending)
{
	struct hl_smtp *smtp = sending->smtp;
	struct hl_smtp_mail *mail = sending->mail;
	bool is_last = false;
	int code = 250;

	while (!is_last) {
		long n = fill_chunk(sending);
		hl_str command;

		if (n < 0)
			return (int)n;
		is_last = n < (long)CHUNK;
		command = hl_printf(
		    smtp->ctx, "BDAT %ld%s\r\n", n, is_last ? " LAST" : "");
		if (is_last)
			set_ended(sending);
		code = send_bytes(sending, command.p, command.n);
		if (code == 0)
			code = send_bytes(sending, sending->out, (size_t)n);
		if (code < 0 || is_last)
			return code;
		code = hear_yes_or_no(smtp, smtp->options->block_ms);
		if (code < 0)
			return code;
		if (code >= 400) {
			mail->reply = smtp__reply(smtp);
			return 0;
		}
	}
	return code;
}

/* ---- the replies ---- */

/* LMTP: one for each that was accepted, in their order (RFC 2033 4.2).  When
 * the connection is lost meanwhile, the fates of some are known; the others
 * have no reply. */
static int
hear_each(struct hl_smtp *smtp, struct hl_smtp_mail *mail)
{
	for (size_t i = 0; i < mail->count; i++) {
		int code;

		if (mail->rcpts[i].reply.code != 0)
			continue;
		code = hear_yes_or_no(smtp, smtp->options->end_ms);
		if (code < 0)
			return code;
		mail->rcpts[i].reply = smtp__reply(smtp);
	}
	return 0;
}

static int
hear_replies(struct hl_smtp *smtp, struct hl_smtp_mail *mail)
{
	int code;

	smtp->is_in_data = false;
	smtp->is_open = false;
	smtp->kept.messages++;
	if (smtp->options->lmtp)
		return hear_each(smtp, mail);
	code = hear_yes_or_no(smtp, smtp->options->end_ms);
	if (code < 0)
		return code;
	mail->reply = smtp__reply(smtp);
	return 0;
}

/* 354, or the refusal in mail->reply. */
static int
begin_data(struct hl_smtp *smtp, struct hl_smtp_mail *mail)
{
	int code;

	if (smtp->is_in_data)
		return 0;
	code = smtp__send(smtp, HL_STR("DATA\r\n"));
	if (code == 0)
		code = smtp__hear(smtp, smtp->options->data_ms);
	if (code < 0)
		return code;
	smtp->is_in_data = code == 354;
	if (code == 421 || (code < 400 && code != 354))
		return smtp__fail(smtp, code == 421 ? -EAGAIN : -EPROTO,
		    "it said %d %.200s", code, smtp->answer.text);
	if (code >= 400)
		mail->reply = smtp__reply(smtp);
	return 0;
}

/* A small message takes little memory. */
static void
make_room(struct sending *sending, bool is_binary)
{
	uint64_t size = hl_message_size(sending->smtp->ctx, HL_CRLF);

	sending->piece = PIECE;
	sending->room = is_binary ? CHUNK : OUT_SIZE;
	if (!is_binary && size < PIECE) {
		sending->piece = (size_t)size + 1;
		sending->room =
		    SMTP_STUFF_ROOM(sending->piece) + SMTP_STUFF_END_ROOM;
	}
	sending->out = hl_alloc(sending->smtp->ctx, sending->room);
}

int
hl_smtp_message(struct hl_smtp *smtp, struct hl_smtp_mail *mail)
{
	bool is_binary = smtp__is_binary(mail);
	struct sending sending = { .smtp = smtp, .mail = mail };
	int rc = 0;

	CHECK_OBJ(smtp, SMTP_CLIENT_MAGIC);
	if (!is_binary)
		rc = begin_data(smtp, mail);
	if (rc < 0 || mail->reply.code != 0)
		return rc;
	sending.reader = hl_message_read(smtp->ctx, HL_CRLF);
	make_room(&sending, is_binary);
	rc = is_binary ? send_chunks(&sending) : send_text(&sending);
	if (rc < 0)
		rc = hear_refusal(&sending, rc);
	if (rc < 0 || mail->reply.code != 0)
		return rc;
	return hear_replies(smtp, mail);
}
