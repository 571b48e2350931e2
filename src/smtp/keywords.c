/* SPDX-License-Identifier: MIT */
/* keywords.c - what another server's answer to EHLO or LHLO offers. */
#include "smtp/keywords.h"

#include <string.h>

#include "base/num.h"
#include "smtp/xclient.h"

/* clang-format off */
static const char *const names[SMTP_KEYWORD_COUNT] = {
	[SMTP_KEYWORD_SIZE]       = "SIZE",
	[SMTP_KEYWORD_PIPELINING] = "PIPELINING",
	[SMTP_KEYWORD_8BITMIME]   = "8BITMIME",
	[SMTP_KEYWORD_SMTPUTF8]   = "SMTPUTF8",
	[SMTP_KEYWORD_DSN]        = "DSN",
	[SMTP_KEYWORD_STARTTLS]   = "STARTTLS",
	[SMTP_KEYWORD_CHUNKING]   = "CHUNKING",
	[SMTP_KEYWORD_BINARYMIME] = "BINARYMIME",
	[SMTP_KEYWORD_AUTH]       = "AUTH",
	[SMTP_KEYWORD_XCLIENT]    = "XCLIENT",
};
/* clang-format on */

enum smtp_keyword
smtp_keyword_find(struct slice name)
{
	unsigned i = 0;

	while (i < SMTP_KEYWORD_COUNT && !slice_caseeq_text(name, names[i]))
		i++;
	return (enum smtp_keyword)i;
}

bool
smtp_keywords_has(
    const struct smtp_keywords *keywords, enum smtp_keyword keyword)
{
	return (keywords->has & 1u << keyword) != 0;
}

/* "XCLIENT NAME ADDR ..." */
static unsigned
xclient_attrs(struct slice words)
{
	unsigned attrs = 0;

	for (struct slice word = slice_word(&words); word.n > 0;
	     word = slice_word(&words)) {
		for (unsigned i = 0; i < XATTR_COUNT; i++)
			if (slice_caseeq_text(word, xattr_names[i]))
				attrs |= XATTR_BIT(i);
	}
	return attrs & XCLIENT_ATTRS;
}

static unsigned
auth_mechanisms(struct slice words)
{
	unsigned auth = 0;

	for (struct slice word = slice_word(&words); word.n > 0;
	     word = slice_word(&words)) {
		if (slice_caseeq_text(word, "PLAIN"))
			auth |= SMTP_AUTH_PLAIN;
		else if (slice_caseeq_text(word, "LOGIN"))
			auth |= SMTP_AUTH_LOGIN;
	}
	return auth;
}

static void
add_line(struct slice line, struct smtp_keywords *ret)
{
	struct slice word = slice_word(&line);
	enum smtp_keyword keyword = smtp_keyword_find(word);

	/* "AUTH=LOGIN ...", for old clients. */
	if (keyword == SMTP_KEYWORD_COUNT && slice_casestarts(word, "AUTH=")) {
		keyword = SMTP_KEYWORD_AUTH;
		ret->auth |= auth_mechanisms(slice_from(word, strlen("AUTH=")));
	}
	if (keyword == SMTP_KEYWORD_COUNT)
		return;
	ret->has |= 1u << keyword;
	if (keyword == SMTP_KEYWORD_AUTH)
		ret->auth |= auth_mechanisms(line);
	if (keyword == SMTP_KEYWORD_XCLIENT)
		ret->xclient |= xclient_attrs(line);
	/* A number that is none limits nothing. */
	if (keyword == SMTP_KEYWORD_SIZE &&
	    num_parse_u64(slice_word(&line), UINT64_MAX, &ret->size_max) < 0)
		ret->size_max = 0;
}

void
smtp_keywords_parse(struct slice text, struct smtp_keywords *ret)
{
	struct slice line;

	*ret = (struct smtp_keywords){ 0 };
	if (!slice_cut(&text, '\n', &line))
		return;
	while (slice_cut(&text, '\n', &line))
		add_line(line, ret);
}
