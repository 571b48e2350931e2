/* SPDX-License-Identifier: MIT */
/* fuzz_reply.c - replies are well formed whatever the text, and say what the
 * text says. */
#include "fuzz.h"

#include "base/buf.h"
#include "base/idna.h"
#include "smtp/reply.h"

/* RFC 5321 4.2: Reply-line = *( Reply-code "-" [ textstring ] CRLF )
 * Reply-code [ SP textstring ] CRLF.  Adds the texts without code and
 * enhanced code to `texts`, '\n' behind each. */
static void
parse_reply(
    struct slice in, unsigned code, struct smtp_enhanced enh, struct buf *texts)
{
	bool is_last = false;

	while (!is_last) {
		size_t end = slice_find(in, '\r');
		struct slice line = slice_head(in, end);
		struct smtp_enhanced got;

		CHECK(end + 2 <= SMTP_REPLY_LINE_MAX);
		CHECK(line.n >= 4);
		CHECK((unsigned)(line.p[0] - '0') == code / 100);
		CHECK((unsigned)(line.p[1] - '0') == code / 10 % 10);
		CHECK((unsigned)(line.p[2] - '0') == code % 10);
		CHECK(line.p[3] == ' ' || line.p[3] == '-');
		is_last = line.p[3] == ' ';
		for (size_t i = 4; i < line.n; i++)
			CHECK((unsigned char)line.p[i] >= ' ' ||
			      line.p[i] == '\t');
		in = slice_from(in, end);
		CHECK(slice_starts(in, "\r\n"));
		in = slice_from(in, 2);
		line = slice_from(line, 4);
		if (enh.class != 0) {
			CHECK(smtp_enhanced_parse(line, &got, NULL));
			CHECK(got.class == enh.class);
			CHECK(got.subject == enh.subject);
			CHECK(got.detail == enh.detail);
			CHECK(got.class == code / 100);
			line = slice_from(line, slice_find(line, ' ') + 1);
		}
		buf_add_slice(texts, line);
		buf_add_char(texts, '\n');
	}
	CHECK(in.n == 0);
}

/* If nothing had to be changed, the texts are the lines of `text`, but for
 * empty ones and for codes that the text brought itself. */
static void
check_texts(struct slice text, struct slice texts, bool may_strip)
{
	struct slice line, got;
	struct smtp_enhanced enh;

	while (text.n > 0 &&
	       (text.p[text.n - 1] == '\n' || text.p[text.n - 1] == '\r'))
		text.n--;
	if (text.n == 0)
		return;
	while (slice_cut(&text, '\n', &line)) {
		CHECK(slice_cut(&texts, '\n', &got));
		while (line.n > 0 && line.p[line.n - 1] == '\r')
			line.n--;
		if (line.n == 0)
			line = SLICE_LIT(" ");
		if (slice_eq(line, got))
			continue;
		CHECK(may_strip && smtp_enhanced_parse(line, &enh, &line));
		if (line.n == 0)
			line = SLICE_LIT(" ");
		CHECK(slice_eq(line, got));
	}
	CHECK(texts.n == 0);
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
	static const char *const enhs[] = { NULL, "5.7.1", "2.0.0", "4.999.999",
		"bad" };
	static const unsigned codes[] = { 220, 250, 354, 421, 450, 550, 599,
		100 };
	struct slice in = fuzz_input(bytes, n), rest;
	unsigned code = codes[fuzz_byte(&in) % ARRAY_SIZE(codes)];
	const char *enh = enhs[fuzz_byte(&in) % ARRAY_SIZE(enhs)];
	struct buf out = BUF_INIT, texts = BUF_INIT;
	struct smtp_enhanced used = smtp_reply_enhanced(code, enh, in, &rest);
	bool utf8 = n % 2 == 0; /* as good as a choice of its own */
	unsigned status = smtp_reply_format(&out, code, enh, in, utf8);

	CHECK(rest.p + rest.n == in.p + in.n);
	CHECK(enh != NULL || used.class == 0);
	CHECK(utf8 || idna_is_ascii(buf_slice(&out)));
	parse_reply(buf_slice(&out), code, used, &texts);
	if ((status & ~(unsigned)SMTP_REPLY_BAD_ENH) == 0 ||
	    (status == SMTP_REPLY_CLASS && used.class != 0))
		check_texts(rest, buf_slice(&texts), rest.n < in.n);
	buf_done(&out);
	buf_done(&texts);
	return 0;
}
