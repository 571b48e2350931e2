/* SPDX-License-Identifier: MIT */
/* proxy_text.c - what a proxy tells of the client's TLS, as text to show. */
#include "net/proxy_text.h"

#include "base/buf.h"
#include "net/tls_info.h"

hl_str
proxy_text_word(struct arena *arena, struct slice in)
{
	static const struct slice marks = SLICE_LIT(".-_+:");
	char text[PROXY_WORD_MAX];

	in = slice_head(in, PROXY_WORD_MAX);
	for (size_t i = 0; i < in.n; i++)
		text[i] = ascii_is_alnum(in.p[i]) ||
				  slice_find(marks, in.p[i]) < marks.n
			      ? in.p[i]
			      : '?';
	return arena_str(arena, (struct slice){ text, in.n });
}

/* Is a backslash enough? */
static bool
is_special(struct slice in, size_t i)
{
	static const struct slice specials = SLICE_LIT("\"+,;<>\\");

	if (in.p[i] == ' ')
		return i == 0 || i == in.n - 1;
	return (in.p[i] == '#' && i == 0) ||
	       slice_find(specials, in.p[i]) < specials.n;
}

hl_str
proxy_text_cn(struct arena *arena, struct slice cn)
{
	struct buf buf = BUF_INIT;
	hl_str text = STR_EMPTY;

	if (cn.n == 0 || cn.n > TLS_INFO_NAME_MAX)
		return STR_EMPTY;
	buf_add_text(&buf, "CN=");
	for (size_t i = 0; i < cn.n; i++) {
		unsigned char c = (unsigned char)cn.p[i];

		if (c < ' ' || c > '~') {
			buf_printf(&buf, "\\%02X", c);
			continue;
		}
		if (is_special(cn, i))
			buf_add_char(&buf, '\\');
		buf_add_char(&buf, cn.p[i]);
	}
	if (buf.n <= TLS_INFO_NAME_MAX)
		text = arena_str(arena, buf_slice(&buf));
	buf_done(&buf);
	return text;
}
