/* SPDX-License-Identifier: MIT */
/* postfix_cleanup.c - one message's conversation with Postfix's cleanup(8). */
#include "postfix_cleanup.h"

#include <errno.h>
#include <string.h>

#include "postfix_envelope.h"
#include "postfix_records.h"

#define DIAL_MS 10000
#define ANSWER_MAX 4096u
#define CHUNK 16384u

/* ---- what it says ---- */

/* At most nine digits: bits of a status. */
static void
take_status(struct cleanup *cleanup, const char *digits)
{
	size_t n = strspn(digits, "0123456789");

	cleanup->has_status = n >= 1 && n <= 9 && digits[n] == '\0';
	cleanup->status = 0;
	for (size_t i = 0; cleanup->has_status && i < n; i++)
		cleanup->status =
		    cleanup->status * 10 + (unsigned)(digits[i] - '0');
}

static void
on_attribute(void *arg, const char *name, const char *value)
{
	struct cleanup *cleanup = arg;

	if (strcmp(name, "queue_id") == 0)
		cleanup->queue_id = hl_printf(cleanup->ctx, "%s", value);
	if (strcmp(name, "reason") == 0)
		cleanup->reason = hl_printf(cleanup->ctx, "%s", value);
	if (strcmp(name, "status") == 0)
		take_status(cleanup, value);
}

static int
read_answer(struct cleanup *cleanup, uint64_t timeout_ms)
{
	char *bytes = hl_alloc(cleanup->ctx, ANSWER_MAX);
	size_t n = 0;

	while (n < ANSWER_MAX) {
		long got = hl_recv(
			 cleanup->conn, bytes + n, ANSWER_MAX - n, timeout_ms),
		     size;

		if (got <= 0)
			return got < 0 ? (int)got : -ECONNRESET;
		n += (size_t)got;
		size = attributes_read(bytes, n, on_attribute, cleanup);
		if (size != 0) /* it says no more than it was asked */
			return size == (long)n ? 0 : -EPROTO;
	}
	return -EMSGSIZE;
}

/* Can it stand in a reply? */
static bool
is_queue_id(hl_str id)
{
	return id.n > 0 && id.n < 64 &&
	       strspn(id.p, "abcdefghijklmnopqrstuvwxyz"
			    "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789") == id.n;
}

/* ---- what it is told ---- */

static int
send_bytes(void *arg, const void *bytes, size_t size)
{
	return hl_send(arg, bytes, size, 0);
}

static int
put_message(struct hl_ctx *ctx, struct records *records)
{
	struct hl_reader *reader = hl_message_read(ctx, HL_LF);
	char *bytes = hl_alloc(ctx, CHUNK);
	long n;

	record_put(records, RECORD_MESSAGE, "", 0);
	while ((n = hl_read(reader, bytes, CHUNK)) > 0)
		record_text(records, bytes, (size_t)n);
	if (n < 0)
		return (int)n;
	record_text_end(records);
	record_put(records, RECORD_EXTRACTED, "", 0);
	record_put(records, RECORD_END, "", 0);
	return records_flush(records);
}

/* ---- the conversation ---- */

int
cleanup_open(struct cleanup *cleanup, hl_str where)
{
	int rc = hl_dial(cleanup->ctx, where, DIAL_MS, &cleanup->conn);

	cleanup->queue_id = cleanup->reason = HL_STR("");
	if (rc == 0)
		rc = read_answer(cleanup, DIAL_MS);
	if (rc == 0 && !is_queue_id(cleanup->queue_id))
		rc = -EPROTO;
	if (rc < 0)
		hl_conn_close(&cleanup->conn);
	return rc;
}

int
cleanup_send(struct cleanup *cleanup, unsigned flags)
{
	struct hl_ctx *ctx = cleanup->ctx;
	struct records *records = hl_alloc(ctx, sizeof(*records));
	int rc;

	if (hl_is_smtputf8(ctx))
		flags |= RECORD_FLAG_SMTPUTF8;
	records->send = send_bytes;
	records->arg = cleanup->conn;
	records->bytes = hl_alloc(ctx, RECORDS_SIZE);
	attribute_put(records, "flags", hl_printf(ctx, "%u", flags).p);
	postfix_envelope(ctx, records);
	rc = put_message(ctx, records);
	if (rc == 0)
		rc = read_answer(cleanup, 0);
	hl_conn_close(&cleanup->conn);
	return rc == 0 && !cleanup->has_status ? -EPROTO : rc;
}
