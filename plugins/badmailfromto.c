/* SPDX-License-Identifier: MIT */
/* badmailfromto.c - refuses pairs of a sender and a recipient.
 *
 * A line of config/badmailfromto is a sender (an address, or `@domain`), white
 * space, and a recipient's address:
 *
 *	boss@example.org	me@example.com
 *
 * The null sender passes.  A sender that is listed is in the note badmailfromto
 * of the transaction, as the line has him.
 */
#include <string.h>
#include <strings.h>

#include <hookline/plugin.h>

static hl_str
mailbox(struct hl_ctx *ctx, const struct hl_addr *addr)
{
	return hl_printf(
	    ctx, "%s@%s", hl_addr_local(addr).p, hl_addr_host(addr).p);
}

static enum hl_verdict
on_mail(struct hl_ctx *ctx, const struct hl_addr *from)
{
	const struct hl_list *list = hl_config_list(ctx, "badmailfromto");
	hl_str host = hl_addr_host(from), found = mailbox(ctx, from);

	if (hl_addr_local(from).n == 0 || host.n == 0)
		return HL_DECLINED;
	if (!hl_list_has(list, found)) {
		found = hl_printf(ctx, "@%s", host.p);
		if (!hl_list_has(list, found))
			return HL_DECLINED;
	}
	(void)hl_note_set_text(
	    ctx, HL_TRANSACTION, HL_STR("badmailfromto"), found);
	return HL_DECLINED;
}

/* Does `text` begin with the word `word`, in any case? */
static bool
begins_with(hl_str text, hl_str word)
{
	return strcspn(text.p, " \t") == word.n &&
	       strncasecmp(text.p, word.p, word.n) == 0;
}

static enum hl_verdict
on_rcpt(struct hl_ctx *ctx, const struct hl_addr *to)
{
	const struct hl_list *list = hl_config_list(ctx, "badmailfromto");
	const struct hl_addr *from = hl_sender(ctx);
	hl_str recipient = mailbox(ctx, to), sender, domain;

	/* Few senders have the note; only they pay for each line. */
	if (from == NULL ||
	    !hl_note_has(ctx, HL_TRANSACTION, HL_STR("badmailfromto")))
		return HL_DECLINED;
	sender = mailbox(ctx, from);
	domain = hl_printf(ctx, "@%s", hl_addr_host(from).p);
	for (size_t i = 0; i < hl_list_count(list); i++) {
		hl_str line = hl_list_at(list, i);
		hl_str rest = hl_list_rest(list, i);

		if (begins_with(rest, recipient) &&
		    (begins_with(line, sender) || begins_with(line, domain)))
			return hl_deny(ctx, NULL,
			    "mail to %.*s not accepted here", (int)recipient.n,
			    rest.p);
	}
	return HL_DECLINED;
}

static const char *const files[] = { "badmailfromto", NULL };

static const struct hl_plugin plugin = {
	.name = "badmailfromto",
	.about = "refuse pairs of sender and recipient listed in "
		 "config/badmailfromto",
	.files = files,
	.rcpt = on_rcpt,
	.mail = on_mail,
};
HL_PLUGIN(plugin);
