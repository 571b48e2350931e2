/* SPDX-License-Identifier: MIT */
/* api_smtp_parts.c - smtp_client.h: a message for more recipients than the
 * server takes at once.
 *
 * RFC 5321 4.5.3.1.10: those behind a 452 "too many recipients" get it in
 * another transaction.  Where the client hears of each, that follows on the same
 * connection.  Where it gets one reply for all, the transactions are begun on as
 * many connections, and no message goes out before all are accepted:
 *
 *	connection 1   MAIL RCPT RCPT 452             DATA message
 *	connection 2                      MAIL RCPT                DATA message
 *
 * What can still go wrong then is a message behind the first: docs/decisions.
 */
#include <errno.h>
#include <string.h>

#include "api_smtp_private.h"

#define PARTS_MAX 16u /* transactions */

struct part {
	struct hl_smtp *smtp;
	struct hl_smtp_mail mail;
	size_t *index; /* of its recipients in the whole mail */
};

struct parts {
	struct hl_smtp *first; /* whose connection was there before */
	struct hl_smtp_mail *whole;
	struct part all[PARTS_MAX];
	size_t count;
};

/* ---- who is in which ---- */

static size_t
first_accepted(const struct hl_smtp_mail *mail)
{
	size_t i = 0;

	while (i < mail->count && !smtp__is_accepted(&mail->rcpts[i]))
		i++;
	return i;
}

/* Those who are accepted so far, or the rest behind them. */
static void
fill(struct part *part, struct hl_ctx *ctx, const struct hl_smtp_mail *whole,
    bool rest)
{
	size_t i = rest ? first_accepted(whole) : 0;

	part->mail = *whole;
	part->mail.count = 0;
	part->mail.rcpts =
	    hl_alloc(ctx, (whole->count - i + 1) * sizeof(*whole->rcpts));
	part->index =
	    hl_alloc(ctx, (whole->count - i + 1) * sizeof(*part->index));
	for (; i < whole->count; i++) {
		const struct hl_smtp_rcpt *rcpt = &whole->rcpts[i];

		if (rest ? !smtp__is_too_many(&rcpt->reply)
			 : !smtp__is_accepted(rcpt))
			continue;
		part->index[part->mail.count] = i;
		part->mail.rcpts[part->mail.count++] = *rcpt;
	}
}

/* The replies of a part are those of the whole. */
static void
merge(struct hl_smtp_mail *whole, const struct part *part)
{
	const struct hl_smtp_reply *all = &part->mail.reply;

	for (size_t i = 0; i < part->mail.count; i++) {
		const struct hl_smtp_rcpt *rcpt = &part->mail.rcpts[i];

		if (rcpt->reply.code != 0)
			whole->rcpts[part->index[i]].reply =
			    all->code >= 400 && smtp__is_accepted(rcpt)
				? *all
				: rcpt->reply;
	}
}

/* ---- one after the other ---- */

/* Of those whose fate is not known: with LMTP they have no reply. */
static void
set_lost(struct part *part)
{
	static const struct hl_smtp_reply lost = { .code = 451,
		.enhanced = HL_STR("4.4.2"),
		.text = HL_STR("The next server did not say whether it has "
			       "taken the message") };
	bool are_known = part->smtp->options->lmtp && part->mail.ended;

	for (size_t i = 0; i < part->mail.count; i++) {
		struct hl_smtp_rcpt *rcpt = &part->mail.rcpts[i];

		if (rcpt->reply.code == 0 ||
		    (!are_known && smtp__is_accepted(rcpt)))
			rcpt->reply = lost;
	}
}

/* Those who were too many in `part`; what is said to the message comes later,
 * and means something else. */
static void
fill_next(struct part *next, struct hl_ctx *ctx, const struct part *part)
{
	fill(next, ctx, &part->mail, true);
	for (size_t i = 0; i < next->mail.count; i++)
		next->index[i] = part->index[next->index[i]];
}

/* The client hears of each: what becomes of one is nothing to another. */
static void
go_on(struct hl_smtp *smtp, struct hl_smtp_mail *whole, struct part *part)
{
	long rc = 1;

	for (size_t n = 1; n < PARTS_MAX && rc > 0; n++) {
		struct part next;

		if (part->mail.count == 0 || smtp->is_broken)
			return;
		part->smtp = smtp;
		rc = hl_smtp_envelope(smtp, &part->mail);
		fill_next(&next, smtp->ctx, part);
		if (rc > 0 && hl_smtp_message(smtp, &part->mail) < 0)
			rc = -EPIPE;
		if (rc < 0)
			set_lost(part);
		merge(whole, part);
		*part = next;
	}
}

/* ---- side by side ---- */

/* All are accepted, or the rest may be in another transaction. */
static bool
may_go_on(const struct hl_smtp_mail *whole)
{
	size_t first = first_accepted(whole);

	for (size_t i = 0; i < whole->count; i++) {
		const struct hl_smtp_rcpt *rcpt = &whole->rcpts[i];

		if (!smtp__is_accepted(rcpt) &&
		    (i < first || !smtp__is_too_many(&rcpt->reply)))
			return false;
	}
	return first < whole->count;
}

/* Somebody is refused for another reason: then nobody gets it, and those who
 * were too many have no answer of their own. */
static void
forget_rest(struct hl_smtp_mail *whole)
{
	bool others_are_refused = !may_go_on(whole);

	for (size_t i = first_accepted(whole);
	     others_are_refused && i < whole->count; i++) {
		struct hl_smtp_reply *reply = &whole->rcpts[i].reply;

		if (smtp__is_too_many(reply))
			*reply = (struct hl_smtp_reply){ 0 };
	}
}

