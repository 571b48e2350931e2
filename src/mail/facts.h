/* SPDX-License-Identifier: MIT */
/* facts.h - what plugins may know of a session.
 *
 * One place, so that a proxy header, XCLIENT or a replay can put other facts
 * in and every hook sees those.  Strings live in the session's arena or in
 * the worker's configuration.
 */
#ifndef HOOKLINE_MAIL_FACTS_H
#define HOOKLINE_MAIL_FACTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/clock.h"
#include "base/inet.h"
#include "base/slice.h"
#include "base/str.h"

#define SESSION_ID_MAX 16 /* with NUL */
#define TXN_ID_MAX 28     /* "SID.N" with NUL */

/* The opaque handle of plugin.h: what a TLS handshake has shown.  Lives in
 * the session's arena. */
struct hl_tls {
	hl_str version;                   /* "TLSv1.3" */
	hl_str cipher;                    /* "TLS_AES_256_GCM_SHA384" */
	hl_str sni;                       /* "" none was sent */
	hl_str cert_subject, cert_issuer; /* of the client's; "" has none */
	hl_str cert_fingerprint;          /* SHA-256, lower-case hex */
	struct wall cert_not_after;
	const hl_str *alt_names; /* DNS names and mail addresses */
	size_t alt_name_count;
	unsigned bits; /* of the cipher's key */
	bool resumed;
	bool cert_verified;
};

/* The opaque handle of plugin.h: a PROXY header that was read. */
struct hl_proxy {
	unsigned version;      /* 1 or 2 */
	bool is_local;         /* it speaks for itself, not for a client */
	struct inet_addr addr; /* the proxy's own */
	hl_str ip;             /* the same as text */
	struct slice tlvs;     /* as in net/proxy_header.h */
};

struct facts {
	struct inet_addr peer;
	struct inet_addr local;
	hl_str listener;  /* its name; borrowed from the worker */
	hl_str peer_ip;   /* as text */
	hl_str peer_name; /* p == NULL: not asked yet */
	hl_str helo;      /* "" before HELO was accepted */
	hl_str auth_user;
	hl_str auth_mechanism;
	const struct hl_tls *tls;     /* NULL in clear */
	const struct hl_proxy *proxy; /* NULL: no header */
	struct mono since;
	char sid[SESSION_ID_MAX];
	bool esmtp;
	bool lmtp; /* RFC 2033, as the listener says */
	bool relay_client;
	uint8_t phase; /* enum hl_phase */
};

/* Writes a session id that is unique on this machine: time, worker, count.
 * 13 letters and digits. */
void facts_make_sid(struct facts *facts, unsigned slot);

/* A proxy cannot say who the client is: nobody of whom an address could tell
 * that it may do more than others.  It is not the proxy, whose own address
 * may be one that may. */
void facts_hide_peer(struct facts *facts);

#endif
