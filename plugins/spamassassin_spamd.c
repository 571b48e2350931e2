/* SPDX-License-Identifier: MIT */
/* spamassassin_spamd.c - one exchange with spamd.
 *
 * Its protocol (spamd/PROTOCOL): the user's preferences count that User names.
 *
 *	HEADERS SPAMC/1.4		SPAMD/1.1 0 EX_OK
 *	Content-length: 93		Content-length: 210
 *	User: nobody
 *					X-Spam-Status: No, score=0.0 ...
 *	X-Envelope-From: <a@b.example>
 *	(the message)
 */
#include "spamassassin_spamd.h"

#include <errno.h>
#include <string.h>

#define PIECE 16384u
#define ANSWER_MAX 2000000u

/* Reads lines of any length; what is over SPAMD_FIELD_MAX of one is skipped. */
struct input {
	struct hl_ctx *ctx;
	struct hl_conn *conn;
	uint64_t end_ms; /* of the time for all of them */
	char bytes[PIECE];
	size_t at, n, total;
};

/* ---- the question ---- */

/* Sends the message, or with NULL only counts it; bytes or an error. */
static long
send_message(
    struct hl_ctx *ctx, const struct spamd *spamd, struct hl_conn *conn)
{
	struct hl_reader *reader = hl_message_read(ctx, HL_CRLF);
	char *piece = hl_alloc(ctx, PIECE);
	long total = 0, n;

	if (reader == NULL)
		return -EINVAL;
	while ((n = hl_read(reader, piece, PIECE)) > 0) {
		int rc = conn == NULL ? 0
				      : hl_send(conn, piece, (size_t)n,
					    spamd->timeout_ms);

		if (rc < 0)
			return rc;
		total += n;
	}
	return n < 0 ? n : total;
}

static int
send_question(
    struct hl_ctx *ctx, const struct spamd *spamd, struct hl_conn *conn)
{
	hl_str first = hl_printf(
	    ctx, "X-Envelope-From: <%s>\r\n", hl_addr_text(hl_sender(ctx)).p);
	long n = send_message(ctx, spamd, NULL);
	hl_str head;
	int rc;

	if (n < 0)
		return (int)n;
	head = hl_printf(ctx,
	    "HEADERS SPAMC/1.4\r\nContent-length: %zu\r\nUser: %s\r\n\r\n%s",
	    first.n + (size_t)n, spamd->user.p, first.p);
	rc = hl_send(conn, head.p, head.n, spamd->timeout_ms);
	if (rc < 0)
		return rc;
	n = send_message(ctx, spamd, conn);
	return n < 0 ? (int)n : 0;
}

/* ---- the answer ---- */

/* At least a little. */
static uint64_t
left_ms(const struct input *in)
{
	uint64_t now_ms = hl_now_ms(in->ctx);

	return in->end_ms > now_ms ? in->end_ms - now_ms : 1;
}

/* A line without its end, cut to SPAMD_FIELD_MAX - 1 bytes: 1; 0 at the end, where
 * a line that has none does not count; or a negative errno. */
static int
read_line(struct input *in, char *line)
{
	size_t n = 0;

	for (;;) {
		long got = 0;

		for (; in->at < in->n && in->bytes[in->at] != '\n'; in->at++) {
			char c = in->bytes[in->at];

			if (n < SPAMD_FIELD_MAX - 1 && c != '\r' && c != '\0')
				line[n++] = c;
		}
		line[n] = '\0';
		if (in->at < in->n) {
			in->at++;
			return 1;
		}
		if (in->total < ANSWER_MAX)
			got = hl_recv(in->conn, in->bytes, sizeof(in->bytes),
			    left_ms(in));
		if (got <= 0)
			return (int)got;
		in->at = 0;
		in->n = (size_t)got;
		in->total += in->n;
	}
}

static bool
append(struct spamd_field *field, const char *text)
{
	size_t n = strlen(text);

	if (field->n + n >= SPAMD_FIELD_MAX)
		return false;
	memcpy(field->value + field->n, text, n + 1);
	field->n += n;
	return true;
}

/* A further line of a field: all of it, or none. */
static bool
fold(struct spamd_field *field, const char *line)
{
	if (line[strspn(line, " \t")] == '\0')
		return true;
	return field->n + 2 + strlen(line) < SPAMD_FIELD_MAX &&
	       append(field, "\n\t") && append(field, line);
}

/* A field X-Spam-...; false for every other line. */
static bool
take_field(struct hl_ctx *ctx, struct spamd_answer *answer, const char *line)
{
	const char *colon = strstr(line, ": ");
	struct spamd_field *field = &answer->fields[answer->count];

	if (strncmp(line, "X-Spam-", 7) != 0 || colon == NULL ||
	    answer->count == SPAMD_FIELDS_MAX)
		return false;
	field->name = hl_printf(ctx, "%.*s", (int)(colon - line), line);
	field->value = hl_alloc(ctx, SPAMD_FIELD_MAX);
	answer->count++;
	return append(field, colon + 2);
}

/* 0 when spamd said EX_OK. */
static int
read_answer(struct hl_ctx *ctx, const struct spamd *spamd, struct hl_conn *conn,
    struct spamd_answer *ret)
{
	struct input *in = hl_alloc(ctx, sizeof(*in));
	char *line = hl_alloc(ctx, SPAMD_FIELD_MAX);
	bool has_begun = false, may_fold = false;
	int rc;

	in->ctx = ctx;
	in->conn = conn;
	in->end_ms = hl_now_ms(ctx) + spamd->timeout_ms;
	while ((rc = read_line(in, line)) > 0) {
		/* The last one, where there is one: may_fold. */
		struct spamd_field *last =
		    &ret->fields[ret->count - (ret->count > 0)];

		if (!has_begun) {
			has_begun = strstr(line, "EX_OK") != NULL;
			if (!has_begun)
				return -EPROTO;
		} else if (may_fold && (line[0] == ' ' || line[0] == '\t')) {
			may_fold = fold(last, line);
		} else {
			may_fold = take_field(ctx, ret, line);
		}
	}
	if (rc == 0 && !has_begun)
		rc = -EPIPE;
	return rc;
}

int
spamd_ask(
    struct hl_ctx *ctx, const struct spamd *spamd, struct spamd_answer *ret)
{
	struct hl_conn *conn;
	int rc = hl_dial(ctx, spamd->where, spamd->timeout_ms, &conn);
	hl_str why;

	if (rc == 0) {
		rc = send_question(ctx, spamd, conn);
		/* It may say why it did not want all of it. */
		if (rc == 0 || rc == -EPIPE || rc == -ECONNRESET)
			rc = read_answer(ctx, spamd, conn, ret);
		hl_conn_close(&conn);
	}
	why = hl_conn_error(ctx);
	if (why.n == 0 && rc < 0)
		why = hl_printf(ctx, "spamd at %s: %s", spamd->where.p,
		    rc == -EPROTO ? "no EX_OK in its answer" : strerror(-rc));
	if (rc < 0 && rc != -ECANCELED)
		hl_log(ctx, HL_LOG_ERROR, "error, %s", why.p);
	return rc;
}
