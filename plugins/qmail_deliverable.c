/* SPDX-License-Identifier: MIT */
/* qmail_deliverable.c - asks qmail-deliverabled about each recipient.
 *
 *	qmail_deliverable [server HOST:PORT] [reject 0|1|naughty]
 *	    [reject_type perm|temp|...] [timeout 5]
 *	qmail_deliverable server smtproutes:HOST:PORT
 *	qmail_deliverable server smtproutes:PORT
 *
 * A recipient that it calls undeliverable is refused, and the null sender's
 * mail to a list; what it says of others is in the log.  While it is not there,
 * or answers nothing of use within `timeout`, everyone passes, and a line at
 * error level says so.
 *
 * With `smtproutes` the host that config/smtproutes (or $QMAIL/control) has for
 * the recipient's domain is asked, at that PORT; HOST for other domains, or
 * nobody.
 *
 *	GET /qd1/deliverable?a%40b.example HTTP/1.0
 *							HTTP/1.0 200 OK
 *
 *							241
 */
#include <errno.h>
#include <string.h>
#include <strings.h>

#include <hookline/policy.h>

#include "qmail_deliverable_client.h"

#define ROUTES "smtproutes:"
/* As a choice of `reject`; it is as 1. */
#define REJECT_CONNECT (HL_REJECT_NAUGHTY + 1)
#define UNDELIVERABLE 0x00
#define LIST 0x14
#define NOBODY_TELLS 0x2f

struct args {
	hl_str server, vpopmail_ext;
	uint64_t timeout_ms;
	struct hl_reject reject;
};

static const struct {
	int status;
	const char *text;
} texts[] = {
	{ 0x11, "error, permission failure" },
	{ 0x12, "pass, qmail-command in dot-qmail" },
	{ 0x13, "pass, bouncesaying with program" },
	{ LIST, "pass, ezmlm list" },
	{ 0x21, "Temporarily undeliverable: group/world writable" },
	{ 0x22, "Temporarily undeliverable: sticky home directory" },
	{ 0xf1, "pass, normal delivery" },
	{ 0xf2, "pass, vpopmail dir" },
	{ 0xf3, "pass, vpopmail alias" },
	{ 0xf4, "pass, vpopmail catchall" },
	{ 0xf5, "pass, vpopmail vuser" },
	{ 0xf6, "pass, vpopmail qmail-ext" },
	{ 0xfe, "error, SHOULD NOT HAPPEN" },
	{ 0xff, "fail, address not local" },
};

/* ---- whom to ask ---- */

static bool
is_by_routes(hl_str server)
{
	return strncmp(server.p, ROUTES, strlen(ROUTES)) == 0;
}

/* How much of `domain` a line "DOMAIN:HOST" is about: all of it (1 + its
 * length), what is below ".example.com", or every one (1); 0: not of this. */
static size_t
route_fits(const char *line, hl_str domain)
{
	size_t n = strcspn(line, ":");

	if (line[n] == '\0' || n > domain.n ||
	    (n < domain.n && n > 0 && *line != '.'))
		return 0;
	return strncasecmp(line, domain.p + domain.n - n, n) == 0 ? n + 1 : 0;
}

/* The host of the line that fits most of a domain, "" none.  They are looked
 * through one by one: a qmail has few. */
static hl_str
route(struct hl_ctx *ctx, hl_str domain)
{
	const struct hl_list *list = hl_config_list(ctx, "smtproutes");
	const char *found = NULL;
	size_t most = 0;

	for (size_t i = 0; i < hl_list_count(list); i++) {
		const char *line = hl_list_at(list, i).p;
		size_t fits = route_fits(line, domain);

		if (fits > most) {
			most = fits;
			found = line + fits;
		}
	}
	if (found == NULL)
		return HL_STR("");
	found += *found == '[';
	return hl_printf(ctx, "%.*s", (int)strcspn(found, "]: \t"), found);
}

/* "" nobody. */
static hl_str
server_for(struct hl_ctx *ctx, const struct hl_addr *to)
{
	hl_str server = ((const struct args *)hl_args(ctx))->server, host;
	const char *rest = server.p + strlen(ROUTES), *port;

	if (!is_by_routes(server))
		return server;
	port = strrchr(rest, ':');
	host = route(ctx, hl_addr_host_ascii(to));
	if (host.n > 0)
		return hl_printf(
		    ctx, "%s:%s", host.p, port != NULL ? port + 1 : rest);
	return port != NULL ? hl_text(rest) : host;
}

