/* SPDX-License-Identifier: MIT */
/* count_unrecognized_commands.c - hangs up on clients that are none.
 *
 *	count_unrecognized_commands [N]
 *
 * The Nth unknown command of a session ends it.  The note unrec_cmd_count of
 * the connection has their number.
 */
#include <hookline/plugin.h>

struct args {
	int64_t max;
};

static enum hl_verdict
on_unrecognized_command(struct hl_ctx *ctx, hl_str verb, hl_str rest)
{
	const struct args *args = hl_args(ctx);
	hl_str note = HL_STR("unrec_cmd_count");
	int64_t count = hl_note_int(ctx, HL_CONNECTION, note, 0) + 1;

	(void)rest;
	(void)hl_note_set_int(ctx, HL_CONNECTION, note, count);
	if (count >= args->max)
		return hl_deny_disconnect(ctx, NULL,
		    "Closing connection, %lld unrecognized commands. "
		    "Perhaps you should read RFC 5321?",
		    (long long)count);
	hl_log(ctx, HL_LOG_DEBUG, "'%s', (%lld)", verb.p, (long long)count);
	return HL_DECLINED;
}

static const struct hl_arg args[] = {
	{ "max", "unknown commands that end the session", .def = "4", .min = 1,
	    .max = 1000000, .offset = offsetof(struct args, max),
	    .type = HL_ARG_INT, .positional = true },
	{ .name = NULL },
};

static const struct hl_plugin plugin = {
	.name = "count_unrecognized_commands",
	.about = "hang up after several unknown commands",
	.args = args,
	.args_size = sizeof(struct args),
	.unrecognized_command = on_unrecognized_command,
};
HL_PLUGIN(plugin);
