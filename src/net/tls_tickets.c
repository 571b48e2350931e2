/* SPDX-License-Identifier: MIT */
/* tls_tickets.c - the keys of session tickets. */
#include "net/tls_tickets.h"

#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/ssl.h>
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"

#define TICKETS_MAGIC 0x7469636bu

struct tls_tickets {
	uint32_t magic;
	unsigned refs;
	EVP_CIPHER *cipher; /* looked up once, not for each ticket */
	struct tls_ticket_keys keys;
};

void
tls_ticket_keys_rotate(struct tls_ticket_keys *keys)
{
	struct tls_ticket_key *dropped = &keys->at[TLS_TICKET_KEYS - 1];

	secret_wipe(dropped, sizeof(*dropped));
	memmove(&keys->at[1], &keys->at[0],
	    sizeof(keys->at[0]) * (TLS_TICKET_KEYS - 1));
	random_bytes(&keys->at[0], sizeof(keys->at[0]));
	if (keys->count < TLS_TICKET_KEYS)
		keys->count++;
}

struct tls_tickets *
tls_tickets_new(void)
{
	struct tls_tickets *tickets = mem_alloc(sizeof(*tickets));

	tickets->magic = TICKETS_MAGIC;
	tickets->refs = 1;
	tickets->cipher = EVP_CIPHER_fetch(NULL, "AES-256-CBC", NULL);
	return tickets;
}

struct tls_tickets *
tls_tickets_ref(struct tls_tickets *tickets)
{
	CHECK_OBJ(tickets, TICKETS_MAGIC);
	tickets->refs++;
	return tickets;
}

void
tls_tickets_unref(struct tls_tickets **ref)
{
	struct tls_tickets *tickets = *ref;

	if (tickets == NULL)
		return;
	CHECK_OBJ(tickets, TICKETS_MAGIC);
	*ref = NULL;
	if (--tickets->refs > 0)
		return;
	EVP_CIPHER_free(tickets->cipher);
	secret_wipe(tickets, sizeof(*tickets));
	mem_free(tickets);
}

void
tls_tickets_set(struct tls_tickets *tickets, const struct tls_ticket_keys *keys)
{
	CHECK_OBJ(tickets, TICKETS_MAGIC);
	CHECK(keys->count <= TLS_TICKET_KEYS);
	tickets->keys = *keys;
}

/* ---- one ticket ---------------------------------------------------------- */

/* What OpenSSL asks for: a name to write or one that was read, and two
 * contexts to set up.  The results are OpenSSL's (man 3
 * SSL_CTX_set_tlsext_ticket_key_evp_cb). */
enum { TICKET_ERROR = -1, TICKET_NONE = 0, TICKET_OK = 1, TICKET_RENEW = 2 };

static bool
contexts_set(struct tls_tickets *tickets, struct tls_ticket_key *key,
    unsigned char *iv, EVP_CIPHER_CTX *cipher, EVP_MAC_CTX *mac, int is_new)
{
	char digest[] = "SHA256";
	OSSL_PARAM params[] = {
		OSSL_PARAM_construct_octet_string(
		    OSSL_MAC_PARAM_KEY, key->mac, sizeof(key->mac)),
		OSSL_PARAM_construct_utf8_string(
		    OSSL_MAC_PARAM_DIGEST, digest, 0),
		OSSL_PARAM_construct_end(),
	};

	return EVP_CipherInit_ex(
		   cipher, tickets->cipher, NULL, key->aes, iv, is_new) == 1 &&
	       EVP_MAC_CTX_set_params(mac, params) == 1;
}

static struct tls_ticket_key *
key_find(struct tls_tickets *tickets, const unsigned char *name)
{
	for (unsigned i = 0; i < tickets->keys.count; i++) {
		struct tls_ticket_key *key = &tickets->keys.at[i];

		if (memcmp(key->name, name, sizeof(key->name)) == 0)
			return key;
	}
	return NULL;
}

static int
on_ticket(SSL *ssl, unsigned char *name, unsigned char *iv,
    EVP_CIPHER_CTX *cipher, EVP_MAC_CTX *mac, int is_new)
{
	/* SSL_get_SSL_CTX may be another site's; all have the same here. */
	struct tls_tickets *tickets =
	    SSL_CTX_get_app_data(SSL_get_SSL_CTX(ssl));
	struct tls_ticket_key *key = &tickets->keys.at[0];

	CHECK_OBJ(tickets, TICKETS_MAGIC);
	if (is_new) {
		if (tickets->keys.count == 0)
			return TICKET_NONE;
		memcpy(name, key->name, sizeof(key->name));
		random_bytes(iv, EVP_MAX_IV_LENGTH);
	} else {
		key = key_find(tickets, name);
		if (key == NULL)
			return TICKET_NONE;
	}
	if (!contexts_set(tickets, key, iv, cipher, mac, is_new))
		return TICKET_ERROR;
	/* A ticket of TLS 1.3 is to be used once (RFC 8446 C.4). */
	return is_new || (key == &tickets->keys.at[0] &&
			     SSL_version(ssl) < TLS1_3_VERSION)
		   ? TICKET_OK
		   : TICKET_RENEW;
}

void
tls_tickets_attach(struct tls_tickets *tickets, struct ssl_ctx_st *ssl_ctx)
{
	(void)SSL_CTX_set_app_data(ssl_ctx, tickets);
	CHECK(SSL_CTX_set_tlsext_ticket_key_evp_cb(ssl_ctx, on_ticket) == 1);
}
