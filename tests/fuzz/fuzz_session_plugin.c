/* SPDX-License-Identifier: MIT */
/* fuzz_session_plugin.c - a plugin on every hook that does what the input
 * says.
 *
 * A call takes a byte for what it does on the way (edits, notes, sleeps) and
 * one for its answer.
 */
#include <hookline/plugin.h>

#include <string.h>

#include "fuzz_session.h"

struct plugin_choices plugin_choices;

static unsigned
choose(unsigned count)
{
	unsigned byte = 0;

	if (plugin_choices.n > 0) {
		byte = *plugin_choices.p++;
		plugin_choices.n--;
	}
	return byte % count;
}

/* Texts that are hard to send. */
static const char *
some_text(void)
{
	static char endless[3000];
	static const char *const texts[] = { "", "text", "two\nlines",
		"\n\nempty\n\n", "5.7.9 own code", "bad (#4.2.1)",
		"a\r\nb\001\t\177\200", "250-looks like one\n250 a reply",
		"%s%n", "0", endless };

	if (endless[0] == '\0')
		memset(endless, 'x', sizeof(endless) - 1);
	return texts[choose(sizeof(texts) / sizeof(texts[0]))];
}

static const char *
some_enhanced(void)
{
	static const char *const codes[] = { NULL, "5.1.1", "4.999.1", "2.0.0",
		"nonsense", "" };

	return codes[choose(sizeof(codes) / sizeof(codes[0]))];
}

static hl_str
some_name(void)
{
	static const char *const names[] = { "Subject", "received", "X-New",
		"Authentication-Results", "no name", "", "size", "8BITMIME" };

	return hl_text(names[choose(sizeof(names) / sizeof(names[0]))]);
}

static hl_str
some_address(void)
{
	static const char *const addresses[] = { "a@example.com",
		"<b@example.com>", "<>", "", "no address", "<a b@c.example>",
		"\"q\\\" x\"@[127.0.0.1]", "<@r.example:c@d.example>" };

	return hl_text(
	    addresses[choose(sizeof(addresses) / sizeof(addresses[0]))]);
}

static void
edit_rcpts(struct hl_ctx *ctx)
{
	struct hl_rcpt *rcpt = hl_rcpt_at(ctx, choose(3));

	switch (choose(4)) {
	case 0:
		(void)hl_rcpt_add(ctx, some_address());
		break;
	case 1:
		(void)hl_rcpt_remove(ctx, rcpt);
		break;
	case 2:
		(void)hl_rcpt_verdict(ctx, rcpt,
		    (enum hl_verdict)(899 + choose(13)), hl_text(some_text()));
		break;
	default:
		if (rcpt != NULL)
			(void)hl_rcpt_note_set(ctx, rcpt, some_name(),
			    hl_value_text(ctx, some_name()));
	}
}

static void
edit_header(struct hl_ctx *ctx)
{
	hl_str name, value = hl_text(some_text());

	switch (choose(5)) {
	case 0:
		(void)hl_header_add(ctx, some_name(), value);
		break;
	case 1:
		(void)hl_header_add_top(ctx, some_name(), value);
		break;
	case 2:
		(void)hl_header_replace(ctx, some_name(), choose(2), value);
		break;
	case 3:
		(void)hl_header_delete(ctx, some_name(), choose(2));
		break;
	default:
		for (size_t i = 0; hl_header_at(ctx, i, &name, &value); i++)
			(void)hl_header_get(ctx, name, i);
	}
}

static void
read_message(struct hl_ctx *ctx)
{
	enum hl_eol eol = choose(2) == 0 ? HL_LF : HL_CRLF;
	struct hl_reader *reader =
	    choose(2) == 0 ? hl_message_read(ctx, eol) : hl_body_read(ctx, eol);
	char block[100];
	hl_str path;

	if (choose(4) == 0)
		(void)hl_body_filename(ctx, &path);
	if (reader == NULL)
		return;
	if (choose(2) == 0) {
		while (hl_read(reader, block, 1 + choose(99)) > 0)
			;
	} else {
		while (hl_read_line(reader, block, 2 + choose(98)) > 0)
			;
	}
}

static void
use_notes(struct hl_ctx *ctx)
{
	enum hl_scope scope = choose(2) == 0 ? HL_CONNECTION : HL_TRANSACTION;
	struct hl_value *list = hl_value_list(ctx);
	unsigned *session = hl_session_mem(ctx), *txn = hl_txn_mem(ctx);

	(void)hl_value_append(list, hl_value_int(ctx, choose(9)));
	(void)hl_note_set_text(ctx, scope, some_name(), hl_text(some_text()));
	(void)hl_note_set(ctx, scope, some_name(), list);
	(void)hl_note_get(ctx, scope, some_name());
	(void)hl_note_delete(ctx, scope, some_name());
	if (session != NULL)
		++*session;
	if (txn != NULL)
		++*txn;
}

