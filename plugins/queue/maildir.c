/* SPDX-License-Identifier: MIT */
/* queue/maildir.c - keeps messages in a maildir, or in one for each recipient.
 *
 *	queue/maildir DIR [SUBDIR [MODE]]
 *
 * With SUBDIR a recipient's copy goes to the maildir DIR/SUBDIR, where %l is
 * the local part of the address, %d its domain, %u both; the same directory
 * gets one copy.  A full disk is answered with 452, a name over 255 octets with
 * a refusal for good; after any other fault the next queue plugin is asked;
 * without one it is 451, and nothing is left.
 * When plugins have removed all recipients, DIR gets its copy all the same, and
 * with SUBDIR nobody gets one, as in qpsmtpd.
 */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include <hookline/plugin.h>

struct args {
	hl_str dir, subdir;
	unsigned mode; /* of directories; files lack its x */
};

/* A file with a name that no other process, host or message has. */
static struct hl_copy
new_copy(struct hl_ctx *ctx, hl_str dir)
{
	static unsigned counter;
	long long now = hl_wall_us(ctx);
	struct hl_copy copy = { .top = hl_lines_new(ctx) };
	hl_str name, from = hl_addr_text(hl_sender(ctx));
	char host[65] = "";

	(void)gethostname(host, sizeof(host) - 1);
	name = hl_printf(ctx, "%lld.M%06lldP%ldQ%u.%s", now / 1000000,
	    now % 1000000, (long)getpid(), counter++, host);
	copy.tmp = hl_printf(ctx, "%s/tmp/%s", dir.p, name.p);
	copy.path = hl_printf(ctx, "%s/new/%s", dir.p, name.p);
	hl_lines_printf(copy.top, "Return-Path: <%s>", from.p);
	return copy;
}

/* One copy for each directory, which may be none; returns how many. */
static size_t
make_copies(struct hl_ctx *ctx, hl_str *dirs, struct hl_copy *copies)
{
	const struct args *args = hl_args(ctx);
	size_t count = 0, n;

	if (args->subdir.n == 0) {
		dirs[count] = args->dir;
		copies[count++] = new_copy(ctx, args->dir);
	}
	for (size_t i = 0; i < hl_rcpt_count(ctx); i++) {
		const struct hl_addr *to = hl_rcpt_addr(hl_rcpt_at(ctx, i));
		hl_str dir = hl_addr_path(ctx, to, args->subdir);

		dir = hl_printf(ctx, "%s%s%s", args->dir.p,
		    args->subdir.n > 0 ? "/" : "", dir.p);
		for (n = 0; n < count && strcmp(dirs[n].p, dir.p) != 0; n++)
			continue;
		if (n == count) {
			dirs[n] = dir;
			copies[count++] = new_copy(ctx, dir);
		}
		hl_lines_printf(
		    copies[n].top, "Delivered-To: %s", hl_addr_text(to).p);
	}
	return count;
}

static int
make_folders(struct hl_ctx *ctx, const hl_str *dirs, size_t n, hl_str *fault)
{
	static const char *const names[] = { "tmp", "new", "cur" };
	const struct args *args = hl_args(ctx);
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < 3 * n; i++) {
		hl_str d = hl_printf(ctx, "%s/%s", dirs[i / 3].p, names[i % 3]);

		rc = hl_file_mkdir(ctx, d, args->mode);
		*fault = hl_printf(ctx, "cannot make %s: %s; %s", d.p,
		    strerror(-rc), hl_file_remedy(rc));
	}
	return rc;
}

static enum hl_verdict
on_queue(struct hl_ctx *ctx)
{
	const struct args *args = hl_args(ctx);
	size_t n = hl_rcpt_count(ctx) + 1;
	hl_str *dirs = hl_alloc(ctx, n * sizeof(*dirs)), fault;
	struct hl_copy *copies = hl_alloc(ctx, n * sizeof(*copies));
	int rc, mode = args->mode & 0666;

	n = make_copies(ctx, dirs, copies);
	if (n == 0) {
		hl_log(ctx, HL_LOG_NOTICE, "pass, nobody is left to get it");
		return HL_OK;
	}
	rc = hl_message_keep(ctx, copies, n, mode, HL_LF, &fault);
	if (rc == -ENOENT && (rc = make_folders(ctx, dirs, n, &fault)) == 0)
		rc = hl_message_keep(ctx, copies, n, mode, HL_LF, &fault);
	if (rc == 0)
		return HL_OK;
	hl_log(ctx, HL_LOG_ERROR, "fail, %s", fault.p);
	if (rc == -ENOSPC || rc == -EDQUOT)
		return hl_denysoft(ctx, "4.3.1", "Insufficient storage");
	/* By what SUBDIR adds, or by the ASCII form of a domain. */
	if (rc == -ENAMETOOLONG)
		return hl_deny(ctx, "5.1.3",
		    "A recipient's address is too long to be stored");
	return hl_answer(ctx, HL_DECLINED, HL_STR("4.3.0"),
	    HL_STR("The message could not be stored, try again later"));
}

/* A fault shows at the start, not with the first message. */
static enum hl_verdict
on_init_worker(struct hl_ctx *ctx)
{
	const struct args *args = hl_args(ctx);
	hl_str fault;
	int rc;

	if (args->subdir.n == 0) {
		rc = make_folders(ctx, &args->dir, 1, &fault);
	} else {
		rc = hl_file_mkdir(ctx, args->dir, args->mode);
		fault = hl_printf(ctx, "cannot make %s: %s; %s", args->dir.p,
		    strerror(-rc), hl_file_remedy(rc));
	}
	if (rc < 0)
		hl_log(ctx, HL_LOG_ERROR, "fail, %s", fault.p);
	return HL_DECLINED;
}

static int
on_load(struct hl_ctx *ctx)
{
	const struct args *args = hl_args(ctx);

	if (args->subdir.n > 0 && strchr(args->subdir.p, '%') == NULL)
		return hl_load_error(
		    ctx, "subdir %s: needs %%l, %%d or %%u", args->subdir.p);
	return hl_need_write(ctx, hl_printf(ctx, "%s/", args->dir.p));
}

static const struct hl_arg args[] = {
	{ "dir", "the maildir, or what is above SUBDIR",
	    .offset = offsetof(struct args, dir), .type = HL_ARG_PATH,
	    .positional = true, .required = true },
	{ "subdir", "maildir of a recipient: %l, %d, %u",
	    .offset = offsetof(struct args, subdir), .positional = true },
	{ "mode", "of directories, octal", .def = "700",
	    .offset = offsetof(struct args, mode), .type = HL_ARG_MODE,
	    .positional = true },
	{ .name = NULL },
};

static const struct hl_plugin plugin = {
	.name = "queue/maildir",
	.about = "keep messages in a maildir, or one for each recipient",
	.args = args,
	.args_size = sizeof(struct args),
	.load = on_load,
	.carries = HL_CARRIES_SMTPUTF8,
	.init_worker = on_init_worker,
	.queue = on_queue,
};
HL_PLUGIN(plugin);
