/* SPDX-License-Identifier: MIT */
/* naughty.c - refuses clients that an earlier plugin found naughty.
 *
 *	naughty [reject connect|mail|rcpt|data|data_post|queue_post]
 *	        [reject_type perm|temp|disconnect|temp_disconnect]
 *
 * A filter with `reject naughty` leaves its text in the connection's note
 * `naughty`.  This plugin answers with it at the hook that `reject` names
 * (rcpt by default), and at data_post at the latest: so that other filters see
 * the client, too, and relay clients can authenticate first.  How it refuses
 * is what that filter says (note `naughty_reject_type`), else `reject_type`.
 */
#include <strings.h>

#include <hookline/policy.h>

/* In the order of the choices. */
enum {
	AT_CONNECT,
	AT_MAIL,
	AT_RCPT,
	AT_DATA,
	AT_DATA_POST,
	AT_QUEUE_POST,
	AT_QUEUE_POST_TOO /* "hook_queue_post", qpsmtpd's name of it */
};

struct args {
	unsigned at, type;
};

/* In the order of the choices. */
static const struct {
	const char *name;
	enum hl_verdict verdict;
} types[] = {
	{ "disconnect", HL_DENY_DISCONNECT },
	{ "perm", HL_DENY },
	{ "hard", HL_DENY },
	{ "temp", HL_DENYSOFT },
	{ "soft", HL_DENYSOFT },
	{ "temp_disconnect", HL_DENYSOFT_DISCONNECT },
};
#define TYPES "disconnect|perm|hard|temp|soft|temp_disconnect"

static enum hl_verdict
refuse(struct hl_ctx *ctx, const struct args *args)
{
	hl_str text = hl_note_text(ctx, HL_CONNECTION, HL_STR("naughty"));
	hl_str type =
	    hl_note_text(ctx, HL_CONNECTION, HL_STR("naughty_reject_type"));
	enum hl_verdict verdict = types[args->type].verdict;

	if (!hl_is_naughty(ctx)) {
		hl_log(ctx, HL_LOG_DEBUG, "pass");
		return HL_DECLINED;
	}
	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
		if (strcasecmp(type.p, types[i].name) == 0)
			verdict = types[i].verdict;
	}
	return hl_answer(ctx, verdict, hl_text(""), text);
}

static enum hl_verdict
at(struct hl_ctx *ctx, unsigned hook)
{
	const struct args *args = hl_args(ctx);

	return args->at == hook ? refuse(ctx, args) : HL_DECLINED;
}

static enum hl_verdict
on_connect(struct hl_ctx *ctx)
{
	return at(ctx, AT_CONNECT);
}

static enum hl_verdict
on_mail(struct hl_ctx *ctx, const struct hl_addr *from)
{
	(void)from;
	return at(ctx, AT_MAIL);
}

static enum hl_verdict
on_rcpt(struct hl_ctx *ctx, const struct hl_addr *to)
{
	(void)to;
	return at(ctx, AT_RCPT);
}

static enum hl_verdict
on_data(struct hl_ctx *ctx)
{
	return at(ctx, AT_DATA);
}

/* Also for a plugin that was asked before us and answered OK. */
static enum hl_verdict
on_data_post(struct hl_ctx *ctx)
{
	const struct args *args = hl_args(ctx);

	return args->at < AT_QUEUE_POST ? refuse(ctx, args) : HL_DECLINED;
}

/* The message has been taken: only the log tells. */
static enum hl_verdict
on_queue_post(struct hl_ctx *ctx)
{
	const struct args *args = hl_args(ctx);

	return args->at >= AT_QUEUE_POST ? refuse(ctx, args) : HL_DECLINED;
}

static const struct hl_arg args[] = {
	{ "reject", "the hook that refuses", .def = "rcpt",
	    .choices = "connect|mail|rcpt|data|data_post|queue_post|"
		       "hook_queue_post",
	    .offset = offsetof(struct args, at), .type = HL_ARG_CHOICE },
	{ "reject_type", "how, unless the filter has said it",
	    .def = "disconnect", .choices = TYPES,
	    .offset = offsetof(struct args, type), .type = HL_ARG_CHOICE },
	{ .name = NULL },
};

static const struct hl_plugin plugin = {
	.name = "naughty",
	.about = "refuse clients that filters with `reject naughty` found bad",
	.args = args,
	.args_size = sizeof(struct args),
	.connect = on_connect,
	.mail = on_mail,
	.rcpt = on_rcpt,
	.data = on_data,
	.data_post = on_data_post,
	.queue_post = on_queue_post,
};
HL_PLUGIN(plugin);
