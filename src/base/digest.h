/* SPDX-License-Identifier: MIT */
/* digest.h - hashes and keyed hashes, by OpenSSL.
 *
 * Nothing here is our own cryptography: the functions give OpenSSL's EVP a
 * shape that cannot be misused.  What they need in between is wiped.
 */
#ifndef HOOKLINE_BASE_DIGEST_H
#define HOOKLINE_BASE_DIGEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "check.h"
#include "slice.h"

#define DIGEST_SHA256 32 /* octets */
#define DIGEST_MD5 16

void digest_sha256(struct slice in, uint8_t ret[DIGEST_SHA256]);
void digest_hmac_sha256(
    struct slice key, struct slice in, uint8_t ret[DIGEST_SHA256]);
/* For CRAM-MD5 alone.  0; -ENOTSUP where the machine's policy forbids MD5. */
int digest_hmac_md5(
    struct slice key, struct slice in, uint8_t ret[DIGEST_MD5]) WARN_UNUSED;
/* PBKDF2 with HMAC-SHA-256 (RFC 8018), called Hi() in RFC 5802: costs a
 * millisecond for about 2,000 iterations, so it belongs on the thread pool. */
void digest_pbkdf2_sha256(struct slice password, struct slice salt,
    unsigned iterations, uint8_t ret[DIGEST_SHA256]);

/* Lower-case hex; `ret` has room for 2 * n + 1. */
void digest_hex(const uint8_t *bytes, size_t n, char *ret);

/* In a time that does not depend on the bytes. */
bool secret_eq_bytes(const void *a, const void *b, size_t n);
/* ... nor, for texts, on how long they are compared to each other. */
bool secret_eq(struct slice a, struct slice b);

#endif
