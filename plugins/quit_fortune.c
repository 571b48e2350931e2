/* SPDX-License-Identifier: MIT */
/* quit_fortune.c - a saying for those who leave, from /usr/games/fortune.
 *
 * For clients that said HELO: whoever speaks ESMTP is no human.
 */
#include <ctype.h>
#include <unistd.h>

#include <hookline/plugin.h>

#ifndef FORTUNE
#define FORTUNE "/usr/games/fortune"
#endif

static enum hl_verdict
on_quit(struct hl_ctx *ctx)
{
	static const char *const argv[] = { FORTUNE, "-s", NULL };
	struct hl_spawn spawn = {
		.argv = argv, .output_max = 4096, .timeout_ms = 2000
	};
	struct hl_lines *lines = hl_lines_new(ctx);
	hl_str out;

	/* Where it is not installed, no process is made to learn that. */
	if (hl_is_esmtp(ctx) || access(FORTUNE, X_OK) != 0 ||
	    hl_spawn(ctx, &spawn, &out) != 0)
		return HL_DECLINED;
	hl_lines_printf(lines, "%s closing connection.", hl_me(ctx).p);
	for (const char *p = out.p; *p != '\0'; p += *p == '\n') {
		char line[128] = "";

		for (size_t n = 0; *p != '\0' && *p != '\n'; p++) {
			if (n < sizeof(line) - 1)
				line[n++] =
				    iscntrl((unsigned char)*p) ? ' ' : *p;
		}
		hl_lines_printf(lines, "  / %s", line);
	}
	return hl_ok(ctx, "%s", hl_lines_text(lines).p);
}

static int
on_load(struct hl_ctx *ctx)
{
	return hl_need_exec(ctx, HL_STR(FORTUNE));
}

static const struct hl_plugin plugin = {
	.name = "quit_fortune",
	.about = "answer QUIT with a saying (HELO clients)",
	.load = on_load,
	.quit = on_quit,
};
HL_PLUGIN(plugin);
