/* SPDX-License-Identifier: MIT */
/* tls_peer.c - a TLS server on a thread of its own, for tests of clients. */
#include "tls_peer.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/check.h"
#include "tls_pki.h"

#define DAY 86400
#define NAMES TLS_PEER_NAME ",IP:127.0.0.1" /* goes on as in X509V3 */

char tls_peer_ca[64], tls_peer_other[64];

static char dir[32];
static struct pki_cert authority, other;
static struct pki_cert certs[PEER_CERTS];

static void
write_pem(const char *path, const struct pki_cert *cert)
{
	FILE *file = fopen(path, "w");

	CHECK(file != NULL);
	CHECK(fwrite(cert->cert.p, 1, cert->cert.n, file) == cert->cert.n);
	CHECK(fclose(file) == 0);
}

void
tls_peer_setup(void)
{
	struct pki_options ours = { .issuer = &authority };
	struct pki_options old = {
		.issuer = &authority, .from_s = -2 * DAY, .to_s = -DAY
	};

	(void)snprintf(dir, sizeof(dir), "/tmp/hookline-tls-XXXXXX");
	CHECK(mkdtemp(dir) != NULL);
	(void)snprintf(tls_peer_ca, sizeof(tls_peer_ca), "%s/ca.pem", dir);
	(void)snprintf(
	    tls_peer_other, sizeof(tls_peer_other), "%s/other.pem", dir);
	authority = pki_make("Test authority", NULL);
	other = pki_make("Other authority", NULL);
	write_pem(tls_peer_ca, &authority);
	write_pem(tls_peer_other, &other);
	certs[PEER_GOOD] = pki_make(NAMES, &ours);
	certs[PEER_EXPIRED] = pki_make(NAMES, &old);
	certs[PEER_SELF_SIGNED] = pki_make(NAMES, NULL);
	certs[PEER_WILDCARD] = pki_make("*." TLS_PEER_NAME, &ours);
}

void
tls_peer_teardown(void)
{
	for (size_t i = 0; i < PEER_CERTS; i++)
		pki_done(&certs[i]);
	pki_done(&authority);
	pki_done(&other);
	(void)unlink(tls_peer_ca);
	(void)unlink(tls_peer_other);
	(void)rmdir(dir);
}

static void
read_all(SSL *ssl)
{
	char bytes[2048];

	while (SSL_read(ssl, bytes, sizeof(bytes)) > 0)
		;
}

static void *
run(void *arg)
{
	struct tls_peer *peer = arg;
	SSL_CTX *ctx = SSL_CTX_new(TLS_server_method());
	const struct pki_cert *cert = &certs[peer->cert];
	SSL *ssl;
	const char *sni;

	CHECK(SSL_CTX_use_certificate(ctx, cert->x509) == 1);
	CHECK(SSL_CTX_use_PrivateKey(ctx, cert->pkey) == 1);
	if (peer->max_version != 0) {
		SSL_CTX_set_security_level(ctx, 0);
		CHECK(SSL_CTX_set_min_proto_version(ctx, 0) == 1);
		CHECK(SSL_CTX_set_max_proto_version(ctx, peer->max_version));
	}
	ssl = SSL_new(ctx);
	CHECK(SSL_set_fd(ssl, peer->fd) == 1);
	peer->has_accepted = SSL_accept(ssl) == 1;
	sni = SSL_get_servername(ssl, TLSEXT_NAMETYPE_host_name);
	(void)snprintf(peer->sni, sizeof(peer->sni), "%s", sni ? sni : "");
	peer->version = SSL_version(ssl);
	if (peer->has_accepted) {
		if (peer->talk != NULL)
			peer->talk(peer, ssl);
		else
			read_all(ssl);
	}
	peer->got_notify = SSL_get_shutdown(ssl) & SSL_RECEIVED_SHUTDOWN;
	SSL_free(ssl);
	SSL_CTX_free(ctx);
	(void)close(peer->fd);
	OPENSSL_thread_stop();
	return NULL;
}

void
tls_peer_start(struct tls_peer *peer, int fd,
    void (*talk)(struct tls_peer *peer, SSL *ssl))
{
	peer->fd = fd;
	peer->talk = talk;
	CHECK(pthread_create(&peer->thread, NULL, run, peer) == 0);
}

void
tls_peer_join(struct tls_peer *peer)
{
	CHECK(pthread_join(peer->thread, NULL) == 0);
}
