/* SPDX-License-Identifier: MIT */
/* api_smtp_verdict.c - smtp_client.h: a server's replies as the hook's answer.
 *
 * Recipients that were refused are named (hl_rcpt_verdict) where there are
 * several; what the hook returns holds for the others.
 */
#include <string.h>

#include "api_smtp_private.h"
#include "base/slice.h"

static bool
is_refusal(const struct hl_smtp_reply *reply)
{
	return reply->code >= 400;
}

static enum hl_verdict
verdict_of(const struct hl_smtp_reply *reply)
{
	return reply->code >= 500   ? HL_DENY
	       : reply->code >= 400 ? HL_DENYSOFT
				    : HL_OK;
}

static enum hl_verdict
refuse(struct hl_ctx *ctx, const struct hl_smtp_reply *reply)
{
	return hl_answer(ctx, verdict_of(reply), reply->enhanced, reply->text);
}

static const struct hl_smtp_reply no_reply = { .enhanced = HL_STR(""),
	.text = HL_STR("") };

struct tally {
	size_t refused, soft;
	const struct hl_smtp_reply *first, *accepted;
};

static struct tally
count(const struct hl_smtp_mail *mail)
{
	struct tally tally = { .first = &no_reply, .accepted = &no_reply };

	for (size_t i = 0; i < mail->count; i++) {
		const struct hl_smtp_reply *reply = &mail->rcpts[i].reply;

		if (is_refusal(reply)) {
			tally.refused++;
			tally.soft += reply->code < 500;
			if (tally.first == &no_reply)
				tally.first = reply;
		} else if (reply->code > 0) {
			tally.accepted = reply;
		}
	}
	return tally;
}

static void
name_those(
    struct hl_ctx *ctx, const struct hl_smtp_mail *mail, unsigned from_code)
{
	for (size_t i = 0; i < mail->count; i++) {
		const struct hl_smtp_reply *reply = &mail->rcpts[i].reply;
		hl_str text = reply->text;

		if (reply->code < from_code)
			continue;
		if (reply->enhanced.n > 0)
			text =
			    hl_printf(ctx, "%s %s", reply->enhanced.p, text.p);
		(void)hl_rcpt_verdict(
		    ctx, hl_rcpt_at(ctx, i), verdict_of(reply), text);
	}
}

static void
name_refused(struct hl_ctx *ctx, const struct hl_smtp_mail *mail)
{
	name_those(ctx, mail, 400);
}

void
smtp__name(struct hl_ctx *ctx, const struct hl_smtp_mail *mail)
{
	name_those(ctx, mail, 200);
}

/* "queued as ID": the last word of what the server said. */
static enum hl_verdict
queued(struct hl_ctx *ctx, const struct hl_smtp_reply *reply)
{
	struct slice text =
	    slice_trim((struct slice){ reply->text.p, reply->text.n });
	size_t at = text.n;

	while (at > 0 && text.p[at - 1] != ' ' && text.p[at - 1] != '\n')
		at--;
	hl_log(ctx, HL_LOG_INFO, "finished queueing");
	return hl_ok(ctx, "queued as %.*s", (int)(text.n - at), text.p + at);
}

void
smtp__log_refusals(
    struct hl_ctx *ctx, hl_str where, const struct hl_smtp_mail *mail)
{
	struct tally tally = count(mail);
	const struct hl_smtp_reply *reply = tally.first;
	size_t refused = tally.refused;

	if (is_refusal(&mail->reply)) {
		reply = &mail->reply;
		refused = mail->count - tally.refused;
	}
	if (refused == 0)
		return;
	hl_log(ctx, HL_LOG_INFO, "%s refused %zu: %u %s%s%.300s", where.p,
	    refused, reply->code, reply->enhanced.p,
	    reply->enhanced.n > 0 ? " " : "", reply->text.p);
}

enum hl_verdict
smtp__settle(struct hl_ctx *ctx, const struct hl_smtp_mail *mail)
{
	struct tally tally = count(mail);
	struct hl_smtp_reply others = { .code = tally.soft > 0 ? 451 : 550,
		.enhanced = HL_STR(""),
		.text = HL_STR("Not sent, since others were refused") };

	if (mail->count == 1 && tally.refused == 1)
		return refuse(ctx, tally.first);
	if (is_refusal(&mail->reply)) {
		name_refused(ctx, mail);
		return refuse(ctx, &mail->reply);
	}
	if (tally.refused == 0)
		return queued(
		    ctx, mail->reply.code > 0 ? &mail->reply : tally.accepted);
	name_refused(ctx, mail);
	if (!mail->ended)
		return refuse(ctx, &others);
	if (tally.refused == mail->count)
		return refuse(ctx, tally.first);
	return queued(
	    ctx, mail->reply.code > 0 ? &mail->reply : tally.accepted);
}
