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
	[EHLO_MT_PRIORITY] = { "MT-PRIORITY", HL_CARRIES_MT_PRIORITY, NULL,
	    NULL },
	[EHLO_XCLIENT] = { "XCLIENT", 0, xclient_offers, xclient_words },
	[EHLO_XFORWARD] = { "XFORWARD", 0, xclient_offers, xforward_words },
	[EHLO_STARTTLS] = { "STARTTLS", 0, starttls_is_possible, NULL },
};

bool
ehlo_offers(const struct session *session, enum ehlo_keyword keyword)
{
	const struct row *row = &rows[keyword];

	return (row->carries & ~session->conv.chains->carries) == 0 &&
	       (row->offers == NULL || row->offers(session));
}

void
ehlo_list(const struct session *session, struct buf *list)
{
	for (int i = 0; i < EHLO_KEYWORD_COUNT; i++) {
		if (!ehlo_offers(session, (enum ehlo_keyword)i))
			continue;
		buf_printf(list, "\n%s", rows[i].name);
		if (rows[i].words != NULL)
			rows[i].words(session, list);
	}
}