/* Another connection, and the envelope of the rest.  How many of them were
 * accepted, or negative errno. */
static long
begin(struct parts *parts)
{
	struct part *part = &parts->all[parts->count];
	struct hl_smtp *first = parts->first;
	long rc;

	rc = hl_smtp_open(
	    first->ctx, first->hop, first->options, &part->smtp, &first->why);
	if (rc < 0)
		return rc;
	parts->count++;
	rc = hl_smtp_envelope(part->smtp, &part->mail);
	if (rc < 0)
		first->why = part->smtp->why;
	return rc;
}

/* True: all recipients are accepted, in one part or another. */
static bool
begin_all(struct parts *parts)
{
	struct hl_smtp *first = parts->first;
	long rc = 1;

	while (rc > 0 && may_go_on(parts->whole)) {
		struct part *part = &parts->all[parts->count];

		if (parts->count == PARTS_MAX)
			return false;
		fill(part, first->ctx, parts->whole, true);
		if (part->mail.count == 0)
			return true;
		rc = begin(parts);
		if (rc < 0)
			hl_log(first->ctx, HL_LOG_WARN,
			    "%s; it takes fewer recipients at once",
			    first->why.p);
		else
			merge(parts->whole, part);
	}
	return false;
}

/* Its connection was lost before the end of the message: once more.  Who is
 * refused now was accepted before: the client is to send it again. */
static int
send_again(struct part *part)
{
	struct hl_smtp *old = part->smtp;
	struct hl_smtp_options options = *old->options;
	long rc;

	options.fresh = true;
	hl_smtp_close(&part->smtp);
	rc = hl_smtp_open(old->ctx, old->hop, &options, &part->smtp, NULL);
	if (rc < 0)
		return (int)rc;
	part->smtp->options = old->options;
	rc = hl_smtp_envelope(part->smtp, &part->mail);
	if (rc < 0)
		return (int)rc;
	return (size_t)rc == part->mail.count
		   ? hl_smtp_message(part->smtp, &part->mail)
		   : -EAGAIN;
}

/* Is there somebody among them whom the client has to send it to again? */
static bool
is_unsettled(const struct part *part, int rc)
{
	unsigned code = part->mail.reply.code;

	return rc < 0 || (code >= 400 && code < 500);
}

/* Some have it, and the client hears one reply: it sends it again. */
static void
take_back(struct parts *parts, size_t i, int rc)
{
	struct hl_smtp_mail *whole = parts->whole;
	const struct part *part = &parts->all[i];

	hl_log(parts->first->ctx, HL_LOG_ERROR,
	    "%s: %zu of its %zu transactions were answered: the message may "
	    "arrive twice",
	    parts->first->where.p, i, parts->count);
	whole->reply = part->mail.reply;
	if (rc < 0)
		whole->reply = (struct hl_smtp_reply){ .code = 451,
			.enhanced = HL_STR("4.4.2"),
			.text = HL_STR("The next server has taken the message "
				       "for some recipients only") };
}

/* The first connection was lost behind the message: with LMTP some may have an
 * answer, and what was said to RCPT, here or in the other parts, is none. */
static void
set_unknown(struct hl_smtp_mail *whole, const struct part *first)
{
	for (size_t i = 0; i < whole->count; i++)
		whole->rcpts[i].reply = (struct hl_smtp_reply){ 0 };
	merge(whole, first);
}

static int
send_all(struct parts *parts)
{
	struct hl_smtp_mail *whole = parts->whole;

	for (size_t i = 0; i < parts->count; i++) {
		struct part *part = &parts->all[i];
		int rc = hl_smtp_message(part->smtp, &part->mail);

		if (i == 0) {
			whole->ended = part->mail.ended;
			whole->reply = part->mail.reply;
			parts->first->why = part->smtp->why;
			if (rc < 0 && whole->ended)
				set_unknown(whole, part);
			if (rc < 0 || whole->reply.code >= 400)
				return rc;
		} else if (rc < 0 && !part->mail.ended) {
			rc = send_again(part);
		}
		if (i > 0 && is_unsettled(part, rc)) {
			take_back(parts, i, rc);
			return 0;
		}
		merge(whole, part);
	}
	return 0;
}

static int
side_by_side(struct hl_smtp *smtp, struct hl_smtp_mail *whole)
{
	struct parts *parts = hl_alloc(smtp->ctx, sizeof(*parts));
	int rc = 0;

	parts->first = smtp;
	parts->whole = whole;
	parts->all[0].smtp = smtp;
	fill(&parts->all[0], smtp->ctx, whole, false);
	parts->count = 1;
	if (begin_all(parts))
		rc = send_all(parts);
	else
		forget_rest(whole);
	for (size_t i = 1; i < parts->count; i++)
		hl_smtp_close(&parts->all[i].smtp);
	return rc;
}

int
smtp__hand_over(struct hl_smtp *smtp, struct hl_smtp_mail *mail)
{
	long rc = hl_smtp_envelope(smtp, mail);
	bool are_all = rc > 0 && (size_t)rc == mail->count;
	struct part rest;

	if (rc <= 0)
		return (int)rc;
	if (!mail->partial && !are_all)
		return side_by_side(smtp, mail);
	if (!are_all)
		fill(&rest, smtp->ctx, mail, true);
	rc = hl_smtp_message(smtp, mail);
	if (rc == 0 && !are_all && mail->reply.code < 400)
		go_on(smtp, mail, &rest);
	return (int)rc;
}
