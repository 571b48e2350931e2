/* SPDX-License-Identifier: MIT */
/* record.c - for tests: `record DIR` keeps all of a message that a queue could
 * pass on: DIR/<transaction>.env has the envelope, DIR/<transaction>.msg the
 * bytes as they were received, below our own fields.
 *
 *	mail <a@b.example> ret=FULL envid=x
 *	rcpt <c@d.example> notify=NEVER
 */
#include <hookline/plugin.h>

#include <errno.h>
#include <fcntl.h>

struct args {
	hl_str dir;
};

static int
on_load(struct hl_ctx *ctx)
{
	const struct args *args = hl_args(ctx);

	return hl_need_write(ctx, hl_printf(ctx, "%s/", args->dir.p));
}

static hl_str
with_params(struct hl_ctx *ctx, hl_str text, const struct hl_params *params)
{
	for (size_t i = 0; i < hl_param_count(params); i++) {
		hl_str name = hl_param_name(params, i);

		text = hl_printf(ctx, "%s %s%s%s", text.p, name.p,
		    hl_param(params, name).n > 0 ? "=" : "",
		    hl_param(params, name).p);
	}
	return text;
}

static hl_str
envelope(struct hl_ctx *ctx)
{
	struct hl_lines *lines = hl_lines_new(ctx);
	hl_str text = hl_printf(ctx, "<%s>", hl_addr_text(hl_sender(ctx)).p);

	text = with_params(ctx, text, hl_sender_params(ctx));
	hl_lines_printf(lines, "mail %s", text.p);
	for (size_t i = 0; i < hl_rcpt_count(ctx); i++) {
		struct hl_rcpt *rcpt = hl_rcpt_at(ctx, i);

		text = hl_addr_text(hl_rcpt_addr(rcpt));
		text = with_params(
		    ctx, hl_printf(ctx, "<%s>", text.p), hl_rcpt_params(rcpt));
		hl_lines_printf(lines, "rcpt %s", text.p);
	}
	return hl_printf(ctx, "%s\n", hl_lines_text(lines).p);
}

/* Writes DIR/<transaction>.ENDING under another name first: who waits for
 * the name finds all of it. */
static int
keep(struct hl_ctx *ctx, const char *ending, hl_str text)
{
	const struct args *args = hl_args(ctx);
	hl_str path =
	    hl_printf(ctx, "%s/%s.%s", args->dir.p, hl_txn_id(ctx).p, ending);
	hl_str part = hl_printf(ctx, "%s.part", path.p);
	struct hl_file *file;
	int rc =
	    hl_file_open(ctx, part, O_WRONLY | O_CREAT | O_EXCL, 0600, &file);

	if (rc < 0)
		return rc;
	rc = text.n > 0 ? hl_file_write(file, text.p, text.n)
			: hl_file_write_message(file, ctx, HL_CRLF, false);
	if (hl_file_close(&file) < 0 || rc < 0)
		return rc < 0 ? rc : -EIO;
	return hl_file_rename(ctx, part, path);
}

static enum hl_verdict
on_queue(struct hl_ctx *ctx)
{
	const struct args *args = hl_args(ctx);

	(void)hl_file_mkdir(ctx, args->dir, 0700);
	if (keep(ctx, "msg", (hl_str){ "", 0 }) < 0 ||
	    keep(ctx, "env", envelope(ctx)) < 0)
		return hl_denysoft(ctx, NULL, "cannot record");
	return hl_ok(ctx, "recorded");
}

static const struct hl_arg args[] = {
	{ .name = "dir",
	    .about = "where messages go",
	    .type = HL_ARG_STR,
	    .positional = true,
	    .required = true,
	    .offset = offsetof(struct args, dir) },
	{ .name = NULL },
};

static const struct hl_plugin plugin = {
	.name = "record",
	.about = "keep envelope, parameters and bytes",
	.args = args,
	.args_size = sizeof(struct args),
	.load = on_load,
	.carries = ~UINT64_C(0),
	.queue = on_queue,
};
HL_PLUGIN(plugin);
