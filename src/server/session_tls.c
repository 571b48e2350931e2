/* SPDX-License-Identifier: MIT */
/* session_tls.c - a session gets TLS.
 *
 *	implicit: session_accept ---+
 *	STARTTLS: cmd_starttls -----+--> wants_tls --> is_shaking, at rest
 *	                                                 |         |
 *	                          on_tls_failed <--------+    on_secure
 *	                               |                           |
 *	               one line; closing hooks if it        EVENT_SECURE on a
 *	               began before, lingering close        fiber: facts, hooks
 *
 * RFC 3207.  A refusal by tls_done after STARTTLS waits for the client's next
 * command, because nothing can be sent unasked.
 */
#include <errno.h>
#include <string.h>

#include "base/mem.h"
#include "hook/hook_log.h"
#include "mail/notes.h"
#include "net/stream.h"
#include "net/tls_info.h"
#include "reply.h"
#include "server_private.h"
#include "server_tls.h"
#include "session.h"

/* ---- the log ---- */

static const char *
state_of(const struct session *session, const struct ssl_st *ssl)
{
	if (ssl == NULL)
		return "clear";
	return session->is_shaking ? "handshake" : "session";
}

static void
log_failure(struct session *session, const char *reason)
{
	struct log_line line;
	struct ssl_st *ssl = stream_ssl(session->stream);

	if (!log_is_on(LOG_LEVEL_INFO))
		return;
	log_begin(&line, LOG_LEVEL_INFO);
	log_add_text(&line, LOG_event, "tls_failed");
	log_add_text(&line, LOG_err, reason);
	if (ssl != NULL)
		log_add(&line, LOG_sni,
		    slice_str(tls_info_sni(ssl, &session->conv.arena)));
	log_add_text(&line, LOG_state, state_of(session, ssl));
	log_add(&line, LOG_ip, slice_str(session->conv.facts.peer_ip));
	log_add(&line, LOG_listener, slice_str(session->conv.facts.listener));
	log_add_text(&line, LOG_sid, session->conv.facts.sid);
	log_end(&line);
}

/* ---- before and during the handshake ---- */

/* RFC 3207 4.2: who has put something behind STARTTLS wants us to take it for
 * what came through TLS.  The 220 has not gone out. */
static void
refuse_early_bytes(struct session *session, struct hl_ctx *ctx)
{
	buf_clear(&session->out);
	reply_refuse(session, ctx, HOOK_UNRECOGNIZED_COMMAND, 554, "5.5.1",
	    "Nothing may follow STARTTLS before its reply");
	session_finish(session, END_QUIT);
}

static bool
has_early_bytes(const struct session *session)
{
	return input_peek(session).n > 0 || stream_has_unread(session->stream);
}

bool
session_can_speak(const struct session *session)
{
	return !session->is_shaking &&
	       (!session->listener->tls || stream_ssl(session->stream) != NULL);
}

void
session_take_back_tls(struct session *session)
{
	if (!session->wants_tls)
		return;
	session->wants_tls = false;
	buf_clear(&session->out);
}

/* The drain that came meanwhile does not wait for a handshake: its 421 takes
 * the place of the 220. */
static bool
give_up_for_drain(struct session *session)
{
	if ((session->events & EVENT_SHUTDOWN) == 0)
		return false;
	buf_clear(&session->out);
	return true;
}

/* Nothing parks from the look at the input to the 220 on its way. */
bool
session_start_tls(struct session *session, struct hl_ctx *ctx)
{
	struct tls_ctx *tls = server_tls(session->listener);
	bool is_implicit = session->conv.facts.phase == HL_PHASE_CONNECT &&
			   session->skip_hooks;
	struct slice early = input_peek(session);
	int ret;

	session->wants_tls = false;
	if (give_up_for_drain(session))
		return true;
	if (!is_implicit && has_early_bytes(session)) {
		refuse_early_bytes(session, ctx);
		return true;
	}
	session_flush(session);
	ret = tls == NULL ? -ENOENT
			  : stream_start_tls(session->stream, tls, early,
				(uint64_t)session->limits->tls_timeout_ms);
	if (ret == 0) {
		input_take(session, early.n);
		session->is_shaking = true;
		session->parked_want = false;
		return false;
	}
	log_failure(session,
	    tls == NULL ? "there is no certificate any more" : strerror(-ret));
	session_lost(session);
	return true;
}

/* A client that does not speak TLS is told so in words that it can read. */
static void
answer_in_clear(
    struct session *session, const struct stream_tls_failure *failure)
{
	static const char late[] =
	    "421 4.4.2 No TLS handshake came, closing connection\r\n";
	static const char no_tls[] =
	    "501 5.5.1 Begin a TLS handshake here, not a command\r\n";
	bool is_late = failure->err == -ETIMEDOUT;

	if (stream_write(session->stream, is_late ? late : no_tls,
		is_late ? sizeof(late) - 1 : sizeof(no_tls) - 1) < 0)
		session->gone = true;
}

void
session_on_tls_failed(void *owner, const struct stream_tls_failure *failure)
{
	struct session *session = owner;

	CHECK_OBJ(session, SESSION_MAGIC);
	log_failure(session, failure->reason);
	session->is_shaking = false;
	session->tls_failed = true;
	if (failure->is_clear)
		answer_in_clear(session, failure);
	if (session->skip_hooks && session->fiber == NULL) {
		/* It has not begun, so there is nothing to end; nor does it
		 * need a fiber any more. */
		session->closing = true;
		list_remove(&session->waiting);
		stream_linger_close(session->stream);
		return;
	}
	session_lost(session);
	session_wake(session);
}

void
session_on_secure(void *owner)
{
	struct session *session = owner;

	CHECK_OBJ(session, SESSION_MAGIC);
	session->is_shaking = false;
	session->events |= EVENT_SECURE;
	session_wake(session);
}

