/* SPDX-License-Identifier: MIT */
/* auth_scram.c - SCRAM-SHA-256 and SCRAM-SHA-256-PLUS (RFC 5802, 7677, 9266).
 *
 * The hook gives keys; the exchange is ours.  A user that no hook knows, or
 * that a hook refuses, gets invented keys and goes through the same exchange
 * to the same refusal.
 *
 * -PLUS binds the exchange to the TLS session ("tls-exporter", RFC 9266) and
 * is offered with TLS 1.3 alone: the exporter of older versions binds only
 * with an extension that we cannot ask for here.
 */
#include "auth.h"
#include "hook/hook_log.h"
#include "smtp/base64.h"
#include "smtp/sasl_scram.h"

#define PLUS "SCRAM-SHA-256-PLUS"
#define EXPORTER_LABEL "EXPORTER-Channel-Binding"
#define EXPORTER_SIZE 32

static int export(const struct session *session, unsigned char *ret)
{
	struct conv *conv = (struct conv *)(uintptr_t)&session->conv;

	return conv->ops->tls_exporter(
	    conv, EXPORTER_LABEL, ret, EXPORTER_SIZE);
}

bool
auth_can_bind(const struct session *session)
{
	const struct hl_tls *tls = session->conv.facts.tls;
	unsigned char exported[EXPORTER_SIZE];

	/* With a proxy in front the client's TLS may be none of ours. */
	return tls != NULL && session->tls_is_ours && !session->is_introduced &&
	       str_eq_text(tls->version, "TLSv1.3") &&
	       export(session, exported) == 0;
}

static bool
is_plus(const struct auth_exchange *x)
{
	return x->mechanism->can == auth_can_bind;
}

/* What the client says of binding must fit the mechanism; "y" says that we
 * do not offer -PLUS: if we do, somebody has cut it out (RFC 5802 6).  We may
 * be able to bind and not offer it (config/auth_mechanisms). */
static bool
binding_is_possible(
    const struct auth_exchange *x, const struct scram_first *first)
{
	if (is_plus(x))
		return first->gs2.binding == 'p' &&
		       slice_eq_text(first->gs2.cb_name, "tls-exporter");
	return first->gs2.binding == 'n' ||
	       (first->gs2.binding == 'y' &&
		   auth_find(x->session, SLICE_LIT(PLUS)) == NULL);
}

static bool
read_first(struct auth_exchange *x, struct scram_first *first)
{
	char *user;
	struct slice message;
	size_t n;

	if (!auth_first(x, &message))
		return false;
	if (scram_first_parse(message, first) < 0)
		return auth_malformed(x);
	user = arena_alloc(x->ctx->arena, first->user.n + 1);
	if (sasl_name_decode(first->user, user, &n) < 0)
		return auth_malformed(x);
	x->shown.user = (hl_str){ user, n };
	x->shown.authzid = arena_str(x->ctx->arena, first->gs2.authzid);
	return true;
}

/* A user who exists shows another number than one who does not: said once. */
static void
compare_iterations(struct auth_exchange *x)
{
	struct engine *engine = x->ctx->engine;
	unsigned invented = auth_keys_iterations(x->ctx);
	struct log_line line;

	if (x->given.keys.iterations == invented || engine->told_iterations)
		return;
	engine->told_iterations = true;
	hook_log_begin(&line, LOG_LEVEL_WARN, &x->session->conv);
	log_add_text(&line, LOG_event, "scram_iterations");
	log_add(&line, LOG_plugin, slice_str(x->outcome.plugin->name));
	log_printf(&line, LOG_err,
	    "keys of %u iterations, but scram_iterations is %u: clients can "
	    "find out who is a user",
	    x->given.keys.iterations, invented);
	log_end(&line);
}

