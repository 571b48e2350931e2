/* SPDX-License-Identifier: MIT */
/* ehlo.c - the keywords of EHLO: which are offered now, with what words. */
#include "ehlo.h"

#include <stddef.h>

#include <hookline/plugin.h>

#include "auth.h"
#include "smtp/xclient.h"

static void
size_words(const struct session *session, struct buf *list)
{
	if (session->limits->databytes > 0)
		buf_printf(
		    list, " %lld", (long long)session->limits->databytes);
}

/* LMTP has a reply for each recipient anyway. */
static bool
prdr_offers(const struct session *session)
{
	return !session->conv.facts.lmtp;
}

static bool
xclient_offers(const struct session *session)
{
	return session->may_xclient;
}

static void
xattr_words(unsigned known, struct buf *list)
{
	for (unsigned i = 0; i < XATTR_COUNT; i++) {
		if ((known & XATTR_BIT(i)) != 0)
			buf_printf(list, " %s", xattr_names[i]);
	}
}

static void
xclient_words(const struct session *session, struct buf *list)
{
	(void)session;
	xattr_words(XCLIENT_ATTRS, list);
}

static void
xforward_words(const struct session *session, struct buf *list)
{
	(void)session;
	xattr_words(XFORWARD_ATTRS, list);
}

/* "The REQUIRETLS extension MUST NOT be advertised without TLS" */
static bool
in_tls(const struct session *session)
{
	return session->conv.facts.tls != NULL;
}

static bool
may_hold(const struct session *session)
{
	return session->limits->max_hold >= 1000;
}

/* max-future-release-interval, and the time that this is from now on. */
static void
hold_words(const struct session *session, struct buf *list)
{
	int64_t most_s = session->limits->max_hold / 1000;
	struct wall last = { wall_now().us + most_s * 1000000 };
	char date[WALL_RFC3339_MAX];

	(void)wall_rfc3339(last, date, sizeof(date));
	date[sizeof("2026-11-23T01:49:48") - 1] = '\0'; /* no fraction */
	buf_printf(list, " %lld %sZ", (long long)most_s, date);
}

/* Limits have up to six digits; 0 is none of ours. */
#define LIMIT_MAX 999999

static void
limit_word(struct buf *list, const char *name, int64_t limit)
{
	if (limit > 0)
		buf_printf(list, " %s=%lld", name,
		    (long long)(limit > LIMIT_MAX ? LIMIT_MAX : limit));
}

/* They are this client's (`config` hooks, NAME/KEY of its listener). */
static void
limits_words(const struct session *session, struct buf *list)
{
	limit_word(list, "MAILMAX", session->limits->max_mails);
	limit_word(list, "RCPTMAX", session->limits->max_recipients);
	limit_word(list, "RCPTDOMAINMAX", session->limits->max_domains);
}

static const struct row {
	const char *name;
	uint64_t carries; /* HL_CARRIES_* that the queue must declare */
	/* NULL: always. */
	bool (*offers)(const struct session *session);
	/* Adds " WORD..."; NULL: it has none. */
	void (*words)(const struct session *session, struct buf *list);
} rows[EHLO_KEYWORD_COUNT] = {
	[EHLO_PIPELINING] = { "PIPELINING", 0, NULL, NULL },
	[EHLO_8BITMIME] = { "8BITMIME", 0, NULL, NULL },
	[EHLO_ENHANCEDSTATUSCODES] = { "ENHANCEDSTATUSCODES", 0, NULL, NULL },
	[EHLO_SIZE] = { "SIZE", 0, NULL, size_words },
	[EHLO_CHUNKING] = { "CHUNKING", 0, NULL, NULL },
	[EHLO_BINARYMIME] = { "BINARYMIME", HL_CARRIES_BINARYMIME, NULL, NULL },
	[EHLO_SMTPUTF8] = { "SMTPUTF8", HL_CARRIES_SMTPUTF8, NULL, NULL },
	[EHLO_AUTH] = { "AUTH", 0, auth_is_offered, auth_list },
	[EHLO_DSN] = { "DSN", HL_CARRIES_DSN, NULL, NULL },
	[EHLO_REQUIRETLS] = { "REQUIRETLS", HL_CARRIES_REQUIRETLS, in_tls,
	    NULL },
	[EHLO_PRDR] = { "PRDR", 0, prdr_offers, NULL },
	[EHLO_MT_PRIORITY] = { "MT-PRIORITY", HL_CARRIES_MT_PRIORITY, NULL,
	    NULL },
	[EHLO_FUTURERELEASE] = { "FUTURERELEASE", HL_CARRIES_FUTURERELEASE,
	    may_hold, hold_words },
	[EHLO_LIMITS] = { "LIMITS", 0, NULL, limits_words },
	[EHLO_XCLIENT] = { "XCLIENT", 0, xclient_offers, xclient_words },
	[EHLO_XFORWARD] = { "XFORWARD", 0, xclient_offers, xforward_words },
	[EHLO_STARTTLS] = { "STARTTLS", 0, starttls_is_possible, NULL },
};

bool
ehlo_offers(const struct session *session, enum ehlo_keyword keyword)
{
	const struct row *row = &rows[keyword];

	return (session->ehlo_hidden & 1U << keyword) == 0 &&
	       (row->carries & ~session->conv.chains->carries) == 0 &&
	       (row->offers == NULL || row->offers(session));
}

void
ehlo_list(struct session *session, struct buf *list)
{
	session->ehlo_hidden = 0;
	for (int i = 0; i < EHLO_KEYWORD_COUNT; i++) {
		if (!ehlo_offers(session, (enum ehlo_keyword)i))
			continue;
		buf_printf(list, "\n%s", rows[i].name);
		if (rows[i].words != NULL)
			rows[i].words(session, list);
	}
}

static bool
has_line(struct slice lines, struct slice keyword)
{
	struct slice line;

	while (lines.n > 0 && slice_cut(&lines, '\n', &line)) {
		if (slice_caseeq(slice_word(&line), keyword))
			return true;
	}
	return false;
}

static bool
is_ours(struct slice keyword)
{
	for (int i = 0; i < EHLO_KEYWORD_COUNT; i++) {
		if (slice_caseeq_text(keyword, rows[i].name))
			return true;
	}
	return false;
}

void
ehlo_add_more(struct buf *list, struct slice more)
{
	struct slice line;

	while (more.n > 0 && slice_cut(&more, '\n', &line)) {
		struct slice words = line, keyword = slice_word(&words);

		if (keyword.n == 0 || is_ours(keyword) ||
		    has_line(buf_slice(list), keyword))
			continue;
		buf_add_char(list, '\n');
		buf_add_slice(list, line);
	}
}

void
ehlo_hide(struct session *session, const struct buf *list)
{
	struct slice lines = buf_slice(list), greeting;

	(void)slice_cut(&lines, '\n', &greeting);
	for (unsigned i = 0; i < EHLO_KEYWORD_COUNT; i++) {
		if (!has_line(lines, slice_of(rows[i].name)))
			session->ehlo_hidden |= 1U << i;
	}
}
