/* SPDX-License-Identifier: MIT */
/* queue/postfix-queue.c - hands messages to Postfix's cleanup(8).
 *
 *	queue/postfix-queue [SOCKET] [FLAG_MASK_EXTERNAL ...]
 *
 * The services are those of config/cleanup_sockets, a path or HOST:PORT in each
 * line, or SOCKET; the variable POSTFIXQUEUE goes before both.  They are tried
 * in this order until one greets us; a message that was begun is given to no
 * other.  The user that workers run as must be in Postfix's group postdrop, as
 * its directory `public` asks for.  The notes postfix-queue-flags and
 * postfix-queue-sockets of the transaction are what is used for it.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <hookline/policy.h>

#include "postfix_cleanup.h"
#include "postfix_records.h"

#define BY_DEFAULT "/var/spool/postfix/public/cleanup"

struct args {
	hl_str socket_or_flag, flags;
};

struct instance {
	unsigned flags;
	char socket[512];
	bool by_variable;
};

/* ---- the sockets ---- */

/* "/path" or "HOST:PORT", as hl_dial takes it; "" it is none. */
static hl_str
where(struct hl_ctx *ctx, hl_str socket)
{
	const char *colon = strrchr(socket.p, ':');

	if (socket.p[0] == '/')
		return hl_printf(ctx, "unix:%s", socket.p);
	if (colon == NULL || colon == socket.p || colon[1] == '\0' ||
	    colon[1 + strspn(colon + 1, "0123456789")] != '\0')
		return HL_STR("");
	return socket;
}

/* The index-th; "" beyond the last. */
static hl_str
socket_at(struct hl_ctx *ctx, size_t index)
{
	const struct instance *self = hl_instance(ctx);
	const struct hl_list *list = hl_config_list(ctx, "cleanup_sockets");

	if (!self->by_variable && hl_list_count(list) > 0)
		return hl_list_at(list, index);
	return index == 0 ? hl_text(self->socket) : HL_STR("");
}

/* ---- one message ---- */

static int
open_one(struct cleanup *mail, hl_str socket)
{
	hl_str place = where(mail->ctx, socket);
	int rc = place.n > 0 ? cleanup_open(mail, place) : -EINVAL;

	if (rc < 0)
		hl_log(mail->ctx, HL_LOG_ERROR, "Couldn't open \"%s\": %s",
		    socket.p, strerror(-rc));
	return rc;
}

static int
open_any(struct cleanup *mail)
{
	struct hl_value *notes = hl_value_list(mail->ctx);
	int rc = -ENOENT;
	hl_str socket;

	for (size_t i = 0; (socket = socket_at(mail->ctx, i)).n > 0; i++)
		(void)hl_value_append(notes, hl_value_text(mail->ctx, socket));
	(void)hl_note_set(
	    mail->ctx, HL_TRANSACTION, HL_STR("postfix-queue-sockets"), notes);
	for (size_t i = 0; rc < 0; i++) {
		socket = socket_at(mail->ctx, i);
		if (socket.n == 0 || rc == -ECANCELED || rc == -ETIMEDOUT)
			break;
		rc = open_one(mail, socket);
	}
	return rc;
}

/* A reason may begin with an enhanced code, which then counts: "5.7.9 no". */
static enum hl_verdict
refused(struct cleanup *mail)
{
	const struct record_fault *fault = record_fault(mail->status);

	hl_log(mail->ctx, HL_LOG_ERROR, "fail, %s: status %lu %s",
	    mail->queue_id.p, mail->status, mail->reason.p);
	if (fault == NULL)
		return hl_answer(mail->ctx, HL_DECLINED, HL_STR("4.3.0"),
		    hl_printf(mail->ctx, "Unable to queue message (%lu, %s)",
			mail->status, mail->reason.p));
	return hl_answer(mail->ctx, fault->for_good ? HL_DENY : HL_DENYSOFT,
	    hl_text(fault->enhanced),
	    mail->reason.n > 0 ? mail->reason : hl_text(fault->text));
}

