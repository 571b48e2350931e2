/* SPDX-License-Identifier: MIT */
/* badmailfromto.c - refuses pairs of a sender and a recipient.
 *
 * A line of config/badmailfromto is a sender (an address, or `@domain`), white
 * space, and a recipient's address:
 *
 *	boss@example.org	me@example.com
 *
 * The null sender passes.
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

/* Is line `i` for this pair?  *ret_to is then the recipient as it is listed. */
static bool
is_pair(struct hl_ctx *ctx, const struct hl_list *list, size_t i,
    const struct hl_addr *to, hl_str *ret_to)
{
	const struct hl_addr *from = hl_sender(ctx);
	hl_str line = hl_list_at(list, i), rest = hl_list_rest(list, i);
	hl_str who =
	    hl_printf(ctx, "%.*s", (int)strcspn(line.p, " \t"), line.p);
	hl_str sender = who.p[0] == '@'
			    ? hl_printf(ctx, "@%s", hl_addr_host(from).p)
			    : mailbox(ctx, from);

	*ret_to = hl_printf(ctx, "%.*s", (int)strcspn(rest.p, " \t"), rest.p);
	return strcasecmp(who.p, sender.p) == 0 &&
	       strcasecmp(ret_to->p, mailbox(ctx, to).p) == 0;
}

static enum hl_verdict
on_rcpt(struct hl_ctx *ctx, const struct hl_addr *to)
{
	const struct hl_list *list = hl_config_list(ctx, "badmailfromto");
	hl_str listed;

	/* Few senders have the note; only they pay for each line. */
	if (hl_sender(ctx) == NULL ||
	    !hl_note_has(ctx, HL_TRANSACTION, HL_STR("badmailfromto")))
		return HL_DECLINED;
	for (size_t i = 0; i < hl_list_count(list); i++) {
		if (is_pair(ctx, list, i, to, &listed))
			return hl_deny(ctx, NULL,
			    "mail to %s not accepted here", listed.p);
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
