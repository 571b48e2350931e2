/* SPDX-License-Identifier: MIT */
/* conform.c - a plugin on every hook that answers what it is told to.
 *
 * DIR/order holds "HOOK VALUE REPLY TEXT": what HOOK answers, whether it
 * calls hl_reply first (REPLY is a code, or 0), and its text.  Every call is
 * a line in DIR/trace.  All other hooks decline.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <hookline/plugin.h>

struct args {
	hl_str dir;
};

struct order {
	char hook[64];
	unsigned long value;
	unsigned reply;
	char text[512];
};

static void
trace(struct hl_ctx *ctx, const char *what)
{
	const struct args *args = hl_args(ctx);
	hl_str path = hl_printf(ctx, "%s/trace", args->dir.p);
	hl_str line = hl_printf(ctx, "%s\n", what);
	int fd = open(path.p, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0666);

	if (fd < 0)
		return;
	if (write(fd, line.p, line.n) < 0)
		abort();
	close(fd);
}

static bool
read_order(struct hl_ctx *ctx, struct order *order)
{
	const struct args *args = hl_args(ctx);
	hl_str path = hl_printf(ctx, "%s/order", args->dir.p);
	FILE *file = fopen(path.p, "re");
	int n;

	if (file == NULL)
		return false;
	order->text[0] = '\0';
	n = fscanf(file, "%63s %lu %u %511[^\n]", order->hook, &order->value,
	    &order->reply, order->text);
	fclose(file);
	return n >= 3;
}

/* What this hook is to answer; `ret_text` when it has words. */
static enum hl_verdict
obey(struct hl_ctx *ctx, const char *hook, const char **ret_text)
{
	static char text[512];
	struct order order;

	trace(ctx, hook);
	if (ret_text != NULL)
		*ret_text = NULL;
	if (!read_order(ctx, &order) || strcmp(order.hook, hook) != 0)
		return HL_DECLINED;
	if (order.reply != 0)
		hl_reply(ctx, order.reply, NULL, "plugin reply");
	snprintf(text, sizeof(text), "%s", order.text);
	if (ret_text != NULL)
		*ret_text = text;
	return hl_answer(ctx, (enum hl_verdict)order.value, hl_text(""),
	    hl_text(order.text));
}

#define PLAIN(name, hook)                               \
	static enum hl_verdict name(struct hl_ctx *ctx) \
	{                                               \
		return obey(ctx, hook, NULL);           \
	}
static enum hl_verdict
on_tls_done(struct hl_ctx *ctx, const struct hl_tls *tls)
{
	(void)tls;
	return obey(ctx, "tls_done", NULL);
}

static enum hl_verdict
on_proxy(struct hl_ctx *ctx, const struct hl_proxy *proxy)
{
	(void)proxy;
	return obey(ctx, "proxy", NULL);
}

PLAIN(on_init_worker, "init_worker")
PLAIN(on_shutdown, "shutdown")
PLAIN(on_pre_connection, "pre-connection")
PLAIN(on_connect, "connect")
PLAIN(on_capabilities, "capabilities")
PLAIN(on_data, "data")
PLAIN(on_data_headers_end, "data_headers_end")
PLAIN(on_data_post_headers, "data_post_headers")
PLAIN(on_data_post, "data_post")
PLAIN(on_queue_pre, "queue_pre")
PLAIN(on_queue, "queue")
PLAIN(on_queue_post, "queue_post")
PLAIN(on_rset, "rset")
PLAIN(on_quit, "quit")
PLAIN(on_reset_transaction, "reset_transaction")
PLAIN(on_disconnect, "disconnect")
PLAIN(on_post_connection, "post-connection")

#define TEXT(name, hook)                                             \
	static enum hl_verdict name(struct hl_ctx *ctx, hl_str rest) \
	{                                                            \
		(void)rest;                                          \
		return obey(ctx, hook, NULL);                        \
	}
TEXT(on_vrfy, "vrfy")
TEXT(on_noop, "noop")
TEXT(on_help, "help")

#define TEXT2(name, hook)                                                   \
	static enum hl_verdict name(struct hl_ctx *ctx, hl_str a, hl_str b) \
	{                                                                   \
		(void)a, (void)b;                                           \
		return obey(ctx, hook, NULL);                               \
	}
TEXT2(on_helo, "helo")
TEXT2(on_ehlo, "ehlo")
TEXT2(on_unrecognized_command, "unrecognized_command")
TEXT2(on_header, "header")

#define ADDR(name, hook)                                    \
	static enum hl_verdict name(                        \
	    struct hl_ctx *ctx, const struct hl_addr *addr) \
	{                                                   \
		(void)addr;                                 \
		return obey(ctx, hook, NULL);               \
	}
