/* SPDX-License-Identifier: MIT */
/* password.c - is this the password of which that is kept?
 *
 * One row a form: how it begins, who checks it.  Runs on the thread pool.
 */
#include "password.h"

#include <argon2.h>
#include <crypt.h>
#include <errno.h>

#include "base/digest.h"
#include "base/mem.h"
#include "smtp/scram_keys.h"

#define ARGON2_STORED_MAX 1024u

static bool
is_crypt(hl_str stored)
{
	return stored.n < CRYPT_OUTPUT_SIZE &&
	       slice_find(slice_from(slice_str(stored), 1), '$') <
		   stored.n - 1 &&
	       crypt_checksalt(stored.p) != CRYPT_SALT_INVALID;
}

static int
check_crypt(hl_str stored, hl_str attempt)
{
	struct crypt_data *data;
	const char *hash;
	int ret = -ENOTSUP;

	if (attempt.n >= CRYPT_MAX_PASSPHRASE_SIZE)
		return 0;
	data = mem_alloc(sizeof(*data));
	hash = crypt_r(attempt.p, stored.p, data);
	if (hash != NULL && hash[0] != '*')
		ret = secret_eq(slice_of(hash), slice_str(stored));
	secret_wipe(data, sizeof(*data));
	mem_free(data);
	return ret;
}

/* "$argon2id$v=19$m=65536,t=3,p=4$SALT$HASH"; an old one has no version. */
static bool
is_argon2(hl_str stored)
{
	struct slice left = slice_from(slice_str(stored), 1), part;
	size_t parts = 0;

	while (slice_cut(&left, '$', &part)) {
		if (part.n == 0)
			return false;
		parts += !slice_starts(part, "v=");
	}
	return parts == 4 && stored.n < ARGON2_STORED_MAX;
}

static int
check_argon2(hl_str stored, hl_str attempt)
{
	argon2_type type = Argon2_d;

	if (slice_starts(slice_str(stored), "$argon2id"))
		type = Argon2_id;
	else if (slice_starts(slice_str(stored), "$argon2i"))
		type = Argon2_i;
	switch (argon2_verify(stored.p, attempt.p, attempt.n, type)) {
	case ARGON2_OK:
		return 1;
	case ARGON2_VERIFY_MISMATCH:
		return 0;
	default:
		return -ENOTSUP;
	}
}

static bool
is_scram(hl_str stored)
{
	struct scram_keys keys;

	return scram_keys_parse(slice_str(stored), &keys) == 0;
}

/* StoredKey = H(HMAC(Hi(password, salt, i), "Client Key")), RFC 5802 3. */
static int
check_scram(hl_str stored, hl_str attempt)
{
	struct scram_keys keys;
	uint8_t salted[DIGEST_SHA256], client_key[DIGEST_SHA256];
	int ret;

	if (scram_keys_parse(slice_str(stored), &keys) < 0)
		return -ENOTSUP;
	digest_pbkdf2_sha256(slice_str(attempt),
	    (struct slice){ (const char *)keys.salt, keys.salt_n },
	    keys.iterations, salted);
	digest_hmac_sha256(
	    (struct slice){ (const char *)salted, sizeof(salted) },
	    SLICE_LIT("Client Key"), client_key);
	digest_sha256(
	    (struct slice){ (const char *)client_key, sizeof(client_key) },
	    salted);
	ret = secret_eq_bytes(salted, keys.stored_key, sizeof(salted));
	secret_wipe(salted, sizeof(salted));
	secret_wipe(client_key, sizeof(client_key));
	return ret;
}

static const struct form {
	const char *prefix;
	bool (*is)(hl_str stored); /* does the rest look like it, too? */
	int (*check)(hl_str stored, hl_str attempt);
} forms[] = {
	{ "SCRAM-SHA-256$", is_scram, check_scram },
	{ "$argon2id$", is_argon2, check_argon2 },
	{ "$argon2i$", is_argon2, check_argon2 },
	{ "$argon2d$", is_argon2, check_argon2 },
	{ "$", is_crypt, check_crypt },
};

static const struct form *
form_of(hl_str stored)
{
	for (size_t i = 0; i < ARRAY_SIZE(forms); i++) {
		if (slice_starts(slice_str(stored), forms[i].prefix) &&
		    forms[i].is(stored))
			return &forms[i];
	}
	return NULL;
}

bool
password_is_hash(hl_str stored)
{
	return form_of(stored) != NULL;
}

int
password_check(hl_str stored, hl_str attempt)
{
	const struct form *form = form_of(stored);

	return form != NULL ? form->check(stored, attempt) : -ENOTSUP;
}
