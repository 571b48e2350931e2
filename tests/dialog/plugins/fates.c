/* SPDX-License-Identifier: MIT */
/* fates.c - for dialogs: the first letters of a recipient say what becomes of
 * it.
 *
 *	p.. in data_post, q.. in queue:  h hard, s soft, o ok with words
 *	R in queue: the others are taken (OK); D: refused (DENY); X: and hung up
 *	P in data_post: the others are refused;  Y: and hung up
 *	K in queue, J in data_post, I in data: the plugin replies by itself
 *	A in rcpt: replaced by qo-b@ and qh-c@; M: removed
 * queue_post logs each one's fate.
 */
#include <hookline/plugin.h>

#include <string.h>

static void
name_one(struct hl_ctx *ctx, struct hl_rcpt *rcpt, char letter)
{
	if (letter == 'h')
		(void)hl_rcpt_verdict(
		    ctx, rcpt, HL_DENY, HL_STR("no such box"));
	if (letter == 's')
		(void)hl_rcpt_verdict(
		    ctx, rcpt, HL_DENYSOFT_DISCONNECT, HL_STR("4.2.2 full"));
	if (letter == 'o')
		(void)hl_rcpt_verdict(ctx, rcpt, HL_OK, HL_STR("in the box"));
}

/* Settles those whose name begins with `stage`; the letters of the others. */
static hl_str
name_all(struct hl_ctx *ctx, char stage)
{
	hl_str letters = HL_STR("");

	for (size_t i = 0; i < hl_rcpt_count(ctx); i++) {
		struct hl_rcpt *rcpt = hl_rcpt_at(ctx, i);
		hl_str local = hl_addr_local(hl_rcpt_addr(rcpt));

		if (local.p[0] == stage)
			name_one(ctx, rcpt, local.p[1]);
		else
			letters = hl_printf(ctx, "%s%c", letters.p, local.p[0]);
	}
	return letters;
}

static enum hl_verdict
on_rcpt(struct hl_ctx *ctx, const struct hl_addr *to)
{
	(void)ctx, (void)to;
	return HL_OK;
}

/* Aliases, once the client has named them. */
static void
replace(struct hl_ctx *ctx)
{
	for (size_t i = 0; i < hl_rcpt_count(ctx); i++) {
		struct hl_rcpt *rcpt = hl_rcpt_at(ctx, i);
		char letter = hl_addr_local(hl_rcpt_addr(rcpt)).p[0];

		if (letter != 'A' && letter != 'M')
			continue;
		if (letter == 'A')
			(void)hl_rcpt_add(ctx, HL_STR("qo-b@x.example"));
		if (letter == 'A')
			(void)hl_rcpt_add(ctx, HL_STR("qh-c@x.example"));
		(void)hl_rcpt_remove(ctx, rcpt);
		i--;
	}
}

static enum hl_verdict
on_data(struct hl_ctx *ctx)
{
	if (strchr(name_all(ctx, '-').p, 'I') == NULL)
		return HL_DECLINED;
	(void)hl_reply(ctx, 550, "5.7.9", "not this one");
	return HL_DONE;
}

static enum hl_verdict
on_data_post(struct hl_ctx *ctx)
{
	hl_str letters;

	replace(ctx);
	letters = name_all(ctx, 'p');
	if (strchr(letters.p, 'Y') != NULL)
		return hl_deny_disconnect(ctx, NULL, "spam, bye");
	if (strchr(letters.p, 'P') != NULL)
		return hl_deny(ctx, NULL, "spam");
	if (strchr(letters.p, 'J') == NULL)
		return HL_DECLINED;
	(void)hl_reply(ctx, 550, "5.7.9", "my own");
	return HL_DONE;
}

static enum hl_verdict
on_queue_pre(struct hl_ctx *ctx)
{
	hl_log(ctx, HL_LOG_NOTICE, "queue_pre %d", (int)hl_rcpt_count(ctx));
	if (strchr(name_all(ctx, '-').p, 'S') != NULL)
		return hl_denysoft(ctx, NULL, "too early");
	return HL_DECLINED;
}

static enum hl_verdict
on_queue(struct hl_ctx *ctx)
{
	hl_str letters = name_all(ctx, 'q');

	hl_log(ctx, HL_LOG_NOTICE, "each %d, %s", hl_rcpt_replies(ctx),
	    hl_is_lmtp(ctx) ? "lmtp" : "smtp");
	if (strchr(letters.p, 'X') != NULL)
		return hl_deny_disconnect(ctx, NULL, "go away");
	if (strchr(letters.p, 'D') != NULL)
		return hl_deny(ctx, NULL, "not you");
	if (strchr(letters.p, 'R') != NULL)
		return hl_ok(ctx, "taken");
	if (strchr(letters.p, 'K') == NULL)
		return HL_DECLINED;
	(void)hl_reply(ctx, 250, NULL, "mine");
	return HL_DONE;
}

static enum hl_verdict
on_queue_post(struct hl_ctx *ctx)
{
	for (size_t i = 0; i < hl_rcpt_count(ctx); i++) {
		struct hl_rcpt *rcpt = hl_rcpt_at(ctx, i);
		hl_str text = HL_STR("");
		enum hl_verdict fate = hl_rcpt_fate(rcpt, &text);

		hl_log(ctx, HL_LOG_NOTICE, "fate %s %s %s",
		    hl_addr_local(hl_rcpt_addr(rcpt)).p, hl_verdict_name(fate),
		    text.p);
	}
	return HL_DECLINED;
}

static enum hl_verdict
on_reset(struct hl_ctx *ctx)
{
	hl_log(ctx, HL_LOG_NOTICE, "reset");
	return HL_DECLINED;
}

static const struct hl_plugin plugin = {
	.name = "fates",
	.about = "what becomes of a recipient, by its name",
	.rcpt = on_rcpt,
	.data = on_data,
	.data_post = on_data_post,
	.queue_pre = on_queue_pre,
	.queue = on_queue,
	.queue_post = on_queue_post,
	.reset_transaction = on_reset,
};
HL_PLUGIN(plugin);
