/* SPDX-License-Identifier: MIT */
/* whitelist.c - lets clients, senders and recipients past later plugins.
 *
 *	whitelist [per_recipient 1 [merge 0]]
 *
 * What is listed is accepted at its own hook, so that no later plugin of that
 * hook is asked, and marked with a note for the plugins of later hooks:
 *
 *	config/whitelisthosts	 an address, or its beginning: "192.0.2."
 *				 (connection: whitelisthost)
 *	config/whitelisthelo	 what the client calls itself
 *				 (connection: whitelisthelo)
 *	config/whitelistsenders	 an address or a domain
 *				 (transaction: whitelistsender)
 *	config/whitelistrcpt	 an address or a domain
 *				 (transaction: whitelistrcpt, a count)
 *
 * With the environment variable WHITELISTCLIENT of the server all clients are
 * (connection: whitelistclient).  With `per_recipient` all of it is decided at
 * RCPT, by the lists that the recipient has (user_config) and, unless `merge`
 * is 0, by those above.
 */
#include <stdlib.h>

#include <hookline/policy.h>

struct args {
	bool per_recipient, merge;
};

/* One name, in the lists that hold for `to`, which may be NULL. */
struct look {
	const struct hl_addr *to;
	const char *key;
};

static bool
is_listed(struct hl_ctx *ctx, const struct look *look, hl_str text)
{
	const struct args *args = hl_args(ctx);

	if (look->to != NULL &&
	    hl_list_has(hl_user_config_list(ctx, look->to, look->key), text))
		return true;
	if (look->to != NULL && !args->merge)
		return false;
	return hl_list_has(hl_config_list(ctx, look->key), text);
}

static bool
is_listed_addr(
    struct hl_ctx *ctx, const struct look *look, const struct hl_addr *addr)
{
	hl_str host = hl_addr_host(addr);

	return host.n > 0 &&
	       (is_listed(ctx, look,
		    hl_printf(ctx, "%s@%s", hl_addr_local(addr).p, host.p)) ||
		   is_listed(ctx, look, host));
}

/* The address, or what it begins with. */
static bool
is_listed_ip(struct hl_ctx *ctx, const struct look *look, hl_str ip)
{
	for (size_t n = ip.n; n > 0; n--) {
		if (is_listed(ctx, look, hl_printf(ctx, "%.*s", (int)n, ip.p)))
			return true;
	}
	return false;
}

static enum hl_verdict
pass(struct hl_ctx *ctx, enum hl_scope scope, const char *note, int64_t value)
{
	(void)hl_note_set_int(ctx, scope, hl_text(note), value);
	hl_log(ctx, HL_LOG_INFO, "pass, %s", note);
	return HL_OK;
}

static enum hl_verdict
check_host(struct hl_ctx *ctx, const struct hl_addr *to)
{
	struct look look = { to, "whitelisthosts" };

	if (getenv("WHITELISTCLIENT") != NULL) {
		hl_karma(ctx, 5);
		return pass(ctx, HL_CONNECTION, "whitelistclient", 1);
	}
	if (!is_listed_ip(ctx, &look, hl_peer_ip(ctx)))
		return HL_DECLINED;
	hl_karma(ctx, 5);
	return pass(ctx, HL_CONNECTION, "whitelisthost", 1);
}

static enum hl_verdict
check_helo(struct hl_ctx *ctx, const struct hl_addr *to, hl_str host)
{
	struct look look = { to, "whitelisthelo" };

	return host.n > 0 && is_listed(ctx, &look, host)
		   ? pass(ctx, HL_CONNECTION, "whitelisthelo", 1)
		   : HL_DECLINED;
}

static enum hl_verdict
check_sender(
    struct hl_ctx *ctx, const struct hl_addr *to, const struct hl_addr *from)
{
	struct look look = { to, "whitelistsenders" };

	return from != NULL && is_listed_addr(ctx, &look, from)
		   ? pass(ctx, HL_TRANSACTION, "whitelistsender", 1)
		   : HL_DECLINED;
}

static enum hl_verdict
check_rcpt(
    struct hl_ctx *ctx, const struct hl_addr *to, const struct hl_addr *whose)
{
	struct look look = { whose, "whitelistrcpt" };
	hl_str note = HL_STR("whitelistrcpt");

	if (!is_listed_addr(ctx, &look, to))
		return HL_DECLINED;
	return pass(ctx, HL_TRANSACTION, note.p,
	    hl_note_int(ctx, HL_TRANSACTION, note, 0) + 1);
}

static bool
is_per_recipient(struct hl_ctx *ctx)
{
	const struct args *args = hl_args(ctx);

	return args->per_recipient;
}

static enum hl_verdict
on_connect(struct hl_ctx *ctx)
{
	return is_per_recipient(ctx) ? HL_DECLINED : check_host(ctx, NULL);
}

static enum hl_verdict
on_helo(struct hl_ctx *ctx, hl_str host, hl_str rest)
{
	(void)rest;
	return is_per_recipient(ctx) ? HL_DECLINED
				     : check_helo(ctx, NULL, host);
}

static enum hl_verdict
on_mail(struct hl_ctx *ctx, const struct hl_addr *from)
{
	return is_per_recipient(ctx) ? HL_DECLINED
				     : check_sender(ctx, NULL, from);
}

static enum hl_verdict
on_rcpt(struct hl_ctx *ctx, const struct hl_addr *to)
{
	if (!is_per_recipient(ctx))
		return check_rcpt(ctx, to, NULL);
	if (check_host(ctx, to) == HL_OK ||
	    check_helo(ctx, to, hl_helo(ctx)) == HL_OK ||
	    check_sender(ctx, to, hl_sender(ctx)) == HL_OK)
		return HL_OK;
	return check_rcpt(ctx, to, to);
}

static int
on_load(struct hl_ctx *ctx)
{
	if (getenv("WHITELISTCLIENT") != NULL)
		hl_log(ctx, HL_LOG_WARN,
		    "WHITELISTCLIENT is set: every client is whitelisted");
	return 0;
}

static const char *const files[] = { "whitelisthosts", "whitelisthelo",
	"whitelistsenders", "whitelistrcpt", NULL };

static const struct hl_arg args[] = {
	{ "per_recipient", "decide at RCPT, by the recipient's lists",
	    .def = "0", .offset = offsetof(struct args, per_recipient),
	    .type = HL_ARG_BOOL },
	{ "merge", "by the lists for all, too", .def = "1",
	    .offset = offsetof(struct args, merge), .type = HL_ARG_BOOL },
	{ .name = NULL },
};

static const struct hl_plugin plugin = {
	.name = "whitelist",
	.about = "let clients, senders and recipients past later plugins",
	.args = args,
	.args_size = sizeof(struct args),
	.files = files,
	.load = on_load,
	.connect = on_connect,
	.ehlo = on_helo,
	.helo = on_helo,
	.rcpt = on_rcpt,
	.mail = on_mail,
};
HL_PLUGIN(plugin);
