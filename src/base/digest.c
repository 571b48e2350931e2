/* SPDX-License-Identifier: MIT */
/* digest.c - hashes and keyed hashes, by OpenSSL. */
#include "digest.h"

#include <errno.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include "mem.h"

/* OpenSSL wants an address also where there is nothing. */
static const void *
bytes_of(struct slice s)
{
	return s.n > 0 ? s.p : "";
}

void
digest_sha256(struct slice in, uint8_t ret[DIGEST_SHA256])
{
	unsigned n = 0;

	CHECK(
	    EVP_Digest(bytes_of(in), in.n, ret, &n, EVP_sha256(), NULL) == 1 &&
	    n == DIGEST_SHA256);
}

void
digest_hmac_sha256(
    struct slice key, struct slice in, uint8_t ret[DIGEST_SHA256])
{
	unsigned n = 0;

	CHECK(key.n <= INT32_MAX);
	CHECK(HMAC(EVP_sha256(), bytes_of(key), (int)key.n, bytes_of(in), in.n,
		  ret, &n) != NULL &&
	      n == DIGEST_SHA256);
}

int
digest_hmac_md5(struct slice key, struct slice in, uint8_t ret[DIGEST_MD5])
{
	unsigned n = 0;

	CHECK(key.n <= INT32_MAX);
	if (HMAC(EVP_md5(), bytes_of(key), (int)key.n, bytes_of(in), in.n, ret,
		&n) != NULL &&
	    n == DIGEST_MD5)
		return 0;
	ERR_clear_error();
	return -ENOTSUP;
}

void
digest_pbkdf2_sha256(struct slice password, struct slice salt,
    unsigned iterations, uint8_t ret[DIGEST_SHA256])
{
	CHECK(password.n <= INT32_MAX && salt.n <= INT32_MAX);
	CHECK(iterations > 0 && iterations <= INT32_MAX);
	CHECK(PKCS5_PBKDF2_HMAC(bytes_of(password), (int)password.n,
		  bytes_of(salt), (int)salt.n, (int)iterations, EVP_sha256(),
		  DIGEST_SHA256, ret) == 1);
}

void
digest_hex(const uint8_t *bytes, size_t n, char *ret)
{
	static const char digits[] = "0123456789abcdef";

	for (size_t i = 0; i < n; i++) {
		ret[2 * i] = digits[bytes[i] >> 4];
		ret[2 * i + 1] = digits[bytes[i] & 15];
	}
	ret[2 * n] = '\0';
}

bool
secret_eq_bytes(const void *a, const void *b, size_t n)
{
	return CRYPTO_memcmp(a, b, n) == 0;
}

bool
secret_eq(struct slice a, struct slice b)
{
	uint8_t of_a[DIGEST_SHA256], of_b[DIGEST_SHA256];
	bool equal;

	digest_sha256(a, of_a);
	digest_sha256(b, of_b);
	equal = secret_eq_bytes(of_a, of_b, sizeof(of_a));
	secret_wipe(of_a, sizeof(of_a));
	secret_wipe(of_b, sizeof(of_b));
	return equal && a.n == b.n;
}
