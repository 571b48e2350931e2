/* SPDX-License-Identifier: MIT */
/* qmail_deliverable_client.c - one question to qmail-deliverabled.
 *
 * HTTP/1.0 (RFC 1945) with one request a connection.  Of the answer only the
 * status, Content-Length and a number count.
 */
#include "qmail_deliverable_client.h"

#include <errno.h>
#include <string.h>
#include <strings.h>

#define LINE_MAX 1024u
#define LINES_MAX 100 /* of the answer's header */
#define BODY_MAX 16u
#define STATUS_MAX 255u

static const char letters[] =
    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";

struct exchange {
	struct hl_ctx *ctx;
	struct hl_conn *conn;
	uint64_t end_ms;
};

/* RFC 2822, 3.2.4: the text of a word. */
static bool
is_atext(char c)
{
	return strchr(letters, c) != NULL ||
	       strchr("!#$%&'*+/=?^_`{|}~-", c) != NULL;
}

hl_str
deliverable_address(struct hl_ctx *ctx, hl_str address)
{
	char *copy = hl_alloc(ctx, address.n + 1);
	bool has_at = false, in_word = false;

	for (size_t i = 0; i < address.n; i++) {
		char c = address.p[i];
		bool is_at = c == '@';

		if (!is_atext(c) && (!in_word || (c != '.' && !is_at)))
			return HL_STR("");
		if (is_at && has_at)
			return HL_STR("");
		has_at = has_at || is_at;
		in_word = c != '.' && !is_at;
		copy[i] = c >= 'A' && c <= 'Z' ? (char)(c | 0x20) : c;
	}
	return in_word ? hl_text(copy) : HL_STR("");
}

/* For an URI (RFC 3986, 2.1). */
static hl_str
escape(struct hl_ctx *ctx, hl_str text)
{
	static const char digits[] = "0123456789ABCDEF";
	char *to = hl_alloc(ctx, 3 * text.n + 1), *at = to;

	for (size_t i = 0; i < text.n; i++) {
		unsigned char c = (unsigned char)text.p[i];

		if (strchr(letters, c) != NULL || strchr("-._~", c) != NULL) {
			*at++ = (char)c;
			continue;
		}
		*at++ = '%';
		*at++ = digits[c >> 4];
		*at++ = digits[c & 15];
	}
	return hl_text(to);
}

/* Of the time for all of it; at least a little. */
static uint64_t
left_ms(const struct exchange *exchange)
{
	uint64_t now_ms = hl_now_ms(exchange->ctx);

	return exchange->end_ms > now_ms ? exchange->end_ms - now_ms : 1;
}

/* Up to `max`, decimal, with white space around; -1: it is no number. */
static long
parse_number(const char *text, unsigned max)
{
	const char *blanks = " \t\r\n";
	unsigned long value = 0;
	const char *at = text + strspn(text, blanks), *begin = at;

	for (; *at >= '0' && *at <= '9' && value <= max; at++)
		value = value * 10 + (unsigned)(*at - '0');
	if (at == begin || value > max || at[strspn(at, blanks)] != '\0')
		return -1;
	return (long)value;
}

/* The header, as far as the empty line: 200, the status that is none, or a
 * negative errno. */
static int
read_header(struct exchange *exchange, size_t *ret_size)
{
	static const char length[] = "Content-Length:";
	char *line = hl_alloc(exchange->ctx, LINE_MAX);
	int status = -EPROTO;

	for (unsigned i = 0; i < LINES_MAX; i++) {
		long n = hl_recv_line(
		    exchange->conn, line, LINE_MAX, left_ms(exchange));

		if (n < 0)
			return (int)n;
		if (n == 0)
			return status;
		if (i == 0 && n >= 12 && strncmp(line, "HTTP/1.", 7) == 0 &&
		    line[8] == ' ' && (line[12] == ' ' || line[12] == '\0')) {
			line[12] = '\0';
			status = (int)parse_number(line + 9, 999);
		}
		if (i == 0 && status < 0)
			return -EPROTO;
		if (strncasecmp(line, length, strlen(length)) == 0) {
			long size =
			    parse_number(line + strlen(length), BODY_MAX);

			if (size < 0 && status == 200)
				return -EPROTO;
			*ret_size = (size_t)size;
		}
	}
	return -EPROTO;
}

/* Its number, or a negative errno. */
static int
read_body(struct exchange *exchange, size_t size)
{
	char body[BODY_MAX + 2] = "";
	size_t n = 0;
	long value;

	while (n < size) {
		long got = hl_recv(
		    exchange->conn, body + n, size - n, left_ms(exchange));

		if (got < 0)
			return (int)got;
		if (got == 0)
			break;
		n += (size_t)got;
	}
	value = strlen(body) == n && n <= BODY_MAX
		    ? parse_number(body, STATUS_MAX)
		    : -1;
	return value < 0 ? -EPROTO : (int)value;
}

static int
send_question(struct exchange *exchange, hl_str server, hl_str address)
{
	hl_str question = hl_printf(exchange->ctx,
	    "GET /qd1/deliverable?%s HTTP/1.0\r\n"
	    "Host: %s\r\n"
	    "Connection: close\r\n"
	    "\r\n",
	    escape(exchange->ctx, address).p, server.p);

	return hl_send(
	    exchange->conn, question.p, question.n, left_ms(exchange));
}

int
deliverable_ask(struct hl_ctx *ctx, hl_str server, hl_str address,
    uint64_t timeout_ms, hl_str *ret_why)
{
	struct exchange exchange = { ctx, NULL, hl_now_ms(ctx) + timeout_ms };
	size_t size = BODY_MAX + 1; /* more is too much */
	int rc = hl_dial(ctx, server, timeout_ms, &exchange.conn);

	if (rc < 0) {
		*ret_why = hl_conn_error(ctx);
		return rc;
	}
	rc = send_question(&exchange, server, address);
	if (rc == 0)
		rc = read_header(&exchange, &size);
	if (rc == 200)
		rc = read_body(&exchange, size);
	else if (rc >= 0) {
		*ret_why = hl_printf(ctx, "HTTP status %d", rc);
		hl_conn_close(&exchange.conn);
		return -EPROTO;
	}
	hl_conn_close(&exchange.conn);
	if (rc < 0)
		*ret_why = hl_text(
		    rc == -EPROTO ? "malformed response" : strerror(-rc));
	return rc;
}
