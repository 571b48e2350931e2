/* SPDX-License-Identifier: MIT */
/* conform_base.c - accepts what the plugin in front has not decided, and
 * leaves in DIR/trace what it saw of a recipient's configuration. */
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include <hookline/plugin.h>

struct args {
	hl_str dir;
};

static enum hl_verdict
on_rcpt(struct hl_ctx *ctx, const struct hl_addr *addr)
{
	const struct args *args = hl_args(ctx);
	const struct hl_list *list =
	    hl_user_config_list(ctx, addr, "conform_key");
	hl_str path = hl_printf(ctx, "%s/user", args->dir.p);
	hl_str line = hl_printf(
	    ctx, "%s\n", hl_list_count(list) > 0 ? hl_list_at(list, 0).p : "");
	int fd = open(path.p, O_WRONLY | O_TRUNC | O_CREAT | O_CLOEXEC, 0666);

	if (fd >= 0) {
		if (write(fd, line.p, line.n) < 0)
			abort();
		close(fd);
	}
	return HL_OK;
}

/* Keeps the message for the test to read. */
static enum hl_verdict
on_queue(struct hl_ctx *ctx)
{
	const struct args *args = hl_args(ctx);
	hl_str path = hl_printf(ctx, "%s/message", args->dir.p);
	int fd = open(path.p, O_WRONLY | O_TRUNC | O_CREAT | O_CLOEXEC, 0666);
	struct hl_reader *reader = hl_message_read(ctx, HL_CRLF);
	char bytes[512];
	long n;

	while ((n = hl_read(reader, bytes, sizeof(bytes))) > 0) {
		if (write(fd, bytes, (size_t)n) != n)
			abort();
	}
	close(fd);
	return HL_OK;
}

static const struct hl_arg args[] = {
	{ .name = "dir",
	    .type = HL_ARG_STR,
	    .offset = offsetof(struct args, dir),
	    .positional = true,
	    .required = true },
	{ .name = NULL },
};

static int
on_load(struct hl_ctx *ctx)
{
	const struct args *given = hl_args(ctx);
	hl_str below = hl_printf(ctx, "%s/", given->dir.p);
	int ret = hl_need_read(ctx, below);

	return ret < 0 ? ret : hl_need_write(ctx, below);
}

static const struct hl_plugin plugin = {
	.name = "conform_base",
	.about = "accepts what nobody has decided",
	.args = args,
	.args_size = sizeof(struct args),
	.load = on_load,
	.rcpt = on_rcpt,
	.queue = on_queue,
};
HL_PLUGIN(plugin);