/* The hook's answer: keys, or a refusal that waits for the end. */
static void
find_keys(struct auth_exchange *x, struct hook_args *args)
{
	hook_run(x->ctx, x->mechanism->hook, args, &x->outcome);
	if (x->outcome.answered || x->outcome.code / 100 == 4)
		return;
	if (x->outcome.code == 235 && x->given.keys.iterations == 0) {
		struct log_line line;

		hook_log_begin(&line, LOG_LEVEL_ERROR, &x->session->conv);
		log_add_text(&line, LOG_event, "bad_answer");
		log_add(&line, LOG_plugin, slice_str(x->outcome.plugin->name));
		log_add_text(
		    &line, LOG_err, "returned HL_OK without hl_auth_scram");
		log_end(&line);
		outcome_policy(&x->outcome, x->mechanism->hook,
		    x->outcome.plugin, x->ctx, args);
		return;
	}
	if (x->outcome.code == 235) {
		compare_iterations(x);
		return;
	}
	if (x->outcome.code == 0)
		outcome_set(
		    &x->outcome, HOOK_AUTH, COLUMN_NONE, NULL, x->ctx, args);
	if (x->given.keys.iterations == 0)
		auth_keys_pretend(x->ctx, x->shown.user);
	auth_keys_invent(&x->given.keys, auth_keys_iterations(x->ctx),
	    x->shown.user, x->ctx->engine->secret);
}

/* Our part of the nonce: 18 random octets. */
static hl_str
make_nonce(struct auth_exchange *x)
{
	char octets[18], *text;

	random_bytes(octets, sizeof(octets));
	text = arena_alloc(x->ctx->arena, BASE64_ENCODED(sizeof(octets)) + 1);
	base64_encode((struct slice){ octets, sizeof(octets) }, text);
	return str_of(text);
}

/* 0 octets without binding; negative: TLS has none. */
static int
binding_data(
    const struct auth_exchange *x, unsigned char *bytes, struct slice *ret)
{
	*ret = SLICE_NONE;
	if (!is_plus(x))
		return 0;
	*ret = (struct slice){ (const char *)bytes, EXPORTER_SIZE };
	return export(x->session, bytes);
}

/* From server-first-message to the client's last word.  False: answered. */
static bool
prove(struct auth_exchange *x, const struct scram_first *first,
    const struct hook_args *args)
{
	struct arena *arena = x->ctx->arena;
	struct buf buf = BUF_INIT;
	struct slice message, server_first, server_final, data;
	struct scram_final final;
	unsigned char exported[EXPORTER_SIZE];

	scram_server_first(
	    &buf, first, slice_str(make_nonce(x)), &x->given.keys);
	server_first = slice_str(arena_str(arena, buf_slice(&buf)));
	buf_done(&buf);
	if (!auth_ask(x, server_first, &message))
		return false;
	x->since = mono_now();
	if (scram_final_parse(message, &final) < 0)
		return auth_malformed(x);
	if (binding_data(x, exported, &data) < 0 ||
	    !scram_proof_fits(
		first, server_first, &final, data, &x->given.keys)) {
		if (x->outcome.code == 235)
			outcome_set(&x->outcome, x->mechanism->hook,
			    COLUMN_DENY, NULL, x->ctx, args);
		return true;
	}
	if (x->outcome.code != 235)
		return true;
	scram_server_final(&buf, first, server_first, &final, &x->given.keys);
	server_final = slice_str(arena_str(arena, buf_slice(&buf)));
	buf_done(&buf);
	/* Its answer is empty; "*" if it does not believe us. */
	if (!auth_ask(x, server_final, &message))
		return false;
	return message.n == 0 || auth_malformed(x);
}

/* Nothing is known before the hook has run. */
bool
auth_show_scram(struct auth_exchange *x)
{
	(void)x;
	return true;
}

bool
auth_decide_scram(struct auth_exchange *x)
{
	struct scram_first first;
	struct hook_args args = { .ret = &x->given };

	if (!read_first(x, &first))
		return false;
	x->since = mono_now();
	if (!binding_is_possible(x, &first) ||
	    (x->shown.authzid.n > 0 &&
		!slice_eq(first.gs2.authzid, first.user)))
		return auth_deny(x);
	args.a = str_of(x->mechanism->word);
	args.b = x->shown.user;
	find_keys(x, &args);
	if (x->outcome.answered || x->outcome.code / 100 == 4)
		return true;
	return prove(x, &first, &args);
}