/* ---- after the handshake ---- */

void
session_note_tls(struct session *session)
{
	if (notes_set_int(&session->conv.notes, &session->conv.account,
		SLICE_LIT("tls_enabled"), 1) < 0)
		session->conv.account.over = true; /* the session ends */
}

static void
take_facts(struct session *session)
{
	struct arena *arena = &session->conv.arena;
	struct hl_tls *tls = arena_alloc(arena, sizeof(*tls));
	struct tls_info info;

	tls_info_get(stream_ssl(session->stream), arena, &info);
	tls->version = info.version;
	tls->cipher = info.cipher;
	tls->bits = info.bits;
	tls->sni = info.sni;
	tls->resumed = info.resumed;
	tls->cert_subject = info.cert_subject;
	tls->cert_issuer = info.cert_issuer;
	tls->cert_fingerprint = info.cert_fingerprint;
	tls->cert_not_after = info.cert_not_after;
	tls->cert_verified = info.cert_verified;
	tls->alt_names = info.alt_names;
	tls->alt_name_count = info.alt_name_count;
	/* A proxy may have told of the client's own: that is what counts. */
	session->tls_is_ours = session->conv.facts.tls == NULL;
	if (session->tls_is_ours)
		session->conv.facts.tls = tls;
	session->tls_is_new = true;
	session_note_tls(session);
}

static void
run_tls_done(struct session *session, struct hl_ctx *ctx, struct outcome *ret)
{
	struct hook_args args = { .object = session->conv.facts.tls };

	session->tls_is_new = false;
	hook_run(ctx, HOOK_TLS_DONE, &args, ret);
}

/* What tls_done has said is kept until the client's next command. */
static void
keep_refusal(struct session *session, const struct outcome *outcome)
{
	struct arena *arena = &session->conv.arena;
	struct tls_refusal *refusal = arena_alloc(arena, sizeof(*refusal));

	refusal->code = outcome->code;
	refusal->enhanced = arena_str(arena, slice_str(outcome->enhanced));
	refusal->text = arena_str(arena, slice_str(outcome->text));
	refusal->plugin =
	    outcome->plugin != NULL ? outcome->plugin->name : STR_LIT("core");
	refusal->disconnects = outcome->fate == FATE_DISC;
	session->refusal = refusal;
}

/* Instead of the greeting, as `connect` refuses: its codes, no enhanced
 * code, and the end. */
static void
refuse_as_connect(struct outcome *outcome)
{
	const struct hook_cell *cell =
	    &hook_table[HOOK_CONNECT].cells[outcome->column];

	if (!outcome->by_policy)
		outcome->code = cell->code;
	outcome->enhanced = STR_EMPTY;
	outcome->fate = FATE_DISC;
}

bool
session_tls_refused(struct session *session, struct hl_ctx *ctx)
{
	struct outcome outcome;

	if (!session->tls_is_new)
		return false;
	run_tls_done(session, ctx, &outcome);
	if (outcome.code == 0)
		return false;
	refuse_as_connect(&outcome);
	(void)reply_outcome(session, ctx, &outcome);
	return true;
}

/* That a client may relay because of its address is nothing that it has told
 * us (RFC 3207 4.2). */
static void
start_over(struct session *session, struct hl_ctx *ctx)
{
	struct facts *facts = &session->conv.facts;
	bool relays = facts->relay_client && session->relays_by_place;

	session_start_over(session, ctx);
	facts->relay_client = relays;
}

void
session_secure(struct session *session, struct hl_ctx *ctx)
{
	struct outcome outcome;

	if (session->skip_hooks) {
		session->skip_hooks = false;
		take_facts(session);
		session_greet(session, ctx);
		return;
	}
	start_over(session, ctx);
	take_facts(session);
	run_tls_done(session, ctx, &outcome);
	if (outcome.code != 0)
		keep_refusal(session, &outcome);
}

bool
session_is_refused(
    struct session *session, struct hl_ctx *ctx, enum smtp_verb verb)
{
	const struct tls_refusal *refusal = session->refusal;
	struct decision decision;

	if (refusal == NULL || verb == SMTP_VERB_QUIT)
		return false;
	decision = (struct decision){ .hook = HOOK_TLS_DONE,
		.plugin = refusal->plugin,
		.code = refusal->code,
		.enhanced = refusal->enhanced,
		.text = refusal->text };
	reply_decision(session, ctx, &decision);
	if (refusal->disconnects)
		session_finish(session, END_QUIT);
	return true;
}

/* ---- TLS where there is none ---- */

/* A record of a handshake, of any version from SSL 3 on. */
bool
session_is_hello_in_clear(const struct session *session)
{
	struct slice in = input_peek(session);

	return in.n >= 2 && in.p[0] == 0x16 && in.p[1] == 0x03 &&
	       stream_ssl(session->stream) == NULL;
}

/* The client will not understand it; who looks at its bytes will. */
void
session_refuse_hello(struct session *session, struct hl_ctx *ctx)
{
	log_failure(session, "a TLS handshake came without STARTTLS");
	reply_refuse(session, ctx, HOOK_UNRECOGNIZED_COMMAND, 501, "5.5.1",
	    server_tls(session->listener) != NULL
		? "TLS begins with STARTTLS on this port"
		: "No TLS on this port");
	session_finish(session, END_QUIT);
}

int
session_tls_exporter(
    struct conv *conv, const char *label, unsigned char *ret, size_t n)
{
	struct session *session = session_of(conv);
	struct ssl_st *ssl = stream_ssl(session->stream);

	if (ssl == NULL || session->is_shaking)
		return -ENOTCONN;
	return tls_info_export(ssl, label, ret, n);
}
