/* SPDX-License-Identifier: MIT */
/* auth_keys.c - SCRAM keys that nobody has stored (RFC 5802 3).
 *
 *	SaltedPassword := Hi(Normalize(password), salt, i)
 *	ClientKey      := HMAC(SaltedPassword, "Client Key")
 *	StoredKey      := H(ClientKey)
 *	ServerKey      := HMAC(SaltedPassword, "Server Key")
 *
 * The salt comes from the user's name and the installation's secret, so that
 * it is the same each time: a client that sees another one for each try
 * would know that the user does not exist.  So would one that sees another
 * number of iterations than real users have: config/scram_iterations.
 */
#include <string.h>

#include "auth.h"
#include "base/digest.h"
#include "base/mem.h"
#include "config.h"

#define SALT 16

static struct slice
octets(const uint8_t *p, size_t n)
{
	return (struct slice){ (const char *)p, n };
}

/* HMAC(secret, purpose NUL user). */
static void
keyed(const uint8_t *secret, const char *purpose, hl_str user,
    uint8_t ret[static DIGEST_SHA256])
{
	uint8_t of_purpose[DIGEST_SHA256];

	digest_hmac_sha256(octets(secret, 32), slice_of(purpose), of_purpose);
	digest_hmac_sha256(
	    octets(of_purpose, sizeof(of_purpose)), slice_str(user), ret);
	secret_wipe(of_purpose, sizeof(of_purpose));
}

static void
steady_salt(struct scram_keys *ret, unsigned iterations, hl_str user,
    const uint8_t *secret)
{
	uint8_t salt[DIGEST_SHA256];

	keyed(secret, "scram salt", user, salt);
	memcpy(ret->salt, salt, SALT);
	ret->salt_n = SALT;
	ret->iterations = iterations;
}

unsigned
auth_keys_iterations(struct hl_ctx *ctx)
{
	return (unsigned)hook_config_value(ctx, CONF_SCRAM_ITERATIONS);
}

void
auth_keys_derive(struct scram_keys *ret, unsigned iterations, hl_str user,
    hl_str password, const uint8_t secret[static 32])
{
	uint8_t salted[DIGEST_SHA256], client_key[DIGEST_SHA256];

	steady_salt(ret, iterations, user, secret);
	digest_pbkdf2_sha256(slice_str(password),
	    octets(ret->salt, ret->salt_n), ret->iterations, salted);
	digest_hmac_sha256(octets(salted, sizeof(salted)),
	    SLICE_LIT("Client Key"), client_key);
	digest_sha256(octets(client_key, sizeof(client_key)), ret->stored_key);
	digest_hmac_sha256(octets(salted, sizeof(salted)),
	    SLICE_LIT("Server Key"), ret->server_key);
	secret_wipe(salted, sizeof(salted));
	secret_wipe(client_key, sizeof(client_key));
}

void
auth_keys_invent(struct scram_keys *ret, unsigned iterations, hl_str user,
    const uint8_t secret[static 32])
{
	steady_salt(ret, iterations, user, secret);
	keyed(secret, "scram stored key", user, ret->stored_key);
	keyed(secret, "scram server key", user, ret->server_key);
}
