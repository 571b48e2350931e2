/* SPDX-License-Identifier: MIT */
/* sasl_scram.c - the server's side of SCRAM-SHA-256 (RFC 5802 7).
 *
 *	client-first-message = gs2-header client-first-message-bare
 *	client-first-message-bare =
 *		[reserved-mext ","] username "," nonce ["," extensions]
 *	client-final-message-without-proof =
 *		channel-binding "," nonce ["," extensions]
 *	client-final-message = client-final-message-without-proof "," proof
 *	username = "n=" saslname      nonce = "r=" 1*printable
 *	channel-binding = "c=" base64 proof = "p=" base64
 *	printable = %x21-2B / %x2D-7E  (not ",")
 *
 * reserved-mext ("m=...") must be refused; other extensions are skipped.
 */
#include "smtp/sasl_scram.h"

#include <errno.h>
#include <string.h>

#include "base/buf.h"
#include "base/digest.h"
#include "base/mem.h"
#include "smtp/base64.h"

/* Takes "x=value" off the front; false if something else stands there. */
static bool
take(struct slice *left, const char *name, struct slice *ret)
{
	struct slice part;

	if (!slice_cut(left, ',', &part) || !slice_starts(part, name))
		return false;
	*ret = slice_from(part, strlen(name));
	return ret->n > 0;
}

static bool
is_nonce(struct slice nonce, size_t max)
{
	for (size_t i = 0; i < nonce.n; i++) {
		if (nonce.p[i] <= ' ' || nonce.p[i] >= 127)
			return false;
	}
	return nonce.n > 0 && nonce.n <= max;
}

int
scram_first_parse(struct slice message, struct scram_first *ret)
{
	struct scram_first first;
	struct slice left = message;

	if (sasl_gs2_parse(&left, &first.gs2) < 0)
		return -EINVAL;
	first.bare = left;
	if (!take(&left, "n=", &first.user) ||
	    !take(&left, "r=", &first.nonce) ||
	    !sasl_user_is_sane(first.user) ||
	    !is_nonce(first.nonce, SCRAM_NONCE_MAX))
		return -EINVAL;
	*ret = first;
	return 0;
}

int
scram_final_parse(struct slice message, struct scram_final *ret)
{
	char proof[BASE64_DECODED_MAX(BASE64_ENCODED(SCRAM_KEY)) + 1];
	struct scram_final final;
	struct slice left, text;
	size_t comma = slice_rfind(message, ','), n;

	text = slice_from(message, comma + 1);
	final.without_proof = slice_head(message, comma);
	left = final.without_proof;
	if (!slice_starts(text, "p=") || !take(&left, "c=", &final.binding) ||
	    !take(&left, "r=", &final.nonce) ||
	    !is_nonce(final.nonce, SCRAM_NONCE_MAX + SCRAM_OWN_NONCE))
		return -EINVAL;
	text = slice_from(text, 2);
	if (text.n != BASE64_ENCODED(SCRAM_KEY) ||
	    base64_decode(text, proof, &n) < 0 || n != SCRAM_KEY)
		return -EINVAL;
	memcpy(final.proof, proof, SCRAM_KEY);
	*ret = final;
	return 0;
}

static void
add_base64(struct buf *out, const void *bytes, size_t n)
{
	buf_reserve(out, BASE64_ENCODED(n));
	base64_encode((struct slice){ bytes, n }, out->p + out->n);
	out->n += BASE64_ENCODED(n);
}

void
scram_server_first(struct buf *out, const struct scram_first *first,
    struct slice own, const struct scram_keys *keys)
{
	buf_add_text(out, "r=");
	buf_add_slice(out, first->nonce);
	buf_add_slice(out, own);
	buf_add_text(out, ",s=");
	add_base64(out, keys->salt, keys->salt_n);
	buf_printf(out, ",i=%u", keys->iterations);
}

/* HMAC(key, AuthMessage). */
static void
sign(const uint8_t key[SCRAM_KEY], const struct scram_first *first,
    struct slice server_first, const struct scram_final *final,
    uint8_t ret[SCRAM_KEY])
{
	struct buf message = BUF_INIT;

	buf_add_slice(&message, first->bare);
	buf_add_char(&message, ',');
	buf_add_slice(&message, server_first);
	buf_add_char(&message, ',');
	buf_add_slice(&message, final->without_proof);
	digest_hmac_sha256((struct slice){ (const char *)key, SCRAM_KEY },
	    buf_slice(&message), ret);
	buf_done(&message);
}

/* cbind-input = gs2-header [ cbind-data ] */
static bool
binding_fits(const struct scram_first *first, const struct scram_final *final,
    struct slice data)
{
	struct buf input = BUF_INIT, text = BUF_INIT;
	bool fits;

	buf_add_slice(&input, first->gs2.header);
	buf_add_slice(&input, data);
	add_base64(&text, input.p, input.n);
	fits = secret_eq(buf_slice(&text), final->binding);
	buf_done(&input);
	buf_done(&text);
	return fits;
}

/* ClientKey = ClientProof XOR ClientSignature; H(ClientKey) = StoredKey. */
static bool
proof_is_right(const struct scram_first *first, struct slice server_first,
    const struct scram_final *final, const struct scram_keys *keys)
{
	uint8_t key[SCRAM_KEY], digest[DIGEST_SHA256];
	bool right;

	sign(keys->stored_key, first, server_first, final, key);
	for (size_t i = 0; i < SCRAM_KEY; i++)
		key[i] ^= final->proof[i];
	digest_sha256((struct slice){ (const char *)key, SCRAM_KEY }, digest);
	right = secret_eq_bytes(digest, keys->stored_key, SCRAM_KEY);
	secret_wipe(key, sizeof(key));
	return right;
}

bool
scram_proof_fits(const struct scram_first *first, struct slice server_first,
    const struct scram_final *final, struct slice data,
    const struct scram_keys *keys)
{
	/* It is ours: "r=", both nonces, a comma. */
	struct slice nonce = slice_head(
	    slice_from(server_first, 2), slice_find(server_first, ',') - 2);
	bool fits = slice_eq(nonce, final->nonce);

	fits &= binding_fits(first, final, data);
	fits &= proof_is_right(first, server_first, final, keys);
	return fits;
}

void
scram_server_final(struct buf *out, const struct scram_first *first,
    struct slice server_first, const struct scram_final *final,
    const struct scram_keys *keys)
{
	uint8_t signature[SCRAM_KEY];

	sign(keys->server_key, first, server_first, final, signature);
	buf_add_text(out, "v=");
	add_base64(out, signature, sizeof(signature));
}
