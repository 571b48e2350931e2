/* SPDX-License-Identifier: MIT */
/* fuzz_answer.c - any lines as replies of another server, and as what it
 * offers. */
#include "fuzz.h"

#include <errno.h>
#include <string.h>

#include "smtp/answer.h"
#include "smtp/keywords.h"
#include "smtp/xclient.h"

static void
check_text(const struct smtp_answer *answer)
{
	unsigned breaks = 0;

	CHECK(answer->n < sizeof(answer->text));
	CHECK(strlen(answer->text) == answer->n);
	for (size_t i = 0; i < answer->n; i++) {
		unsigned char c = (unsigned char)answer->text[i];

		CHECK(c == '\n' || (c >= ' ' && c != 127));
		breaks += c == '\n';
	}
	CHECK(breaks <= SMTP_ANSWER_LINES_MAX);
	if (answer->lines > 0 && answer->n + 1 < sizeof(answer->text))
		CHECK(breaks == answer->lines - 1);
}

static void
check_whole(const struct smtp_answer *answer)
{
	char text[SMTP_ENHANCED_TEXT_MAX];
	struct smtp_keywords keywords;
	struct smtp_enhanced again;

	CHECK(answer->is_whole && answer->lines > 0);
	CHECK(answer->code >= 200 && answer->code <= 599);
	smtp_answer_enhanced(answer, text);
	if (answer->enhanced.class != 0) {
		CHECK(answer->enhanced.class == answer->code / 100);
		CHECK(smtp_enhanced_parse(slice_of(text), &again, NULL));
		CHECK(again.subject == answer->enhanced.subject &&
		      again.detail == answer->enhanced.detail);
	} else {
		CHECK(text[0] == '\0');
	}
	smtp_keywords_parse(
	    (struct slice){ answer->text, answer->n }, &keywords);
	CHECK(keywords.has >> SMTP_KEYWORD_COUNT == 0);
	CHECK((keywords.xclient & ~XCLIENT_ATTRS) == 0);
	CHECK(keywords.size_max == 0 ||
	      smtp_keywords_has(&keywords, SMTP_KEYWORD_SIZE));
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
	static struct smtp_answer answer;
	struct slice in = fuzz_input(bytes, n), line;

	memset(&answer, 0, sizeof(answer));
	while (slice_cut(&in, '\n', &line)) {
		int status = smtp_answer_add(&answer, line);

		check_text(&answer);
		CHECK(status == 0 || status == 1 || status == -EPROTO ||
		      status == -E2BIG);
		CHECK(answer.is_whole == (status == 1));
		if (status == 1)
			check_whole(&answer);
		if (status < 0)
			break;
	}
	return 0;
}
