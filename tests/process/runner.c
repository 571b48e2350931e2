/* SPDX-License-Identifier: MIT */
/* runner.c - a plugin that has programs run, on demand.
 *
 *	runner PATH...     declares the programs (+PATH: its set-user-ID bit
 *	                   counts); init_worker runs the first
 *	VRFY run MS WORD...
 *	VRFY feed MS WORD...
 *
 * VRFY answers "STATUS OUTPUT"; MS is the timeout, 0 for none.  `feed` gives
 * "zero" at descriptor 0, "one" at 1, "nine" at 9, HL_X=y, and takes what
 * comes from standard error.
 */
#include <stdio.h>
#include <string.h>

#include <hookline/plugin.h>

struct args {
	hl_str programs;
};

static const struct hl_spawn_input inputs[] = {
	{ 9, HL_SPAWN_BYTES, "nine", 4 },
	{ 0, HL_SPAWN_BYTES, "ze", 2 },
	{ 1, HL_SPAWN_BYTES, "one", 3 },
	{ 0, HL_SPAWN_BYTES, "ro", 2 },
};
static const char *const env[] = { "HL_X=y", NULL };

static int
run(struct hl_ctx *ctx, unsigned long timeout_ms, char *words, bool feed,
    hl_str *output)
{
	const char *argv[16] = { NULL };
	struct hl_spawn spawn = {
		.argv = argv, .output_max = 100, .timeout_ms = timeout_ms
	};
	char *word;

	if (feed) {
		spawn.inputs = inputs;
		spawn.input_count = sizeof(inputs) / sizeof(*inputs);
		spawn.env = env;
		spawn.keep_errors = true;
	}
	for (size_t i = 0; i < 15 && (word = strsep(&words, " ")) != NULL; i++)
		argv[i] = word;
	return hl_spawn(ctx, &spawn, output);
}

static enum hl_verdict
on_vrfy(struct hl_ctx *ctx, hl_str rest)
{
	hl_str output = HL_STR("");
	unsigned long timeout_ms;
	char verb[5], words[500];
	int status;

	if (sscanf(rest.p, "%4s %lu %499[^\n]", verb, &timeout_ms, words) != 3)
		return HL_DECLINED;
	status =
	    run(ctx, timeout_ms, words, strcmp(verb, "feed") == 0, &output);
	return hl_ok(ctx, "%d %s", status, output.p);
}

static int
on_load(struct hl_ctx *ctx)
{
	const struct args *args = hl_args(ctx);
	hl_str copy = hl_printf(ctx, "%s", args->programs.p);
	char text[1000], *at = text, *word;
	int rc = 0;

	(void)snprintf(text, sizeof(text), "%s", copy.p);
	while (rc == 0 && (word = strsep(&at, " ")) != NULL)
		rc = word[0] == '+'
			 ? hl_need_exec_setuid(ctx, hl_text(word + 1))
			 : hl_need_exec(ctx, hl_text(word));
	return rc;
}

static enum hl_verdict
on_init_worker(struct hl_ctx *ctx)
{
	const struct args *args = hl_args(ctx);
	hl_str output = HL_STR("");
	char text[1000];
	int status;

	(void)snprintf(text, sizeof(text), "%.*s first",
	    (int)strcspn(args->programs.p, " "), args->programs.p);
	status = run(ctx, 0, text, false, &output);
	hl_log(ctx, HL_LOG_INFO, "runner began: %d %s", status, output.p);
	return HL_DECLINED;
}

static const struct hl_arg args[] = {
	{ "programs", "that it declares", .type = HL_ARG_WORDS,
	    .offset = offsetof(struct args, programs), .positional = true,
	    .required = true },
	{ .name = NULL },
};

static const struct hl_plugin plugin = {
	.name = "runner",
	.about = "has programs run when it is told to (for tests)",
	.args = args,
	.args_size = sizeof(struct args),
	.load = on_load,
	.init_worker = on_init_worker,
	.vrfy = on_vrfy,
};
HL_PLUGIN(plugin);
