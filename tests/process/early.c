/* SPDX-License-Identifier: MIT */
/* early.c - a queue plugin as none may be: it says OK, and stores later.
 *
 * test_kill9.py asserts that it loses messages: a test which that plugin
 * passes would prove nothing.
 */
#include <hookline/plugin.h>

struct args {
	hl_str dir;
};

static enum hl_verdict
on_queue(struct hl_ctx *ctx)
{
	return hl_ok(ctx, "Queued, perhaps");
}

static enum hl_verdict
on_queue_post(struct hl_ctx *ctx)
{
	static unsigned counter;
	const struct args *args = hl_args(ctx);
	hl_str name =
	    hl_printf(ctx, "%lld.%u", (long long)hl_wall_us(ctx), counter++);
	struct hl_copy copy = {
		.tmp = hl_printf(ctx, "%s/tmp/%s", args->dir.p, name.p),
		.path = hl_printf(ctx, "%s/new/%s", args->dir.p, name.p),
	};

	(void)hl_sleep(ctx, 20);
	(void)hl_message_keep(ctx, &copy, 1, 0600, HL_LF, NULL);
	return HL_DECLINED;
}

static int
on_load(struct hl_ctx *ctx)
{
	const struct args *args = hl_args(ctx);

	return hl_need_write(ctx, hl_printf(ctx, "%s/", args->dir.p));
}

static enum hl_verdict
on_init_worker(struct hl_ctx *ctx)
{
	const struct args *args = hl_args(ctx);

	(void)hl_file_mkdir(ctx, hl_printf(ctx, "%s/tmp", args->dir.p), 0700);
	(void)hl_file_mkdir(ctx, hl_printf(ctx, "%s/new", args->dir.p), 0700);
	return HL_DECLINED;
}

static const struct hl_arg args[] = {
	{ "dir", "a maildir", .offset = offsetof(struct args, dir),
	    .type = HL_ARG_PATH, .positional = true, .required = true },
	{ .name = NULL },
};

static const struct hl_plugin plugin = {
	.name = "early",
	.about = "answer before the message is stored (never do this)",
	.args = args,
	.args_size = sizeof(struct args),
	.load = on_load,
	.init_worker = on_init_worker,
	.queue = on_queue,
	.queue_post = on_queue_post,
};
HL_PLUGIN(plugin);