static void
act(struct hl_ctx *ctx)
{
	switch (choose(16)) {
	case 1:
		(void)hl_sleep(ctx, choose(2));
		break;
	case 2:
		edit_rcpts(ctx);
		break;
	case 3:
		edit_header(ctx);
		break;
	case 4:
		read_message(ctx);
		break;
	case 5:
		use_notes(ctx);
		break;
	case 6:
		(void)hl_ehlo_add(ctx, hl_text(some_text()));
		(void)hl_ehlo_remove(ctx, some_name());
		break;
	case 7:
		(void)hl_reply_set(ctx, choose(2) == 0 ? 0 : 200 + choose(256),
		    some_name(), hl_text(some_text()));
		break;
	case 8:
		(void)hl_client_wait(ctx, choose(2));
		break;
	case 9:
		/* Under `reject` it would change what a line is. */
		if ((plugin_choices.settings & 3) % 3 != 0)
			hl_relay_client_set(ctx, choose(2) == 0);
		break;
	case 10:
		(void)hl_config_list(ctx, "bare_lf");
		break;
	default:
		break;
	}
}

/* A reply of its own; which codes are allowed is the core's business. */
static enum hl_verdict
own_reply(struct hl_ctx *ctx)
{
	static const unsigned codes[] = { 250, 550, 421, 354, 451, 221, 99 };

	(void)hl_reply(
	    ctx, codes[choose(7)], some_enhanced(), "%s", some_text());
	if (choose(8) == 0)
		(void)hl_reply(ctx, 250, NULL, "twice");
	plugin_choices.hung_up = true;
	return choose(8) == 0 ? HL_DECLINED : HL_DONE;
}

static enum hl_verdict
answer(struct hl_ctx *ctx, enum hl_verdict usual)
{
	const char *enhanced;

	plugin_choices.hooks++;
	plugin_choices.is_relay |= hl_relay_client(ctx);
	act(ctx);
	switch (choose(16)) {
	case 1:
		return hl_ok(ctx, "%s", some_text());
	case 2:
		enhanced = some_enhanced();
		return hl_deny(ctx, enhanced, "%s", some_text());
	case 3:
		enhanced = some_enhanced();
		return hl_denysoft(ctx, enhanced, "%s", some_text());
	case 4:
		plugin_choices.hung_up = true;
		enhanced = some_enhanced();
		return hl_deny_disconnect(ctx, enhanced, "%s", some_text());
	case 5:
		plugin_choices.hung_up = true;
		return hl_denysoft_disconnect(ctx, NULL, "%s", some_text());
	case 6:
		return own_reply(ctx);
	case 7:
		plugin_choices.hung_up = true; /* quit: no reply */
		return HL_DONE;
	case 8:
		return (enum hl_verdict)(choose(256) * 4);
	case 9:
		return HL_DECLINED;
	default:
		return usual;
	}
}

/* Control files: what the settings byte says. */
static enum hl_verdict
on_config(struct hl_ctx *ctx, hl_str key, struct hl_lines *ret)
{
	unsigned s = plugin_choices.settings;
	const struct {
		const char *key, *value;
	} table[] = {
		{ "bare_lf", (s & 3) == 1   ? "fix"
			     : (s & 3) == 2 ? "allow"
					    : "reject" },
		{ "databytes", (s & 4) != 0 ? "300" : "0" },
		{ "size_threshold", (s & 8) != 0 ? "0" : "100" },
		{ "max_errors", (s & 16) != 0 ? "5" : "0" },
		{ "max_recipients", (s & 32) != 0 ? "2" : "100" },
		{ "max_header_size", "1024" },
		{ "max_hops", "3" },
		{ "max_line", "512" },
		{ "input_ahead", "512" },
		{ "max_notes", (s & 64) != 0 ? "1024" : "262144" },
		{ "max_session_memory", (s & 128) != 0 ? "4096" : "262144" },
	};

	(void)ctx;
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		if (strcmp(key.p, table[i].key) != 0)
			continue;
		hl_lines_add(ret, hl_text(table[i].value));
		return HL_OK;
	}
	return HL_DECLINED;
}

static enum hl_verdict
on_plain(struct hl_ctx *ctx)
{
	return answer(ctx, HL_DECLINED);
}

static enum hl_verdict
on_queue(struct hl_ctx *ctx)
{
	return answer(ctx, HL_OK);
}

static enum hl_verdict
on_parse(struct hl_ctx *ctx, hl_str line, struct hl_parsed *ret)
{
	(void)line;
	if (choose(4) == 1)
		hl_parsed_set(ret, some_address());
	if (choose(8) == 1)
		hl_parsed_param(ret, some_name(), some_name());
	return answer(ctx, HL_DECLINED);
}

static enum hl_verdict
on_hello(struct hl_ctx *ctx, hl_str host, hl_str rest)
{
	(void)host;
	(void)rest;
	return answer(ctx, HL_DECLINED);
}

