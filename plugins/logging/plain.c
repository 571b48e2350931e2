/* SPDX-License-Identifier: MIT */
/* plain.c - loggers that put a word in front of each line. */
#include "plain.h"

const struct hl_arg plain_args[] = {
	{ "level", "least important lines that it writes", .def = "info",
	    .offset = offsetof(struct plain_args, level), .type = HL_ARG_LEVEL,
	    .positional = true },
	{ .name = NULL },
};

enum hl_verdict
plain_write(struct hl_ctx *ctx, const struct hl_log *log, hl_str front)
{
	const struct plain_args *args = hl_args(ctx);
	struct lines *lines = hl_instance(ctx);

	hl_log_taken(log);
	if ((int)hl_log_level(log) <= args->level)
		lines_add(ctx, lines, HL_STR(""),
		    hl_printf(ctx, "%s %s", front.p, hl_log_text(log).p));
	lines_end(ctx, lines, log);
	return HL_DECLINED;
}

hl_str
plain_value(const struct hl_log *log, const char *key)
{
	hl_str value = hl_log_value(log, key);

	return value.n > 0 ? value : HL_STR("???");
}

void
plain_unload(struct hl_ctx *ctx)
{
	lines_done(hl_instance(ctx));
}