ADDR(on_mail, "mail")
ADDR(on_rcpt, "rcpt")

#define PARSE(name, hook)                                           \
	static enum hl_verdict name(                                \
	    struct hl_ctx *ctx, hl_str line, struct hl_parsed *ret) \
	{                                                           \
		const char *text;                                   \
		enum hl_verdict verdict = obey(ctx, hook, &text);   \
                                                                    \
		(void)line;                                         \
		if (text != NULL && text[0] != '\0')                \
			hl_parsed_set(ret, hl_text(text));          \
		return verdict;                                     \
	}
PARSE(on_helo_parse, "helo_parse")
PARSE(on_ehlo_parse, "ehlo_parse")
PARSE(on_mail_parse, "mail_parse")
PARSE(on_rcpt_parse, "rcpt_parse")
PARSE(on_auth_parse, "auth_parse")

#define AUTH(name, hook)                                    \
	static enum hl_verdict name(                        \
	    struct hl_ctx *ctx, const struct hl_auth *auth) \
	{                                                   \
		(void)auth;                                 \
		return obey(ctx, hook, NULL);               \
	}
AUTH(on_auth, "auth")
AUTH(on_auth_plain, "auth-plain")
AUTH(on_auth_login, "auth-login")
AUTH(on_auth_cram_md5, "auth-cram-md5")
AUTH(on_auth_xoauth2, "auth-xoauth2")
AUTH(on_auth_oauthbearer, "auth-oauthbearer")
AUTH(on_auth_external, "auth-external")

/* Of the password "pencil". */
static enum hl_verdict
on_auth_scram(struct hl_ctx *ctx, hl_str mechanism, hl_str user)
{
	(void)mechanism, (void)user;
	if (hl_auth_scram(ctx, 4096, HL_STR("W22ZaJ0SNY7soEsUEjb6gQ=="),
		HL_STR("WG5d8oPm3OtcPnkdi4Uo7BkeZkBFzpcXkuLmtbsT4qY="),
		HL_STR("wfPLwcE6nTWhTAmQ7tl2KeoiWGPlZqQxSrmfPwDl2dU=")) < 0)
		abort();
	return obey(ctx, "auth-scram-sha-256", NULL);
}

#define PRE(name, hook)                                              \
	static enum hl_verdict name(struct hl_ctx *ctx, hl_str addr, \
	    const struct hl_params *params, struct hl_out *ret)      \
	{                                                            \
		const char *text;                                    \
		enum hl_verdict verdict = obey(ctx, hook, &text);    \
                                                                     \
		(void)addr, (void)params;                            \
		if (text != NULL && text[0] != '\0')                 \
			hl_out_set(ret, hl_text(text));              \
		return verdict;                                      \
	}
PRE(on_mail_pre, "mail_pre")
PRE(on_rcpt_pre, "rcpt_pre")

/* Only the keys of the tests: every look-up comes here. */
static enum hl_verdict
on_config(struct hl_ctx *ctx, hl_str key, struct hl_lines *ret)
{
	const char *text;
	enum hl_verdict verdict;

	if (strcmp(key.p, "smtpgreeting") != 0)
		return HL_DECLINED;
	verdict = obey(ctx, "config", &text);
	if (text != NULL && text[0] != '\0')
		hl_lines_add(ret, hl_text(text));
	return verdict;
}

static enum hl_verdict
on_user_config(struct hl_ctx *ctx, const struct hl_addr *addr, hl_str key,
    struct hl_lines *ret)
{
	const char *text;
	enum hl_verdict verdict = obey(ctx, "user_config", &text);

	(void)addr, (void)key;
	if (text != NULL && text[0] != '\0')
		hl_lines_add(ret, hl_text(text));
	return verdict;
}

static enum hl_verdict
on_received_line(struct hl_ctx *ctx, hl_str proto, hl_str auth, hl_str tls,
    struct hl_lines *ret)
{
	const char *text;
	enum hl_verdict verdict = obey(ctx, "received_line", &text);

	(void)proto, (void)auth, (void)tls;
	if (text != NULL && text[0] != '\0')
		hl_lines_add(ret, hl_text(text));
	return verdict;
}

static enum hl_verdict
on_body_chunk(struct hl_ctx *ctx, const void *bytes, size_t size)
{
	(void)bytes, (void)size;
	return obey(ctx, "body_chunk", NULL);
}

static enum hl_verdict
on_max_data_exceeded(struct hl_ctx *ctx, uint64_t size, uint64_t limit)
{
	(void)size, (void)limit;
	return obey(ctx, "max_data_exceeded", NULL);
}

