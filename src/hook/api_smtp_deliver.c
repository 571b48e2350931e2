/* SPDX-License-Identifier: MIT */
/* api_smtp_deliver.c - smtp_client.h: one hop after the other.
 *
 * A hop that cannot be reached, loses the connection or refuses for now, be it
 * all or one recipient, is followed by the next one, and a kept connection that
 * was dead by a new one to the same hop: always before the end of the message
 * was sent, never after.  If none takes it, the answer is that of the last one
 * that gave one.
 */
#include <errno.h>
#include <string.h>

#include "api_smtp_private.h"
#include "base/err.h"
#include "ctx.h"

#define SEEN 0x80000000u /* in plugin->next_hop: there was one */

enum outcome_kind {
	SETTLED,  /* the server has said what becomes of it */
	GO_ON,    /* it has not got it: another one may */
	LOST,     /* it may have got it */
	CANCELLED /* there is no more time */
};

struct delivery {
	struct hl_ctx *ctx;
	struct hl_smtp_options options;
	struct hl_smtp_mail mail;
	hl_str where, why;
	/* What the last one said that refused for now; no `where`: none did. */
	struct hl_smtp_mail refused;
	hl_str refused_where;
	bool was_kept;   /* the connection */
	bool has_spoken; /* the server has refused something */
};

static enum outcome_kind
kind_of(int rc, const struct hl_smtp_mail *mail)
{
	if (mail->ended)
		return LOST;
	return rc == -ECANCELED || rc == -ETIMEDOUT ? CANCELLED : GO_ON;
}

/* Nothing went out, and what is refused may be accepted another time. */
static bool
is_for_now(const struct hl_smtp_mail *mail)
{
	if (mail->ended)
		return false;
	if (mail->reply.code != 0)
		return mail->reply.code >= 400 && mail->reply.code < 500;
	for (size_t i = 0; i < mail->count; i++) {
		unsigned code = mail->rcpts[i].reply.code;

		if (code >= 400 && code < 500)
			return true;
	}
	return false;
}

/* The next hop's replies will be written over these. */
static void
remember(struct delivery *delivery)
{
	const struct hl_smtp_mail *mail = &delivery->mail;
	size_t size = mail->count * sizeof(*mail->rcpts);

	delivery->refused = *mail;
	delivery->refused.rcpts = hl_alloc(delivery->ctx, size);
	memcpy(delivery->refused.rcpts, mail->rcpts, size);
	delivery->refused_where = delivery->where;
}

static enum outcome_kind
hand_over(struct delivery *delivery, struct hl_smtp *smtp)
{
	struct hl_smtp_mail *mail = &delivery->mail;
	int rc = smtp__hand_over(smtp, mail);

	delivery->why = smtp->why;
	if (rc < 0)
		return kind_of(rc, mail);
	delivery->has_spoken = true;
	smtp__log_refusals(delivery->ctx, delivery->where, mail);
	if (!is_for_now(mail))
		return SETTLED;
	remember(delivery);
	return GO_ON;
}

static void
note_offers(struct delivery *delivery, const struct hl_smtp *smtp)
{
	delivery->ctx->frame->plugin->next_hop = SEEN | smtp->kept.keywords.has;
}

static enum outcome_kind
attempt(struct delivery *delivery, bool fresh)
{
	enum outcome_kind kind;
	struct hl_smtp *smtp;
	int rc;

	delivery->options.fresh = fresh;
	delivery->mail.reply = (struct hl_smtp_reply){ 0 };
	delivery->was_kept = false;
	delivery->has_spoken = false;
	rc = hl_smtp_open(delivery->ctx, delivery->where, &delivery->options,
	    &smtp, &delivery->why);
	if (rc < 0)
		return kind_of(rc, &delivery->mail);
	delivery->was_kept = !hl_smtp_is_fresh(smtp);
	note_offers(delivery, smtp);
	kind = hand_over(delivery, smtp);
	hl_smtp_close(&smtp);
	return kind;
}

