/* SPDX-License-Identifier: MIT */
/* rcpt_map.c - decides on the recipients of one domain by a map.
 *
 *	rcpt_map domain NAME file MAP [default CODE[=TEXT]]
 *
 * The map is a control file, or a file at an absolute path, and as live.  A
 * line is an address, a verdict and perhaps a text for the client; the first
 * one with an address holds:
 *
 *	me@example.org		OK
 *	info@example.org	DENY	User not found.
 *
 * Who is not in the map gets the default: DENY=No_such_user., where each _ is
 * a space.  While the map is empty or gone all are deferred, and without it
 * the plugin does not start.  Recipients of other domains are left to others.
 */
#include <string.h>
#include <strings.h>

#include <hookline/policy.h>

#define UNKNOWN "5.1.1" /* RFC 3463: no such mailbox */
#define UNKNOWN_TEXT "No such user."

struct args {
	hl_str domain, file, fallback;
};

struct instance {
	enum hl_verdict verdict; /* of those who are not in the map */
};

static const struct hl_list *
read_map(struct hl_ctx *ctx)
{
	const struct args *args = hl_args(ctx);

	return args->file.p[0] == '/' ? hl_config_list_at(ctx, args->file)
				      : hl_config_list(ctx, args->file.p);
}

/* The text behind CODE=, with spaces. */
static hl_str
fallback_text(struct hl_ctx *ctx)
{
	const struct args *args = hl_args(ctx);
	const char *from = strchr(args->fallback.p, '=');
	char *text;
	size_t n;

	if (from == NULL || from[1] == '\0')
		return HL_STR(UNKNOWN_TEXT);
	n = strlen(++from);
	text = hl_alloc(ctx, n + 1);
	for (size_t i = 0; i < n; i++)
		text[i] = from[i] == '_' ? ' ' : from[i];
	return hl_text(text);
}

static enum hl_verdict
on_rcpt(struct hl_ctx *ctx, const struct hl_addr *to)
{
	const struct args *args = hl_args(ctx);
	const struct instance *self = hl_instance(ctx);
	const struct hl_list *list;
	hl_str local = hl_addr_local(to), host = hl_addr_host_ascii(to);
	bool is_refusal =
	    self->verdict == HL_DENY || self->verdict == HL_DENY_DISCONNECT;
	long at;

	if (local.n == 0 || host.n == 0 ||
	    strcasecmp(host.p, hl_domain_ascii(ctx, args->domain).p) != 0)
		return HL_DECLINED;
	list = read_map(ctx);
	if (hl_list_count(list) == 0) {
		hl_log(ctx, HL_LOG_ERROR, "error, the map %s is empty or gone",
		    args->file.p);
		return hl_denysoft(
		    ctx, "4.3.0", "recipients cannot be looked up now");
	}
	at = hl_list_index(list, hl_printf(ctx, "%s@%s", local.p, host.p));
	if (at < 0)
		return hl_answer(ctx, self->verdict,
		    hl_text(is_refusal ? UNKNOWN : ""), fallback_text(ctx));
	return hl_list_answer(
	    ctx, args->file.p, list, (size_t)at, UNKNOWN, UNKNOWN_TEXT);
}

static int
on_load(struct hl_ctx *ctx)
{
	const struct args *args = hl_args(ctx);
	struct instance *self = hl_instance(ctx);
	size_t n = strcspn(args->fallback.p, "=");
	const struct hl_list *list;

	if (hl_verdict_parse(hl_printf(ctx, "%.*s", (int)n, args->fallback.p),
		&self->verdict) < 0)
		return hl_load_error(ctx,
		    "default %s: %.*s is no verdict; write OK, DENY, DENYSOFT "
		    "or DECLINED",
		    args->fallback.p, (int)n, args->fallback.p);
	if (args->file.p[0] == '/' && hl_need_read(ctx, args->file) < 0)
		return hl_load_error(
		    ctx, "file %s: a path without .. is needed", args->file.p);
	list = read_map(ctx);
	if (hl_list_count(list) == 0)
		return hl_load_error(ctx,
		    "the map %s is empty or not there; write a line such as "
		    "\"me@%s OK\" into it",
		    args->file.p, args->domain.p);
	hl_list_check_answers(ctx, args->file.p, list);
	return 0;
}

static const struct hl_arg args[] = {
	{ "domain", "whose recipients it decides on", .required = true,
	    .offset = offsetof(struct args, domain) },
	{ "file", "the map: a control file, or an absolute path",
	    .required = true, .offset = offsetof(struct args, file) },
	{ "default", "for who is not in it: CODE, or CODE=A_text",
	    .def = "DENY=No_such_user.",
	    .offset = offsetof(struct args, fallback) },
	{ .name = NULL },
};

static const struct hl_plugin plugin = {
	.name = "rcpt_map",
	.about = "accept and refuse recipients of a domain by a map",
	.args = args,
	.args_size = sizeof(struct args),
	.instance_size = sizeof(struct instance),
	.load = on_load,
	.rcpt = on_rcpt,
};
HL_PLUGIN(plugin);
