/* SPDX-License-Identifier: MIT */
/* api_keep.c - plugin.h: keeping the message in files. */
#include <errno.h>
#include <string.h>

#include "base/buf.h"
#include "ctx.h"
#include "lines.h"
#include "mail/message_keep.h"
#include "needs.h"

const char *
hl_file_remedy(int rc)
{
	static const struct {
		int error;
		const char *text;
	} remedies[] = {
		{ ENOSPC, "make room on its disk" },
		{ EDQUOT, "raise the quota of the user that workers run as" },
		{ EROFS, "its file system is mounted read-only" },
		{ EACCES, "give the directory to the user that workers run as, "
			  "and let it pass those above; reload if it was "
			  "made or mounted meanwhile" },
		{ EPERM, "give the directory to the user that workers run as" },
		{ ENOENT, "make the directory, or mount its file system" },
		{ ENOTDIR, "what stands in the way is no directory" },
		{ EIO, "the disk fails; see the kernel's log" },
		{ ETIMEDOUT, "the disk is too slow for hl.timeout" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(remedies); i++) {
		if (remedies[i].error == -rc)
			return remedies[i].text;
	}
	return "see errno(3)";
}

static struct slice
top_text(const struct hl_lines *lines, enum hl_eol eol, struct buf *buf)
{
	for (size_t i = 0; lines != NULL && i < lines->count; i++) {
		buf_add_slice(buf, slice_str(lines->at[i]));
		buf_add_text(buf, eol == HL_LF ? "\n" : "\r\n");
	}
	return buf_slice(buf);
}

static int
check_needs(struct hl_ctx *ctx, const struct hl_copy *copies, size_t count,
    size_t *ret_failed)
{
	int status = 0;

	for (size_t i = 0; status == 0 && i < count; i++) {
		*ret_failed = i;
		status = need_check(ctx, NEED_WRITE, copies[i].tmp);
		if (status == 0)
			status = need_check(ctx, NEED_WRITE, copies[i].path);
	}
	return status;
}

static int
keep(struct hl_ctx *ctx, const struct hl_copy *copies, size_t count,
    unsigned mode, enum hl_eol eol, size_t *ret_failed)
{
	struct message_copy *to = arena_array(ctx->arena, count, sizeof(*to));
	struct buf *tops = arena_array(ctx->arena, count, sizeof(*tops));
	int status;

	for (size_t i = 0; i < count; i++) {
		tops[i] = (struct buf)BUF_INIT;
		to[i].tmp = copies[i].tmp.p;
		to[i].path = copies[i].path.p;
		to[i].top = top_text(copies[i].top, eol, &tops[i]);
	}
	status = message_keep(ctx_whole_message(ctx), to, count, (mode_t)mode,
	    eol == HL_LF ? LINE_LF : LINE_CRLF, ret_failed);
	for (size_t i = 0; i < count; i++)
		buf_done(&tops[i]);
	return status;
}

int
hl_message_keep(struct hl_ctx *ctx, const struct hl_copy *copies, size_t count,
    unsigned mode, enum hl_eol eol, hl_str *ret_fault)
{
	size_t failed = 0;
	int status;

	ctx_check(ctx);
	if (ctx_whole_message(ctx) == NULL || count == 0) {
		if (ret_fault != NULL)
			*ret_fault =
			    STR_LIT("there is no message, or no file for it");
		return -EINVAL;
	}
	status = check_needs(ctx, copies, count, &failed);
	if (status == 0)
		status = keep(ctx, copies, count, mode, eol, &failed);
	if (status < 0 && ret_fault != NULL)
		*ret_fault = arena_printf(ctx->arena, "cannot keep %s: %s; %s",
		    copies[failed].path.p, strerror(-status),
		    hl_file_remedy(status));
	return status;
}
