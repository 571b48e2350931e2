/* SPDX-License-Identifier: MIT */
/* queue/exim-bsmtp.c - hands messages to Exim, as batched SMTP.
 *
 *	queue/exim-bsmtp [exim_path /usr/sbin/rsmtp]
 *
 * `exim_path -bS` reads one session of SMTP without replies.  It says nothing
 * when it has kept the message; a line that begins with a code is why not: 5xx
 * refuses it for good, 4xx for now.  After any other failure the next queue
 * plugin is asked, and the client gets 451 without one.
 *
 * The program runs as the user that workers run as: Exim's bit for root does
 * not count here.  Let that user be Exim's own (config/user Debian-exim), which
 * Exim trusts, and whose spool it is.
 */
#include <string.h>
#include <unistd.h>

#include <hookline/policy.h>

#define OUTPUT_MAX 4096 /* bytes of what it says */

struct args {
	hl_str exim_path;
};

/* All commands before the message. */
static hl_str
commands(struct hl_ctx *ctx)
{
	struct hl_lines *lines = hl_lines_new(ctx);

	hl_lines_printf(lines, "HELO %s", hl_me(ctx).p);
	hl_lines_printf(
	    lines, "MAIL FROM:<%s>", hl_addr_text(hl_sender(ctx)).p);
	for (size_t i = 0; i < hl_rcpt_count(ctx); i++)
		hl_lines_printf(lines, "RCPT TO:<%s>",
		    hl_addr_text(hl_rcpt_addr(hl_rcpt_at(ctx, i))).p);
	hl_lines_add(lines, HL_STR("DATA\n"));
	return hl_lines_text(lines);
}

/* "  550 no" to its code and text; 0: another line. */
static unsigned
code_of(const char *line, const char **ret_text)
{
	unsigned code = 0;
	size_t n;

	line += strspn(line, " \t");
	n = strspn(line, "0123456789");
	for (size_t i = 0; i < n && n == 3; i++)
		code = code * 10 + (unsigned)(line[i] - '0');
	*ret_text = line + n + strspn(line + n, " \t");
	return n == 3 && (line[3] == ' ' || line[3] == '\t') &&
		       **ret_text != '\0'
		   ? code
		   : 0;
}

/* Logs each line; returns the last code, with its text. */
static unsigned
look_at(struct hl_ctx *ctx, hl_str output, hl_str *ret_text)
{
	const char *at = output.p;
	unsigned code = 0;

	while (*at != '\0') {
		size_t n = strcspn(at, "\n");
		hl_str line = hl_printf(ctx, "%.*s", (int)n, at);
		const char *text;
		unsigned found = code_of(line.p, &text);

		if (n > 0)
			hl_log(ctx, HL_LOG_ERROR, "exim: %s", line.p);
		if (found != 0) {
			code = found;
			*ret_text = hl_text(text);
		}
		at += n + (at[n] == '\n');
	}
	return code;
}

static enum hl_verdict
failed(struct hl_ctx *ctx)
{
	return hl_answer(ctx, HL_DECLINED, HL_STR("4.3.0"),
	    HL_STR("Internal error enqueuing mail"));
}

static enum hl_verdict
on_queue(struct hl_ctx *ctx)
{
	const struct args *args = hl_args(ctx);
	const char *argv[] = { args->exim_path.p, "-bS", NULL };
	hl_str before = commands(ctx), output = HL_STR(""), text;
	struct hl_spawn_input inputs[] = {
		{ 0, HL_SPAWN_BYTES, before.p, before.n },
		{ .fd = 0, .what = HL_SPAWN_MESSAGE_DOTS },
		{ 0, HL_SPAWN_BYTES, ".\nQUIT\n", strlen(".\nQUIT\n") },
	};
	struct hl_spawn spawn = { .argv = argv,
		.inputs = inputs,
		.input_count = 3,
		.output_max = OUTPUT_MAX,
		.keep_errors = true };
	unsigned code;
	int status;

	if (hl_rcpt_count(ctx) == 0) {
		hl_log(ctx, HL_LOG_NOTICE, "pass, nobody is left to get it");
		return HL_OK;
	}
	status = hl_spawn(ctx, &spawn, &output);
	code = look_at(ctx, output, &text);
	if (code >= 400 && code < 600) {
		hl_log(ctx, HL_LOG_ERROR,
		    "BSMTP enqueue failed; response %u (%s)", code, text.p);
		return hl_answer(
		    ctx, code < 500 ? HL_DENYSOFT : HL_DENY, HL_STR(""), text);
	}
	if (status < 0) {
		hl_log(ctx, HL_LOG_ERROR, "Could not execute %s: %s", argv[0],
		    strerror(-status));
		return failed(ctx);
	}
	if (status != 0 || code != 0) {
		hl_log(ctx, HL_LOG_ERROR,
		    "BSMTP enqueue failed; exitcode %d from %s -bS", status,
		    argv[0]);
		return failed(ctx);
	}
	hl_log(ctx, HL_LOG_INFO, "Enqueued to exim via BSMTP");
	return hl_ok(ctx, "Queued!");
}

static int
on_load(struct hl_ctx *ctx)
{
	const struct args *args = hl_args(ctx);

	if (access(args->exim_path.p, X_OK) != 0)
		hl_log(ctx, HL_LOG_ERROR,
		    "Could not find exim at %s; please set exim_path in "
		    "config/plugins",
		    args->exim_path.p);
	return hl_need_exec(ctx, args->exim_path);
}

static const struct hl_arg args[] = {
	{ "exim_path", "the program, which gets -bS", .def = "/usr/sbin/rsmtp",
	    .offset = offsetof(struct args, exim_path), .type = HL_ARG_PATH },
	{ .name = NULL },
};

static const struct hl_plugin plugin = {
	.name = "queue/exim-bsmtp",
	.about = "hand messages to Exim, as batched SMTP",
	.args = args,
	.args_size = sizeof(struct args),
	.load = on_load,
	.queue = on_queue,
};
HL_PLUGIN(plugin);