static enum hl_verdict
on_timeout(struct hl_ctx *ctx, enum hl_phase phase)
{
	(void)phase;
	return obey(ctx, "timeout", NULL);
}

static enum hl_verdict
on_abort(struct hl_ctx *ctx, enum hl_phase phase)
{
	(void)phase;
	return obey(ctx, "abort", NULL);
}

static enum hl_verdict
on_reply(struct hl_ctx *ctx, const struct hl_reply *reply)
{
	(void)reply;
	return obey(ctx, "reply", NULL);
}

static enum hl_verdict
told(struct hl_ctx *ctx, const char *hook, hl_str plugin,
    enum hl_verdict verdict, hl_str text)
{
	hl_str line = hl_printf(ctx, "%s:%s:%s:%s", hook, plugin.p,
	    hl_verdict_name(verdict), text.p);

	trace(ctx, line.p);
	return obey(ctx, hook, NULL);
}

static enum hl_verdict
on_deny(struct hl_ctx *ctx, hl_str plugin, enum hl_verdict verdict, hl_str text)
{
	return told(ctx, "deny", plugin, verdict, text);
}

static enum hl_verdict
on_ok(struct hl_ctx *ctx, hl_str plugin, enum hl_verdict verdict, hl_str text)
{
	return told(ctx, "ok", plugin, verdict, text);
}

/* Its own lines would never end: only those of a refused command count. */
static enum hl_verdict
on_logging(struct hl_ctx *ctx, const struct hl_log *log)
{
	if (strstr(hl_log_text(log).p, "event=reject") == NULL)
		return HL_DECLINED;
	return obey(ctx, "logging", NULL);
}

static const struct hl_arg args[] = {
	{ .name = "dir",
	    .about = "where order and trace are",
	    .type = HL_ARG_STR,
	    .offset = offsetof(struct args, dir),
	    .positional = true,
	    .required = true },
	{ .name = NULL },
};

static int
on_load(struct hl_ctx *ctx)
{
	const struct args *given = hl_args(ctx);
	hl_str below = hl_printf(ctx, "%s/", given->dir.p);
	int ret = hl_need_read(ctx, below);

	return ret < 0 ? ret : hl_need_write(ctx, below);
}

static const struct hl_plugin plugin = {
	.name = "conform",
	.about = "answers every hook as it is told to",
	.args = args,
	.args_size = sizeof(struct args),
	.load = on_load,
	.logging = on_logging,
	.config = on_config,
	.user_config = on_user_config,
	.init_worker = on_init_worker,
	.shutdown = on_shutdown,
	.proxy = on_proxy,
	.tls_done = on_tls_done,
	.pre_connection = on_pre_connection,
	.connect = on_connect,
	.ehlo_parse = on_ehlo_parse,
	.ehlo = on_ehlo,
	.helo_parse = on_helo_parse,
	.helo = on_helo,
	.capabilities = on_capabilities,
	.auth_parse = on_auth_parse,
	.auth = on_auth,
	.auth_plain = on_auth_plain,
	.auth_login = on_auth_login,
	.auth_cram_md5 = on_auth_cram_md5,
	.auth_xoauth2 = on_auth_xoauth2,
	.auth_oauthbearer = on_auth_oauthbearer,
	.auth_external = on_auth_external,
	.auth_scram_sha_256 = on_auth_scram,
	.rcpt_parse = on_rcpt_parse,
	.rcpt_pre = on_rcpt_pre,
	.rcpt = on_rcpt,
	.mail_parse = on_mail_parse,
	.mail = on_mail,
	.mail_pre = on_mail_pre,
	.data = on_data,
	.header = on_header,
	.data_headers_end = on_data_headers_end,
	.body_chunk = on_body_chunk,
	.max_data_exceeded = on_max_data_exceeded,
	.data_post_headers = on_data_post_headers,
	.received_line = on_received_line,
	.data_post = on_data_post,
	.queue_pre = on_queue_pre,
	.queue = on_queue,
	.queue_post = on_queue_post,
	.vrfy = on_vrfy,
	.noop = on_noop,
	.rset = on_rset,
	.quit = on_quit,
	.timeout = on_timeout,
	.abort = on_abort,
	.reset_transaction = on_reset_transaction,
	.disconnect = on_disconnect,
	.post_connection = on_post_connection,
	.unrecognized_command = on_unrecognized_command,
	.help = on_help,
	.reply = on_reply,
	.deny = on_deny,
	.ok = on_ok,
};
HL_PLUGIN(plugin);
