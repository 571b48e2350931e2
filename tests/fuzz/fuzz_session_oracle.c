/* SPDX-License-Identifier: MIT */
/* fuzz_session_oracle.c - what any conversation must look like.
 *
 * Reads the client's bytes and the server's replies side by side, without
 * the server's own parsers: one reply for the connection, one for each line,
 * after 354 one for the data; the octets that BDAT announces are no lines.
 * More is only a 421, fewer only after a reply that says goodbye or when a
 * plugin has hung up.  Where each recipient has its own reply (LMTP, PRDR) they
 * are counted as long as no plugin interferes; else only their form counts.
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

/* Is `verb` the first word of the line at p? */
static bool
has_verb(const char *p, const char *end, const char *verb)
{
	while (end > p && is_space(end[-1]))
		end--;
	for (; *verb != '\0'; verb++) {
		if (p == end || upper(*p++) != *verb)
			return false;
	}
	return p == end || *p == ' ';
}

enum chunk_kind { CHUNK_NONE, CHUNK_SIZED, CHUNK_LAST, CHUNK_NO_SIZE };

/* Is the line at p a BDAT, and how many octets follow it? */
static enum chunk_kind
chunk_of(const char *p, const char *end, uint64_t *ret_size)
{
	uint64_t size = 0;
	const char *digits;

	if (!has_verb(p, end, "BDAT"))
		return CHUNK_NONE;
	p += 4;
	while (end > p && is_space(end[-1]))
		end--;
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
	while (p < end && is_space(*p))
		p++;
	return end - p == 4 && has_verb(p, end, "LAST") ? CHUNK_LAST
							: CHUNK_SIZED;
}

/* Recipients whose RCPT was accepted for the open transaction. */
static unsigned
count_given(const char *p, const char *end, unsigned code, unsigned given)
{
	bool is_fine = code >= 200 && code < 300;

	if (has_verb(p, end, "RCPT"))
		return given + is_fine;
	if (has_verb(p, end, "MAIL"))
		return 0;
	if (is_fine &&
	    (has_verb(p, end, "RSET") || has_verb(p, end, "LHLO") ||
		has_verb(p, end, "EHLO") || has_verb(p, end, "HELO")))
		return 0;
	return given;
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

/* The answer to the end of data has begun with `code`; takes the rest. */
static unsigned
take_each(const struct heard *heard, struct replies *replies, unsigned code,
    unsigned *given)
{
	unsigned more = 0, first = code;

	if (code == 353)
		more = *given + 1;
	else if (heard->is_lmtp && *given > 0 && code != 421)
		more = *given - 1;
	CHECK(code != 353 || (!heard->is_lmtp && *given > 1));
	for (; more > 0 && code != 0; more--) {
		code = next_reply(replies);
		CHECK(code != 0 && code != 353 && code != 354);
	}
	if (first != 503)
		*given = 0;
	return code;
}

static bool
has_bare_lf(const struct heard *heard)
{
	for (size_t i = 0; i < heard->sent_n; i++) {
		if (heard->sent[i] == '\n' &&
		    (i == 0 || heard->sent[i - 1] != '\r'))
			return true;
	}
	return false;
}

/* Replies that cannot be counted, because a plugin had its say. */
static bool
has_own_rules(const struct heard *heard)
{
	/* A relay client's bare LF ends a line; we do not know since when. */
	if (heard->lf_may_end && has_bare_lf(heard))
		return true;
	if (heard->is_quiet)
		return false;
	if (heard->is_lmtp)
		return true;
	for (size_t i = 0; i + 4 < heard->got_n; i++) {
		if (heard->got[i] == '\n' &&
		    memcmp(heard->got + i + 1, "353", 3) == 0)
			return true;
	}
	return false;
}

void
oracle_check(const struct heard *heard)
{
	struct replies replies = { heard->got, heard->got_n, 0 };
	unsigned code = next_reply(&replies);
	unsigned given = 0;
	size_t at = 0;

	if (has_own_rules(heard)) {
		while (next_reply(&replies) != 0)
			;
		return;
	}
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
		/* Behind 334 it is an answer. */
		if (kind == LINE_WHOLE && code != 334 &&
		    at - start <= heard->line_max)
			chunk = chunk_of(
			    heard->sent + start, heard->sent + at, &size);
		if (size > heard->sent_n - at)
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
		if (chunk == CHUNK_LAST)
			code = take_each(heard, &replies, code, &given);
		if (kind == LINE_WHOLE && chunk == CHUNK_NONE)
			given = count_given(
			    heard->sent + start, heard->sent + at, code, given);
		if (code != 354)
			continue;
		if (!end_of_data(heard, &at))
			break;
		code = next_reply(&replies);
		CHECK(code != 0 || said_goodbye(heard, &replies));
		code = take_each(heard, &replies, code, &given);
	}
	check_rest(heard, &replies);
}