static enum hl_verdict
on_queue(struct hl_ctx *ctx)
{
	const struct instance *self = hl_instance(ctx);
	struct cleanup *mail = hl_alloc(ctx, sizeof(*mail));
	int rc;

	if (hl_rcpt_count(ctx) == 0) {
		hl_log(ctx, HL_LOG_NOTICE, "pass, nobody is left to get it");
		return HL_OK;
	}
	mail->ctx = ctx;
	(void)hl_note_set_int(
	    ctx, HL_TRANSACTION, HL_STR("postfix-queue-flags"), self->flags);
	rc = open_any(mail);
	if (rc < 0) {
		hl_log(
		    ctx, HL_LOG_ERROR, "Unable to open any cleanup sockets!");
		return hl_answer(ctx, HL_DECLINED, HL_STR("4.3.0"),
		    HL_STR("The message could not be queued, try again later"));
	}
	rc = cleanup_send(mail, self->flags);
	if (rc < 0) {
		hl_log(ctx, HL_LOG_ERROR, "fail, %s: %s", mail->queue_id.p,
		    strerror(-rc));
		return hl_denysoft(ctx, "4.3.0", "queue file write error");
	}
	if (mail->status != 0)
		return refused(mail);
	hl_log(ctx, HL_LOG_INFO, "queued as %s", mail->queue_id.p);
	return hl_ok(ctx, "Queued! %s (Queue-Id: %s)", hl_message_id(ctx).p,
	    mail->queue_id.p);
}

/* ---- the line in config/plugins ---- */

static void
take_flag(struct hl_ctx *ctx, struct instance *self, hl_str name)
{
	unsigned bits = record_flag(name.p);

	if (bits == 0 && strcmp(name.p, "FLAG_NONE") != 0)
		hl_log(ctx, HL_LOG_WARN, "Ignoring unkown cleanup flag %s",
		    name.p);
	self->flags |= bits;
}

static void
take_flags(struct hl_ctx *ctx, struct instance *self, hl_str words)
{
	hl_str word;

	while ((word = hl_word(ctx, &words)).n > 0)
		take_flag(ctx, self, word);
}

static int
need_sockets(struct hl_ctx *ctx)
{
	hl_str socket, place;
	int rc = 0;

	for (size_t i = 0; rc == 0; i++) {
		socket = socket_at(ctx, i);
		if (socket.n == 0)
			return 0;
		place = where(ctx, socket);
		if (place.n == 0)
			return hl_load_error(
			    ctx, "%s: a path or HOST:PORT is needed", socket.p);
		rc = hl_need_connect(ctx, place);
	}
	return rc;
}

static int
on_load(struct hl_ctx *ctx)
{
	const struct args *args = hl_args(ctx);
	struct instance *self = hl_instance(ctx);
	const char *chosen = getenv("POSTFIXQUEUE");
	hl_str socket = HL_STR(BY_DEFAULT);

	if (args->socket_or_flag.p[0] == '/')
		socket = args->socket_or_flag;
	else if (args->socket_or_flag.n > 0)
		take_flag(ctx, self, args->socket_or_flag);
	take_flags(ctx, self, args->flags);
	self->by_variable = chosen != NULL && chosen[0] != '\0';
	if (self->by_variable)
		socket = hl_text(chosen);
	if (socket.n >= sizeof(self->socket))
		return hl_load_error(ctx, "%s: too long", socket.p);
	memcpy(self->socket, socket.p, socket.n + 1);
	return need_sockets(ctx);
}

static const struct hl_arg args[] = {
	{ "socket", "path of cleanup's, or a flag; default: " BY_DEFAULT,
	    .offset = offsetof(struct args, socket_or_flag),
	    .positional = true },
	{ "flags", "for cleanup: FLAG_MASK_EXTERNAL and others",
	    .offset = offsetof(struct args, flags), .type = HL_ARG_WORDS,
	    .positional = true },
	{ .name = NULL },
};

static const struct hl_plugin plugin = {
	.name = "queue/postfix-queue",
	.about = "hand messages to Postfix",
	.args = args,
	.args_size = sizeof(struct args),
	.instance_size = sizeof(struct instance),
	.files = (const char *const[]){ "cleanup_sockets", NULL },
	.load = on_load,
	.carries = HL_CARRIES_SMTPUTF8 | HL_CARRIES_DSN,
	.queue = on_queue,
};
HL_PLUGIN(plugin);
