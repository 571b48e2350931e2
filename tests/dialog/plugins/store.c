/* SPDX-License-Identifier: MIT */
/* store.c - for dialogs: `store DIR [lf|crlf]` writes each message, as it is
 * delivered, to DIR/<transaction>. */
#include <hookline/plugin.h>

#include <fcntl.h>

struct args {
	hl_str dir;
	unsigned crlf;
};

static int
on_load(struct hl_ctx *ctx)
{
	const struct args *args = hl_args(ctx);

	return hl_need_write(ctx, hl_printf(ctx, "%s/", args->dir.p));
}

static enum hl_verdict
on_queue(struct hl_ctx *ctx)
{
	const struct args *args = hl_args(ctx);
	hl_str path, part;
	struct hl_file *file;

	path = hl_printf(ctx, "%s/%s", args->dir.p, hl_txn_id(ctx).p);
	part = hl_printf(ctx, "%s/.%s", args->dir.p, hl_txn_id(ctx).p);
	(void)hl_file_mkdir(ctx, args->dir, 0700);
	if (hl_file_open(ctx, part, O_WRONLY | O_CREAT | O_EXCL, 0600, &file) <
		0 ||
	    hl_file_write_message(
		file, ctx, args->crlf ? HL_CRLF : HL_LF, false) < 0 ||
	    hl_file_close(&file) < 0 || hl_file_rename(ctx, part, path) < 0)
		return hl_denysoft(ctx, NULL, "cannot store");
	return hl_ok(ctx, "stored");
}

static const struct hl_arg args[] = {
	{ .name = "dir",
	    .about = "where messages go",
	    .type = HL_ARG_STR,
	    .positional = true,
	    .required = true,
	    .offset = offsetof(struct args, dir) },
	{ .name = "eol",
	    .about = "line ends",
	    .type = HL_ARG_CHOICE,
	    .choices = "lf|crlf",
	    .def = "lf",
	    .positional = true,
	    .offset = offsetof(struct args, crlf) },
	{ .name = NULL },
};

static const struct hl_plugin plugin = {
	.name = "store",
	.about = "write each message to a file",
	.args = args,
	.args_size = sizeof(struct args),
	.load = on_load,
	.queue = on_queue,
};
HL_PLUGIN(plugin);
