/* SPDX-License-Identifier: MIT */
/* proxy.c - the PROXY header, before anything else of a session.
 *
 * On listeners marked `proxy` the header must come, within proxy_timeout and
 * from a host in proxy_hosts (a Unix socket's permissions decide for it);
 * all else is closed without a reply.  A proxy that speaks for itself (LOCAL)
 * is the client; a client of which it knows no address (UNKNOWN, AF_UNSPEC,
 * AF_UNIX) has none, and is not taken for the proxy, which may be one of
 * relayclients (the protocol's 2.1 and 2.2 leave that to us).  Not a byte
 * behind the header is read here: it may be the first of a TLS handshake.
 */
#include <errno.h>
#include <string.h>

#include "base/err.h"
#include "base/mem.h"
#include "hook/hook_log.h"
#include "net/proxy_header.h"
#include "net/proxy_text.h"
#include "net/stream.h"
#include "rt/fiber.h"
#include "session.h"

/* Waits for `want` bytes more, or some of them. */
static int
wait_for_bytes(struct session *session, size_t want, struct mono until)
{
	size_t before = input_peek(session).n;
	struct mono now = mono_now();
	int ret = 0;

	if (!mono_is_before(now, until))
		return -ETIME;
	stream_want(session->stream, want);
	session->parked_want = true;
	session->client_waiter = true;
	while (ret == 0 && input_peek(session).n == before && !session->eof)
		ret = fiber_block(mono_since_us(until, now) / 1000 + 1);
	session->client_waiter = false;
	return ret;
}

/* Its length, or negative errno with the reason. */
static int
read_header(struct session *session, struct proxy_header *ret, struct err *err)
{
	struct mono until = mono_add_ms(
	    mono_now(), (uint64_t)session->limits->proxy_timeout_ms);

	fiber_label_wait("client");
	for (;;) {
		size_t want = 1;
		int status =
		    proxy_header_parse(input_peek(session), ret, &want, err);

		if (status != 0)
			return status;
		if (session->eof)
			return err_set(err, -EPIPE, "closed before its end");
		status = wait_for_bytes(session, want, until);
		if (status == -ETIME)
			return err_set(err, -ETIME, "none came in time");
		if (status < 0)
			return err_set(err, status, "interrupted");
	}
}

/* The client's TLS, which ended at the proxy. */
static void
take_tls(struct session *session, const struct proxy_header *header)
{
	struct arena *arena = &session->conv.arena;
	struct slice tlvs = header->tlvs;
	struct proxy_tlv tlv;
	struct proxy_ssl ssl;
	struct hl_tls *tls;

	if (!proxy_header_ssl(header, &ssl) || !ssl.used)
		return;
	tls = arena_alloc(arena, sizeof(*tls));
	tls->version = proxy_text_word(arena, ssl.version);
	tls->cipher = proxy_text_word(arena, ssl.cipher);
	tls->sni = tls->cert_issuer = tls->cert_fingerprint = STR_EMPTY;
	tls->cert_subject = ssl.cert ? proxy_text_cn(arena, ssl.cn) : STR_EMPTY;
	tls->cert_verified = ssl.cert_verified;
	while (proxy_tlv_next(&tlvs, &tlv)) {
		if (tlv.type == PROXY_TLV_AUTHORITY)
			tls->sni = proxy_text_word(arena, tlv.value);
	}
	session->conv.facts.tls = tls;
	session_note_tls(session);
}

static void
take_facts(struct session *session, const struct proxy_header *header)
{
	struct arena *arena = &session->conv.arena;
	struct facts *facts = &session->conv.facts;
	struct hl_proxy *proxy = arena_alloc(arena, sizeof(*proxy));
	char text[INET_TEXT_MAX];
	char *tlvs = arena_alloc(arena, header->tlvs.n + 1);

	if (header->tlvs.n > 0)
		memcpy(tlvs, header->tlvs.p, header->tlvs.n);
	proxy->version = header->version;
	proxy->is_local = header->is_local;
	proxy->addr = facts->peer;
	proxy->ip = facts->peer_ip;
	proxy->tlvs = (struct slice){ tlvs, header->tlvs.n };
	facts->proxy = proxy;
	if (header->is_local)
		return;
	if (header->is_unknown) {
		facts_hide_peer(facts);
	} else {
		facts->peer = header->source;
		facts->local = header->destination;
		facts->peer_ip = arena_str(arena,
		    (struct slice){ text, inet_text(&facts->peer, text) });
	}
	take_tls(session, header);
}

static void
refuse(struct session *session, const char *why)
{
	struct log_line line;

	hook_log_begin(&line, LOG_LEVEL_INFO, &session->conv);
	log_add_text(&line, LOG_event, "proxy_refused");
	log_add(&line, LOG_ip, slice_str(session->conv.facts.peer_ip));
	log_printf(&line, LOG_err, "%s", why);
	log_end(&line);
	session_finish(session, END_QUIT);
}

void
session_proxy(struct session *session, struct hl_ctx *ctx)
{
	struct facts *facts = &session->conv.facts;
	struct proxy_header header;
	struct err err;
	int size;

	session->skip_hooks = true; /* until it is known whose session it is */
	session_resolve(session, ctx);
	if (facts->peer.family != INET_UNIX &&
	    !session_is_in(ctx, STR_LIT("proxy_hosts"), &facts->peer)) {
		refuse(session, "it is not in proxy_hosts");
		return;
	}
	session->reads_exactly = true;
	size = read_header(session, &header, &err);
	session->reads_exactly = false;
	if (size < 0) {
		if (!session->gone)
			refuse(session, err.text);
		return;
	}
	take_facts(session, &header);
	session_count_peer(session);
	input_take(session, (size_t)size);
	session->skip_hooks = false;
	session_begin(session);
}
