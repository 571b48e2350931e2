/* SPDX-License-Identifier: MIT */
/* sasl_scram.h - the server's side of SCRAM-SHA-256 (RFC 5802, 7677).
 *
 *	client  gs2-header n=user,r=cnonce             scram_first_parse
 *	server  r=cnonce+snonce,s=salt,i=iterations    scram_server_first
 *	client  c=binding,r=cnonce+snonce,p=proof      scram_final_parse
 *	                                               scram_proof_fits
 *	server  v=signature                            scram_server_final
 */
#ifndef HOOKLINE_SMTP_SASL_SCRAM_H
#define HOOKLINE_SMTP_SASL_SCRAM_H

#include "smtp/sasl.h"
#include "smtp/scram_keys.h"

#define SCRAM_NONCE_MAX 128 /* of the client */
#define SCRAM_OWN_NONCE 32  /* of the server, at most */

struct buf;

struct scram_first {
	struct sasl_gs2 gs2;
	struct slice user; /* escaped: sasl_name_decode */
	struct slice nonce;
	struct slice bare; /* client-first-message-bare */
};
/* 0; -EINVAL.  Borrowed from `message`. */
int scram_first_parse(
    struct slice message, struct scram_first *ret) WARN_UNUSED;

struct scram_final {
	struct slice binding;       /* base64 of gs2-header and binding data */
	struct slice nonce;         /* both */
	struct slice without_proof; /* client-final-message-without-proof */
	uint8_t proof[SCRAM_KEY];
};
int scram_final_parse(
    struct slice message, struct scram_final *ret) WARN_UNUSED;

/* Adds server-first-message to `out`; `own` is the server's part of the nonce,
 * printable and without a comma. */
void scram_server_first(struct buf *out, const struct scram_first *first,
    struct slice own, const struct scram_keys *keys);

/* Does the client know the password, and does it mean this exchange?  Both
 * nonces, the proof; the binding is compared with that of `first` and
 * `data`, what the channel has (n = 0: nothing).  Constant time. */
bool scram_proof_fits(const struct scram_first *first,
    struct slice server_first, const struct scram_final *final,
    struct slice data, const struct scram_keys *keys);

/* Adds server-final-message, "v=...", to `out`. */
void scram_server_final(struct buf *out, const struct scram_first *first,
    struct slice server_first, const struct scram_final *final,
    const struct scram_keys *keys);

#endif
