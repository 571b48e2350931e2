/* SPDX-License-Identifier: MIT */
/* undelivered.c - keeps a message whose delivery failed for some after it
 * was committed for others (rcpt_verdicts.h).
 *
 * STATE/undelivered/<transaction>: the message as it would have been delivered,
 * with the fields X-From, and X-Failed for each of these recipients, on top.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "hook/hook_log.h"
#include "mail/message_write.h"
#include "rcpt_verdicts.h"
#include "rt/file.h"
#include "server_private.h"

/* On one line: a plugin's text may have several. */
static void
add_words(struct buf *buf, hl_str text)
{
	for (size_t i = 0; i < text.n; i++)
		buf_add_char(
		    buf, (unsigned char)text.p[i] < ' ' ? ' ' : text.p[i]);
}

static void
write_list(
    struct buf *buf, const struct session *session, const struct txn *txn)
{
	buf_printf(buf, "X-From: <%.*s>\n", STR(txn->sender->text));
	LIST_FOR_EACH (link, safe, &txn->rcpts) {
		const struct hl_rcpt *rcpt =
		    CONTAINER_OF(link, struct hl_rcpt, link);

		if (!rcpt_is_lost(session, rcpt))
			continue;
		buf_printf(buf, "X-Failed: <%.*s> ", STR(rcpt->addr->text));
		add_words(buf, rcpt->text);
		buf_add_char(buf, '\n');
	}
}

static int
write_file(const struct session *session, struct txn *txn, const char *path)
{
	struct buf list = BUF_INIT;
	int fd = file_open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	int ret;

	if (fd < 0)
		return fd;
	write_list(&list, session, txn);
	ret = file_write(fd, list.p, list.n);
	buf_done(&list);
	if (ret >= 0)
		ret = message_write(&txn->message, fd, LINE_LF, true);
	(void)file_close(fd);
	/* Half a message would be taken for a whole one. */
	if (ret < 0)
		(void)file_unlink(path);
	return ret;
}

int
undelivered_keep(struct session *session, struct hl_ctx *ctx, struct txn *txn)
{
	const char *state = session->server->options.state_dir;
	struct log_line line;
	hl_str dir, path;
	int ret;

	if (state == NULL)
		return -ENOENT;
	dir = arena_printf(ctx->arena, "%s/undelivered", state);
	path = arena_printf(ctx->arena, "%s/%s", dir.p, txn->id);
	ret = file_make_dirs(dir.p, strlen(state), 0700);
	if (ret == 0)
		ret = write_file(session, txn, path.p);
	if (ret >= 0)
		ret = file_sync_dir(dir.p);
	hook_log_begin(
	    &line, ret < 0 ? LOG_LEVEL_CRIT : LOG_LEVEL_ERROR, &session->conv);
	log_add_text(&line, LOG_event, "undelivered");
	log_add(&line, LOG_path, slice_str(path));
	if (ret < 0)
		log_add_text(&line, LOG_err, strerror(-ret));
	log_end(&line);
	return ret < 0 ? ret : 0;
}
