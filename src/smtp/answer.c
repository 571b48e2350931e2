/* SPDX-License-Identifier: MIT */
/* answer.c - reading the replies of another server. */
#include "smtp/answer.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

/* RFC 5321 4.2: Reply-code = %x32-35 %x30-35 %x30-39.  The second digit is
 * taken as it comes: some servers have codes of their own. */
static unsigned
parse_code(struct slice line)
{
	unsigned code = 0;

	if (line.n < 3 || line.p[0] < '2' || line.p[0] > '5')
		return 0;
	for (size_t i = 0; i < 3; i++) {
		if (!ascii_is_digit(line.p[i]))
			return 0;
		code = code * 10 + (unsigned)(line.p[i] - '0');
	}
	return code;
}

static void
add_char(struct smtp_answer *answer, char c)
{
	if (answer->n + 1 < sizeof(answer->text))
		answer->text[answer->n++] = c;
	answer->text[answer->n] = '\0';
}

/* An enhanced code is that of the reply if it has the reply's class; the
 * first line's counts, and is taken off each (RFC 2034 4). */
static void
add_text(struct smtp_answer *answer, struct slice text)
{
	struct smtp_enhanced enhanced;
	struct slice rest;

	if (smtp_enhanced_parse(text, &enhanced, &rest) &&
	    enhanced.class == answer->code / 100) {
		if (answer->lines == 0)
			answer->enhanced = enhanced;
		if (enhanced.class == answer->enhanced.class &&
		    enhanced.subject == answer->enhanced.subject &&
		    enhanced.detail == answer->enhanced.detail)
			text = rest;
	}
	if (answer->lines > 0)
		add_char(answer, '\n');
	for (size_t i = 0; i < text.n; i++) {
		bool is_control =
		    (unsigned char)text.p[i] < ' ' || text.p[i] == 127;

		add_char(answer, is_control ? ' ' : text.p[i]);
	}
}

static void
begin(struct smtp_answer *answer)
{
	answer->code = 0;
	answer->lines = 0;
	answer->is_whole = false;
	answer->enhanced = (struct smtp_enhanced){ 0 };
	answer->n = 0;
	answer->text[0] = '\0';
}

int
smtp_answer_add(struct smtp_answer *answer, struct slice line)
{
	unsigned code = parse_code(line);

	if (answer->is_whole)
		begin(answer);
	if (line.n > SMTP_ANSWER_LINE_MAX ||
	    answer->lines == SMTP_ANSWER_LINES_MAX)
		return -E2BIG;
	if (code == 0 || (answer->lines > 0 && code != answer->code) ||
	    (line.n > 3 && line.p[3] != ' ' && line.p[3] != '-'))
		return -EPROTO;
	answer->code = code;
	add_text(answer, slice_from(line, 4));
	answer->lines++;
	answer->is_whole = line.n == 3 || line.p[3] == ' ';
	return answer->is_whole ? 1 : 0;
}

void
smtp_answer_enhanced(
    const struct smtp_answer *answer, char ret[SMTP_ENHANCED_TEXT_MAX])
{
	const struct smtp_enhanced *enhanced = &answer->enhanced;

	ret[0] = '\0';
	if (enhanced->class != 0)
		(void)snprintf(ret, SMTP_ENHANCED_TEXT_MAX, "%u.%u.%u",
		    (unsigned)enhanced->class, (unsigned)enhanced->subject,
		    (unsigned)enhanced->detail);
}