/* ---- what it says ---- */

/* The status, NOBODY_TELLS (logged), or -ECANCELED and -ETIMEDOUT. */
static int
ask(struct hl_ctx *ctx, const struct hl_addr *to, hl_str address)
{
	const struct args *args = hl_args(ctx);
	hl_str server = server_for(ctx, to), why;
	int status;

	if (server.n == 0) {
		hl_log(ctx, HL_LOG_INFO,
		    "error, No SERVER defined; connection not attempted");
		return NOBODY_TELLS;
	}
	status = deliverable_ask(ctx, server, address, args->timeout_ms, &why);
	if (status >= 0 || status == -ECANCELED || status == -ETIMEDOUT)
		return status;
	hl_log(ctx, HL_LOG_ERROR,
	    "error, Server %s unreachable or broken! (%s)", server.p, why.p);
	return NOBODY_TELLS;
}

static void
tell(struct hl_ctx *ctx, int status)
{
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		if (texts[i].status == status) {
			hl_log(ctx, HL_LOG_INFO, "%s", texts[i].text);
			return;
		}
	}
	hl_log(ctx, HL_LOG_INFO, "error, unknown: 0x%02x", (unsigned)status);
}

static enum hl_verdict
refuse(struct hl_ctx *ctx)
{
	struct hl_reject how = ((const struct args *)hl_args(ctx))->reject;

	if (how.when == REJECT_CONNECT)
		how.when = HL_REJECT_NOW;
	hl_karma(ctx, -1);
	return hl_reject(
	    ctx, &how, "5.1.1", "Sorry, no mailbox by that name. qd");
}

static enum hl_verdict
on_rcpt(struct hl_ctx *ctx, const struct hl_addr *to)
{
	hl_str address = deliverable_address(ctx, hl_addr_text(to));
	int status;

	if (hl_is_immune(ctx))
		return HL_DECLINED;
	if (address.n == 0) {
		hl_log(ctx, HL_LOG_WARN, "error (unknown) checking '%s'",
		    hl_addr_text(to).p);
		return HL_DECLINED;
	}
	status = ask(ctx, to, address);
	if (status == UNDELIVERABLE)
		return refuse(ctx);
	if (status == LIST && hl_sender(ctx) != NULL &&
	    hl_addr_is_null(hl_sender(ctx))) {
		hl_karma(ctx, -1);
		return hl_deny(
		    ctx, NULL, "mailing lists do not accept null senders");
	}
	if (status > 0 && status != NOBODY_TELLS)
		tell(ctx, status);
	return HL_DECLINED;
}

/* ---- the line in config/plugins ---- */

static int
on_load(struct hl_ctx *ctx)
{
	hl_str server = ((const struct args *)hl_args(ctx))->server;
	const char *port = strrchr(server.p, ':');

	if (port == NULL || port[1] == '\0' ||
	    port[1 + strspn(port + 1, "0123456789")] != '\0')
		return hl_load_error(ctx, "server %s: no port", server.p);
	return hl_need_connect(
	    ctx, is_by_routes(server) ? hl_text("*") : server);
}

static const char *const files[] = { "smtproutes", NULL };

static const struct hl_arg args[] = {
	{ "server", "HOST:PORT of qmail-deliverabled, or smtproutes:...",
	    .def = "127.0.0.1:8998", .offset = offsetof(struct args, server) },
	{ "vpopmail_ext", "without effect: it is the server's matter",
	    .offset = offsetof(struct args, vpopmail_ext) },
	{ "timeout", "for one recipient", .def = "5",
	    .offset = offsetof(struct args, timeout_ms),
	    .type = HL_ARG_SECONDS },
	{ "reject",
	    "0: let it pass; naughty: the plugin naughty does; "
	    "connect: as 1",
	    .def = "1", .choices = "0|1|naughty|connect",
	    .offset = offsetof(struct args, reject.when),
	    .type = HL_ARG_CHOICE },
	{ "reject_type", "how it refuses", .def = "default",
	    .choices = HL_REJECT_TYPES,
	    .offset = offsetof(struct args, reject.how),
	    .type = HL_ARG_CHOICE },
	{ .name = NULL },
};

static const struct hl_plugin plugin = {
	.name = "qmail_deliverable",
	.about = "refuse recipients that qmail cannot deliver to",
	.args = args,
	.args_size = sizeof(struct args),
	.files = files,
	.load = on_load,
	.rcpt = on_rcpt,
};
HL_PLUGIN(plugin);
