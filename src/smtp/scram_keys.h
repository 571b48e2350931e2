/* SPDX-License-Identifier: MIT */
/* scram_keys.h - what a server keeps of a password for SCRAM-SHA-256.
 *
 * The text form is that of RFC 5803, as PostgreSQL and others write it:
 *	SCRAM-SHA-256$4096:c2FsdA==$STOREDKEY:SERVERKEY
 */
#ifndef HOOKLINE_SMTP_SCRAM_KEYS_H
#define HOOKLINE_SMTP_SCRAM_KEYS_H

#include <stddef.h>
#include <stdint.h>

#include "base/check.h"
#include "base/slice.h"

#define SCRAM_KEY 32      /* octets */
#define SCRAM_SALT_MAX 64 /* octets */
/* RFC 7677 4; and what a server may be made to work for one PLAIN login. */
#define SCRAM_ITERATIONS_MIN 4096
#define SCRAM_ITERATIONS_MAX 10000000

struct scram_keys {
	unsigned iterations; /* 0: no keys */
	size_t salt_n;
	uint8_t salt[SCRAM_SALT_MAX];
	uint8_t stored_key[SCRAM_KEY];
	uint8_t server_key[SCRAM_KEY];
};

/* From base64.  0; -EINVAL, *ret unchanged. */
int scram_keys_set(struct scram_keys *ret, unsigned iterations,
    struct slice salt, struct slice stored_key,
    struct slice server_key) WARN_UNUSED;
/* From the text form.  0; -EINVAL, *ret unchanged. */
int scram_keys_parse(struct slice text, struct scram_keys *ret) WARN_UNUSED;

#endif
