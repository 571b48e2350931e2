/* SPDX-License-Identifier: MIT */
/* command.c - a command line taken apart: verb, rest, FROM: and TO:. */
#include "smtp/command.h"

/* clang-format off */
const struct smtp_verb_info smtp_verbs[SMTP_VERB_COUNT] = {
	[SMTP_VERB_UNKNOWN]  = { "",         false },
	[SMTP_VERB_EHLO]     = { "EHLO",     true },
	[SMTP_VERB_HELO]     = { "HELO",     true },
	[SMTP_VERB_MAIL]     = { "MAIL",     true },
	[SMTP_VERB_RCPT]     = { "RCPT",     true },
	[SMTP_VERB_DATA]     = { "DATA",     true },
	[SMTP_VERB_RSET]     = { "RSET",     true },
	[SMTP_VERB_NOOP]     = { "NOOP",     true },
	[SMTP_VERB_VRFY]     = { "VRFY",     true },
	[SMTP_VERB_HELP]     = { "HELP",     true },
	[SMTP_VERB_QUIT]     = { "QUIT",     true },
	[SMTP_VERB_STARTTLS] = { "STARTTLS", true },
	[SMTP_VERB_AUTH]     = { "AUTH",     false },
	[SMTP_VERB_BDAT]     = { "BDAT",     true },
	[SMTP_VERB_EXPN]     = { "EXPN",     false },
	[SMTP_VERB_ETRN]     = { "ETRN",     false },
	[SMTP_VERB_LHLO]     = { "LHLO",     true },
	[SMTP_VERB_XCLIENT]  = { "XCLIENT",  true },
	[SMTP_VERB_XFORWARD] = { "XFORWARD", true },
};
/* clang-format on */

static struct slice
drop_white_space_at_end(struct slice s)
{
	while (s.n > 0 && (s.p[s.n - 1] == ' ' || s.p[s.n - 1] == '\t'))
		s.n--;
	return s;
}

/* Names have 4 to 8 letters, so the rule of 1 to 12 word characters needs no
 * code of its own: what breaks it is not in the table. */
static enum smtp_verb
find_verb(struct slice word)
{
	char first;

	if (word.n == 0)
		return SMTP_VERB_UNKNOWN;
	first = (char)(word.p[0] & ~0x20); /* upper case, if a letter */
	for (int v = SMTP_VERB_UNKNOWN + 1; v < SMTP_VERB_COUNT; v++) {
		if (smtp_verbs[v].name[0] == first &&
		    slice_caseeq_text(word, smtp_verbs[v].name))
			return (enum smtp_verb)v;
	}
	return SMTP_VERB_UNKNOWN;
}

struct smtp_command
smtp_command_split(struct slice line)
{
	struct smtp_command command;
	size_t at;

	line = drop_white_space_at_end(line);
	at = slice_find(line, ' ');
	command.word = slice_head(line, at);
	while (at < line.n && line.p[at] == ' ')
		at++;
	command.rest = slice_from(line, at);
	command.verb = find_verb(command.word);
	return command;
}

bool
smtp_command_prefix(
    struct slice rest, const char *prefix, struct slice *ret_after)
{
	size_t at = slice_of(prefix).n;

	if (!slice_casestarts(rest, prefix))
		return false;
	while (at < rest.n && (rest.p[at] == ' ' || rest.p[at] == '\t'))
		at++;
	*ret_after = slice_from(rest, at);
	return true;
}
