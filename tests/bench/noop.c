/* SPDX-License-Identifier: MIT */
/* noop.c - a plugin on every hook that does nothing, for the benchmark.
 *
 * Not on `ok`, `deny`, `logging` and `config`: those run around or inside the
 * others, and 20 plugins there would multiply, not add.
 */
#include <hookline/plugin.h>

static enum hl_verdict
on_plain(struct hl_ctx *ctx)
{
	(void)ctx;
	return HL_DECLINED;
}

static enum hl_verdict
on_proxy(struct hl_ctx *ctx, const struct hl_proxy *proxy)
{
	(void)ctx, (void)proxy;
	return HL_DECLINED;
}

static enum hl_verdict
on_tls(struct hl_ctx *ctx, const struct hl_tls *tls)
{
	(void)ctx, (void)tls;
	return HL_DECLINED;
}

static enum hl_verdict
on_parse(struct hl_ctx *ctx, hl_str line, struct hl_parsed *ret)
{
	(void)ctx, (void)line, (void)ret;
	return HL_DECLINED;
}

static enum hl_verdict
on_helo(struct hl_ctx *ctx, hl_str host, hl_str rest)
{
	(void)ctx, (void)host, (void)rest;
	return HL_DECLINED;
}

static enum hl_verdict
on_auth(struct hl_ctx *ctx, const struct hl_auth *auth)
{
	(void)ctx, (void)auth;
	return HL_DECLINED;
}

static enum hl_verdict
on_scram(struct hl_ctx *ctx, hl_str mechanism, hl_str user)
{
	(void)ctx, (void)mechanism, (void)user;
	return HL_DECLINED;
}

static enum hl_verdict
on_pre(struct hl_ctx *ctx, hl_str addr, const struct hl_params *params,
    struct hl_out *ret)
{
	(void)ctx, (void)addr, (void)params, (void)ret;
	return HL_DECLINED;
}

static enum hl_verdict
on_addr(struct hl_ctx *ctx, const struct hl_addr *addr)
{
	(void)ctx, (void)addr;
	return HL_DECLINED;
}

static enum hl_verdict
on_field(struct hl_ctx *ctx, hl_str name, hl_str value)
{
	(void)ctx, (void)name, (void)value;
	return HL_DECLINED;
}

static enum hl_verdict
on_chunk(struct hl_ctx *ctx, const void *bytes, size_t size)
{
	(void)ctx, (void)bytes, (void)size;
	return HL_DECLINED;
}

static enum hl_verdict
on_size(struct hl_ctx *ctx, uint64_t size, uint64_t limit)
{
	(void)ctx, (void)size, (void)limit;
	return HL_DECLINED;
}

static enum hl_verdict
on_received(struct hl_ctx *ctx, hl_str proto, hl_str auth, hl_str tls,
    struct hl_lines *ret)
{
	(void)ctx, (void)proto, (void)auth, (void)tls, (void)ret;
	return HL_DECLINED;
}

static enum hl_verdict
on_text(struct hl_ctx *ctx, hl_str rest)
{
	(void)ctx, (void)rest;
	return HL_DECLINED;
}

static enum hl_verdict
on_phase(struct hl_ctx *ctx, enum hl_phase phase)
{
	(void)ctx, (void)phase;
	return HL_DECLINED;
}

static enum hl_verdict
on_verb(struct hl_ctx *ctx, hl_str verb, hl_str rest)
{
	(void)ctx, (void)verb, (void)rest;
	return HL_DECLINED;
}

static enum hl_verdict
on_reply(struct hl_ctx *ctx, const struct hl_reply *reply)
{
	(void)ctx, (void)reply;
	return HL_DECLINED;
}

static const struct hl_plugin plugin = {
	.name = "noop",
	.about = "does nothing on every hook",
	.init_worker = on_plain,
	.shutdown = on_plain,
	.proxy = on_proxy,
	.tls_done = on_tls,
	.pre_connection = on_plain,
	.connect = on_plain,
	.ehlo_parse = on_parse,
	.ehlo = on_helo,
	.helo_parse = on_parse,
	.helo = on_helo,
	.capabilities = on_plain,
	.auth_parse = on_parse,
	.auth = on_auth,
	.auth_plain = on_auth,
	.auth_login = on_auth,
	.auth_cram_md5 = on_auth,
	.auth_xoauth2 = on_auth,
	.auth_oauthbearer = on_auth,
	.auth_external = on_auth,
	.auth_scram_sha_256 = on_scram,
	.rcpt_parse = on_parse,
	.rcpt_pre = on_pre,
	.rcpt = on_addr,
	.mail_parse = on_parse,
	.mail = on_addr,
	.mail_pre = on_pre,
	.data = on_plain,
	.header = on_field,
	.data_headers_end = on_plain,
	.body_chunk = on_chunk,
	.max_data_exceeded = on_size,
	.data_post_headers = on_plain,
	.received_line = on_received,
	.data_post = on_plain,
	.queue_pre = on_plain,
	.queue = on_plain,
	.queue_post = on_plain,
	.vrfy = on_text,
	.noop = on_text,
	.rset = on_plain,
	.quit = on_plain,
	.timeout = on_phase,
	.abort = on_phase,
	.reset_transaction = on_plain,
	.disconnect = on_plain,
	.post_connection = on_plain,
	.unrecognized_command = on_verb,
	.help = on_text,
	.reply = on_reply,
};
HL_PLUGIN(plugin);
