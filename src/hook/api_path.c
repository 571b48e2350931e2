/* SPDX-License-Identifier: MIT */
/* api_path.c - plugin.h: addresses as parts of paths.
 *
 * The local part of an address is what a stranger chose: nothing of it may
 * lead out of the directory that the plugin's author had in mind.
 */
#include "base/buf.h"
#include "ctx.h"

/* Local parts outside of ASCII are well-formed UTF-8: two users with different
 * names shall not share a directory. */
static bool
is_safe(char c)
{
	return (unsigned char)c >= 0x80 || ascii_is_alnum(c) ||
	       slice_find(SLICE_LIT("-+_.,@="), c) < 7;
}

/* "" and names of dots alone are the directory itself, or others. */
static bool
is_dots(struct slice text)
{
	for (size_t i = 0; i < text.n; i++) {
		if (text.p[i] != '.')
			return false;
	}
	return true;
}

static void
add_safe(struct buf *buf, struct slice text, bool lower)
{
	bool dots = is_dots(text);

	if (text.n == 0)
		buf_add_char(buf, '_');
	for (size_t i = 0; i < text.n; i++) {
		char c = lower ? ascii_lower(text.p[i]) : text.p[i];

		buf_add_char(buf, dots || !is_safe(c) ? '_' : c);
	}
}

hl_str
hl_addr_path(struct hl_ctx *ctx, const struct hl_addr *addr, hl_str pattern)
{
	hl_str host = addr->host.n > 0 ? addr->host_ascii : hl_me(ctx);
	struct buf buf = BUF_INIT;
	hl_str path;

	for (size_t i = 0; i < pattern.n; i++) {
		char c = pattern.p[i] == '%' ? pattern.p[i + 1] : '\0';

		if (c != 'l' && c != 'd' && c != 'u') {
			buf_add_char(&buf, pattern.p[i]);
			continue;
		}
		if (c != 'd')
			add_safe(&buf, slice_str(addr->local), false);
		if (c == 'u')
			buf_add_char(&buf, '@');
		if (c != 'l')
			add_safe(&buf, slice_str(host), true);
		i++;
	}
	path = arena_str(ctx->arena, buf_slice(&buf));
	buf_done(&buf);
	return path;
}
