/* SPDX-License-Identifier: MIT */
/* dump.c - a plugin that logs any bytes: those of "XSAY HEX DIGITS". */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include <hookline/plugin.h>

static enum hl_verdict
on_unrecognized(struct hl_ctx *ctx, hl_str verb, hl_str rest)
{
	char *text = hl_alloc(ctx, rest.n + 1), digits[3] = "";

	if (strcasecmp(verb.p, "XSAY") != 0)
		return HL_DECLINED;
	for (size_t i = 0; i + 1 < rest.n; i += 2) {
		memcpy(digits, rest.p + i, 2);
		text[i / 2] = (char)strtoul(digits, NULL, 16);
	}
	hl_log(ctx, HL_LOG_NOTICE, "%s", text);
	return HL_DECLINED;
}

static const struct hl_plugin plugin = {
	.name = "dump",
	.about = "log any bytes",
	.unrecognized_command = on_unrecognized,
};
HL_PLUGIN(plugin);
