/* SPDX-License-Identifier: MIT */
/* server_tls.h - which TLS context a listener has now, for sessions. */
#ifndef HOOKLINE_SERVER_SERVER_TLS_H
#define HOOKLINE_SERVER_SERVER_TLS_H

struct server;
struct server_listener;
struct tls_ctx;

/* NULL: there is no certificate for it, so no STARTTLS (a listener marked
 * `tls` always has one).  Borrowed until control returns to the loop: a
 * renewal replaces it.  Who makes an SSL of it takes a reference. */
struct tls_ctx *server_tls(const struct server_listener *listener);

/* -- server.c -- */

/* A listener was made, or the material has changed. */
void server_tls__resolve(struct server_listener *listener);
void server_tls__free(struct server *server);

#endif