static enum outcome_kind
try_hop(struct delivery *delivery)
{
	enum outcome_kind kind;

	hl_log(
	    delivery->ctx, HL_LOG_INFO, "forwarding to %s", delivery->where.p);
	kind = attempt(delivery, false);
	if (kind == GO_ON && delivery->was_kept && !delivery->has_spoken) {
		hl_log(delivery->ctx, HL_LOG_DEBUG,
		    "%s; it was a kept connection", delivery->why.p);
		kind = attempt(delivery, true);
	}
	if (kind == GO_ON && !delivery->has_spoken)
		hl_log(delivery->ctx, HL_LOG_WARN, "%s", delivery->why.p);
	return kind;
}

/* With LMTP the replies of some may have come. */
static enum hl_verdict
lost(struct delivery *delivery)
{
	struct hl_ctx *ctx = delivery->ctx;

	hl_log(ctx, HL_LOG_ERROR,
	    "%s: the message was sent, but not answered: it may arrive twice",
	    delivery->why.p);
	if (delivery->options.lmtp)
		smtp__name(ctx, &delivery->mail);
	return hl_denysoft(ctx, "4.4.2",
	    "The next server did not say whether it has taken the message");
}

static enum hl_verdict
unreached(struct delivery *delivery)
{
	if (delivery->refused_where.n > 0)
		return smtp__settle(delivery->ctx, &delivery->refused);
	return hl_answer(delivery->ctx, HL_DECLINED, HL_STR("4.4.1"),
	    HL_STR("Unable to queue message"));
}

static enum hl_verdict
deliver(struct delivery *delivery, const struct hl_smtp_hops *hops)
{
	struct hl_ctx *ctx = delivery->ctx;
	hl_str all[SMTP_HOPS_MAX];
	size_t n = smtp__hops_find(ctx, hops, all, &delivery->why);

	if (n == 0)
		hl_log(ctx, HL_LOG_WARN, "%s", delivery->why.p);
	for (size_t i = 0; i < n; i++) {
		delivery->where = all[i];
		switch (try_hop(delivery)) {
		case SETTLED:
			return smtp__settle(ctx, &delivery->mail);
		case LOST:
			return lost(delivery);
		case CANCELLED:
			return HL_DECLINED;
		case GO_ON:
			break;
		}
	}
	return unreached(delivery);
}

enum hl_verdict
hl_smtp_deliver(struct hl_ctx *ctx, const struct hl_smtp_hops *hops,
    const struct hl_smtp_options *options)
{
	struct delivery *delivery = hl_alloc(ctx, sizeof(*delivery));

	delivery->ctx = ctx;
	delivery->options = *options;
	delivery->why = HL_STR("there is no server to send it to");
	hl_smtp_mail(ctx, &delivery->mail);
	delivery->mail.partial = hl_rcpt_replies(ctx);
	if (delivery->mail.count == 0) {
		hl_log(ctx, HL_LOG_NOTICE, "pass, nobody is left to get it");
		return HL_OK;
	}
	return deliver(delivery, hops);
}

void
hl_smtp_offer(struct hl_ctx *ctx)
{
	static const struct {
		enum smtp_keyword keyword;
		const char *name;
		bool is_unusual; /* not offered before it is known */
	} all[] = {
		{ SMTP_KEYWORD_SMTPUTF8, "SMTPUTF8", false },
		{ SMTP_KEYWORD_DSN, "DSN", false },
		{ SMTP_KEYWORD_BINARYMIME, "BINARYMIME", true },
	};
	unsigned seen;

	ctx_check(ctx);
	seen = ctx->frame->plugin->next_hop;
	for (size_t i = 0; i < ARRAY_SIZE(all); i++) {
		bool has = (seen & 1u << all[i].keyword) != 0;

		if (!has && (seen != 0 || all[i].is_unusual))
			(void)hl_ehlo_remove(ctx, hl_text(all[i].name));
	}
}
