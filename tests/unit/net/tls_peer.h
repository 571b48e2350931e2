/* SPDX-License-Identifier: MIT */
/* tls_peer.h - a TLS server on a thread of its own, for tests of clients.
 *
 *	tls_peer_setup();			// makes an authority
 *	tls_peer_start(&peer, fd, talk);	// accepts on fd, then talk()
 *	...
 *	tls_peer_join(&peer);
 *	tls_peer_teardown();
 */
#ifndef HOOKLINE_TESTS_TLS_PEER_H
#define HOOKLINE_TESTS_TLS_PEER_H

#include <pthread.h>
#include <stdbool.h>

#include <openssl/ssl.h>

/* The certificates are for TLS_PEER_NAME and 127.0.0.1, signed by the
 * authority in tls_peer_ca, but for what their name says. */
#define TLS_PEER_NAME "good.example"

enum tls_peer_cert {
	PEER_GOOD,
	PEER_EXPIRED,
	PEER_SELF_SIGNED,
	PEER_WILDCARD, /* for "*." TLS_PEER_NAME alone */
	PEER_CERTS
};

struct tls_peer {
	enum tls_peer_cert cert;
	int max_version; /* 0: the newest */
	/* What the client's handshake came to, once joined. */
	bool has_accepted;
	char sni[64];
	int version;
	bool got_notify; /* the client's last word was close_notify */
	char heard[64];  /* for `talk` */

	/* private */
	int fd;
	void (*talk)(struct tls_peer *peer, SSL *ssl);
	pthread_t thread;
};

extern char tls_peer_ca[64];    /* PEM file of the authority */
extern char tls_peer_other[64]; /* ... of another one */

void tls_peer_setup(void);
void tls_peer_teardown(void);

/* `fd` is a connected, blocking socket that the peer closes; `peer` must stay
 * until it is joined.  `talk` may be NULL: reads until the end. */
void tls_peer_start(struct tls_peer *peer, int fd,
    void (*talk)(struct tls_peer *peer, SSL *ssl));
void tls_peer_join(struct tls_peer *peer);

#endif
