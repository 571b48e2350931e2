/* SPDX-License-Identifier: MIT */
/* fuzz_session_oracle.c - what any conversation must look like.
 *
 * Reads the client's bytes and the server's replies side by side, without
 * the server's own parsers: one reply for the connection, one for each line,
 * after 354 one for the data; the octets that BDAT announces are no lines.
 * More is only a 421, fewer only after a reply that says goodbye or when a
 * plugin has hung up.
 */
#include <string.h>

#include "base/check.h"
#include "fuzz_session.h"

#define REPLIES_MAX 100000

struct replies {
	const char *p;
	size_t n;
	unsigned last; /* code of the last that was taken; 0: none */
};

static bool
is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* Takes one reply; 0 when there is none left. */
static unsigned
next_reply(struct replies *in)
{
	unsigned code = 0, first = 0;
	bool more = true;

	while (more && in->n > 0) {
		const char *lf = memchr(in->p, '\n', in->n);
		size_t len;

		CHECK(lf != NULL); /* a line was cut */
		len = (size_t)(lf - in->p);
		CHECK(len >= 5 && len < 512 && in->p[len - 1] == '\r');
		CHECK(memchr(in->p, '\r', len - 1) == NULL);
		CHECK(memchr(in->p, '\0', len) == NULL);
		CHECK(is_digit(in->p[0]) && is_digit(in->p[1]) &&
		      is_digit(in->p[2]));
		code = (unsigned)((in->p[0] - '0') * 100 +
				  (in->p[1] - '0') * 10 + in->p[2] - '0');
		CHECK(code >= 200 && code < 600);
		CHECK(in->p[3] == ' ' || in->p[3] == '-');
		CHECK(first == 0 || first == code);
		first = code;
		more = in->p[3] == '-';
		in->p += len + 1;
		in->n -= len + 1;
	}
	CHECK(!more || first == 0); /* "NNN-" was the last line */
	if (first != 0)
		in->last = first;
	return first;
}

enum line_kind { LINE_MORE, LINE_WHOLE, LINE_BAD };

/* The next command line. */
static enum line_kind
next_line(const struct heard *heard, size_t *at)
{
	for (size_t i = *at; i < heard->sent_n; i++) {
		char c = heard->sent[i];

		if (c == '\0')
			return LINE_BAD;
		if (c == '\r' && i + 1 < heard->sent_n &&
		    heard->sent[i + 1] != '\n')
			return LINE_BAD;
		if (c != '\n')
			continue;
		if ((i == *at || heard->sent[i - 1] != '\r') &&
		    !heard->lf_ends_lines)
			return LINE_BAD;
		*at = i + 1;
		return LINE_WHOLE;
	}
	return LINE_MORE;
}

/* Behind CRLF.CRLF; false when the data does not end. */
static bool
end_of_data(const struct heard *heard, size_t *at)
{
	for (size_t i = *at; i + 3 <= heard->sent_n; i++) {
		if (memcmp(heard->sent + i, ".\r\n", 3) != 0)
			continue;
		if (i == *at || (i >= *at + 2 && heard->sent[i - 2] == '\r' &&
				    heard->sent[i - 1] == '\n')) {
			*at = i + 3;
			return true;
		}
	}
	return false;
}

static char
upper(char c)
{
	return c >= 'a' && c <= 'z' ? (char)(c - 'a' + 'A') : c;
}

static bool
is_space(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

enum chunk_kind { CHUNK_NONE, CHUNK_SIZED, CHUNK_NO_SIZE };

/* Is the line at p a BDAT, and how many octets follow it? */
static enum chunk_kind
chunk_of(const char *p, const char *end, uint64_t *ret_size)
{
	uint64_t size = 0;
	const char *digits;

	while (end > p && is_space(end[-1]))
		end--;
	for (const char *verb = "BDAT"; *verb != '\0'; verb++) {
		if (p == end || upper(*p++) != *verb)
			return CHUNK_NONE;
	}
	if (p < end && *p != ' ')
		return CHUNK_NONE;
	while (p < end && is_space(*p))
		p++;
	for (digits = p; p < end && is_digit(*p); p++) {
		if (size > (INT64_MAX - (uint64_t)(*p - '0')) / 10)
			return CHUNK_NO_SIZE;
		size = size * 10 + (uint64_t)(*p - '0');
	}
	if (p == digits || (p < end && !is_space(*p)))
		return CHUNK_NO_SIZE;
	*ret_size = size;
	return CHUNK_SIZED;
}

static bool
said_goodbye(const struct heard *heard, const struct replies *replies)
{
	return heard->may_end_early || replies->last == 421 ||
	       replies->last == 221;
}

/* Nothing more is due. */
static void
check_rest(const struct heard *heard, struct replies *replies)
{
	unsigned code = next_reply(replies);

	CHECK(code == 0 || code == 421 || heard->may_end_early);
	CHECK(next_reply(replies) == 0);
}

void
oracle_check(const struct heard *heard)
{
	struct replies replies = { heard->got, heard->got_n, 0 };
	unsigned code = next_reply(&replies);
	size_t at = 0;

	CHECK(code != 0 || heard->may_end_early);
	if (code >= 400 && !heard->may_end_early) { /* not welcome */
		CHECK(next_reply(&replies) == 0);
		return;
	}
	while (code != 0) {
		size_t start = at;
		enum line_kind kind = next_line(heard, &at);
		enum chunk_kind chunk = CHUNK_NONE;
		uint64_t size = 0;

		if (kind == LINE_MORE)
			break;
		if (kind == LINE_WHOLE && at - start <= heard->line_max)
			chunk = chunk_of(
			    heard->sent + start, heard->sent + at, &size);
		if (chunk == CHUNK_SIZED && size > heard->sent_n - at)
			break;
		at += (size_t)size;
		code = next_reply(&replies);
		if (code == 0) {
			CHECK(said_goodbye(heard, &replies));
			return;
		}
		if (chunk == CHUNK_NO_SIZE) /* we cannot go on */
			break;
		if (kind == LINE_BAD) {
			CHECK(
			    code == 500 || code == 421 || heard->may_end_early);
			break;
		}
		if (code != 354)
			continue;
		if (!end_of_data(heard, &at))
			break;
		code = next_reply(&replies);
		CHECK(code != 0 || said_goodbye(heard, &replies));
	}
	check_rest(heard, &replies);
}