static enum hl_verdict
on_pre(struct hl_ctx *ctx, hl_str addr, const struct hl_params *params,
    struct hl_out *ret)
{
	(void)addr;
	(void)params;
	if (choose(8) == 1)
		hl_out_set(ret, some_address());
	return answer(ctx, HL_DECLINED);
}

static enum hl_verdict
on_mail(struct hl_ctx *ctx, const struct hl_addr *addr)
{
	(void)hl_addr_text(addr);
	return answer(ctx, HL_DECLINED);
}

static enum hl_verdict
on_rcpt(struct hl_ctx *ctx, const struct hl_addr *addr)
{
	(void)hl_addr_is_null(addr);
	return answer(ctx, HL_OK);
}

static enum hl_verdict
on_chunk(struct hl_ctx *ctx, const void *bytes, size_t size)
{
	const volatile char *p = bytes;

	for (size_t i = 0; i < size; i++)
		(void)p[i];
	return answer(ctx, HL_DECLINED);
}

static enum hl_verdict
on_size(struct hl_ctx *ctx, uint64_t size, uint64_t limit)
{
	(void)size;
	(void)limit;
	return answer(ctx, HL_DECLINED);
}

static enum hl_verdict
on_received(struct hl_ctx *ctx, hl_str proto, hl_str auth, hl_str tls,
    struct hl_lines *ret)
{
	(void)proto;
	(void)auth;
	(void)tls;
	if (choose(4) == 1)
		hl_lines_add(ret, hl_text(some_text()));
	return answer(ctx, HL_DECLINED);
}

static enum hl_verdict
on_text(struct hl_ctx *ctx, hl_str rest)
{
	(void)rest;
	return answer(ctx, HL_DECLINED);
}

static enum hl_verdict
on_phase(struct hl_ctx *ctx, enum hl_phase phase)
{
	(void)phase;
	return answer(ctx, HL_DECLINED);
}

static enum hl_verdict
on_reply(struct hl_ctx *ctx, const struct hl_reply *reply)
{
	(void)hl_reply_text(reply);
	return choose(4) == 1 ? answer(ctx, HL_DECLINED) : HL_DECLINED;
}

static enum hl_verdict
on_told(struct hl_ctx *ctx, hl_str plugin, enum hl_verdict verdict, hl_str text)
{
	(void)plugin;
	(void)verdict;
	(void)text;
	return choose(8) == 1 ? answer(ctx, HL_DECLINED) : HL_DECLINED;
}

/* The password is "pencil", mostly. */
static enum hl_verdict
on_auth(struct hl_ctx *ctx, const struct hl_auth *auth)
{
	if (choose(4) == 1)
		(void)hl_auth_user_set(ctx, hl_text(some_text()));
	if (choose(8) == 1)
		return hl_auth_unavailable(ctx, "%s", some_text());
	return answer(
	    ctx, hl_auth_verify(ctx, auth,
		     choose(4) == 1 ? hl_text(some_text()) : HL_STR("pencil"),
		     hl_text("")));
}

static enum hl_verdict
on_scram(struct hl_ctx *ctx, hl_str mechanism, hl_str user)
{
	(void)mechanism;
	(void)user;
	if (choose(4) != 1)
		(void)hl_auth_scram_stored(ctx,
		    HL_STR("SCRAM-SHA-256$4096:W22ZaJ0SNY7soEsUEjb6gQ==$"
			   "WG5d8oPm3OtcPnkdi4Uo7BkeZkBFzpcXkuLmtbsT4qY=:"
			   "wfPLwcE6nTWhTAmQ7tl2KeoiWGPlZqQxSrmfPwDl2dU="));
	return answer(ctx, HL_OK);
}

static const struct hl_plugin plugin = {
	.name = "fuzz",
	.about = "does what the input says",
	.session_size = sizeof(unsigned),
	.txn_size = sizeof(unsigned),
	.carries = ~UINT64_C(0),
	.config = on_config,
	.pre_connection = on_plain,
	.connect = on_plain,
	.ehlo_parse = on_parse,
	.ehlo = on_hello,
	.helo_parse = on_parse,
	.helo = on_hello,
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
	.rcpt = on_rcpt,
	.mail_parse = on_parse,
	.mail = on_mail,
	.mail_pre = on_pre,
	.data = on_plain,
	.header = on_hello,
	.data_headers_end = on_plain,
	.body_chunk = on_chunk,
	.max_data_exceeded = on_size,
	.data_post_headers = on_plain,
	.received_line = on_received,
	.data_post = on_plain,
	.queue_pre = on_plain,
	.queue = on_queue,
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
	.unrecognized_command = on_hello,
	.help = on_text,
	.reply = on_reply,
	.deny = on_told,
	.ok = on_told,
};
const struct hl_plugin_entry fuzz_plugin_entry = { sizeof(struct hl_plugin),
	&plugin };
