/* SPDX-License-Identifier: MIT */
/* tls_tickets.h - the keys of session tickets (RFC 5077, RFC 8446 4.6.1).
 *
 * All workers have the same keys, so that a client can resume with any of
 * them.  The first key makes tickets, all can open them; a ticket opened by
 * another than the first is answered by a new one.  The master makes a key
 * every TLS_TICKET_ROTATE_MS and keeps TLS_TICKET_KEYS of them, so that a
 * ticket is good for TLS_TICKET_LIFETIME_S at least.
 *
 * One object for each process, counted, with keys that are replaced under
 * the contexts that use it.
 */
#ifndef HOOKLINE_NET_TLS_TICKETS_H
#define HOOKLINE_NET_TLS_TICKETS_H

#include <stddef.h>
#include <stdint.h>

#include "base/check.h"

struct ssl_ctx_st;
struct tls_tickets;

#define TLS_TICKET_KEYS 3
#define TLS_TICKET_ROTATE_MS (3600u * 1000)
#define TLS_TICKET_LIFETIME_S 7200

struct tls_ticket_key {
	uint8_t name[16];
	uint8_t aes[32];
	uint8_t mac[32];
};

/* The newest first. */
struct tls_ticket_keys {
	unsigned count;
	struct tls_ticket_key at[TLS_TICKET_KEYS];
};

/* Puts a new random key first; the oldest goes when there are too many. */
void tls_ticket_keys_rotate(struct tls_ticket_keys *keys);

/* Without keys: no tickets until they are set. */
struct tls_tickets *tls_tickets_new(void);
struct tls_tickets *tls_tickets_ref(struct tls_tickets *tickets);
void tls_tickets_unref(struct tls_tickets **tickets); /* wipes; NULL is fine */
/* Copies. */
void tls_tickets_set(
    struct tls_tickets *tickets, const struct tls_ticket_keys *keys);

/* For tls_ctx.c: lets `ssl_ctx`, which must not outlive `tickets`, use them. */
void tls_tickets_attach(
    struct tls_tickets *tickets, struct ssl_ctx_st *ssl_ctx);

#endif
