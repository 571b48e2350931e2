/* SPDX-License-Identifier: MIT */
/* sasl.h - messages of SASL mechanisms, as they come out of base64.
 *
 * Pure: bytes in, slices of them out; nothing is decided here.  One sasl_*.c
 * for each mechanism.  What came in may hold any octets.  SCRAM is in
 * sasl_scram.h.
 */
#ifndef HOOKLINE_SMTP_SASL_H
#define HOOKLINE_SMTP_SASL_H

#include <stdbool.h>

#include "base/check.h"
#include "base/slice.h"

#define SASL_USER_MAX 1024 /* octets */

/* What can be a user's name: 1 to SASL_USER_MAX octets of well-formed UTF-8
 * without control characters. */
bool sasl_user_is_sane(struct slice user);
/* A password or a token: not empty, no NUL. */
bool sasl_secret_is_sane(struct slice secret);

/* All return 0, or -EINVAL and leave *ret alone.  The slices are borrowed
 * from `message`; users and secrets are sane. */

/* [authzid] NUL authcid NUL passwd (RFC 4616 2). */
struct sasl_plain {
	struct slice authzid; /* may be empty; not checked else */
	struct slice user;
	struct slice password;
};
int sasl_plain_parse(struct slice message, struct sasl_plain *ret) WARN_UNUSED;

/* user SP digest (RFC 2195 2); the user's name may have spaces. */
struct sasl_cram {
	struct slice user;
	struct slice hash; /* 32 digits of hex, in either case */
};
int sasl_cram_parse(struct slice message, struct sasl_cram *ret) WARN_UNUSED;

struct sasl_bearer {
	struct slice user;  /* escaped in OAUTHBEARER: sasl_name_decode */
	struct slice token; /* without "Bearer " */
	bool is_escaped;    /* the user's name is */
};
/* user=USER ^A auth=Bearer TOKEN ^A ^A (Google, "XOAUTH2 protocol"). */
int sasl_xoauth2_parse(
    struct slice message, struct sasl_bearer *ret) WARN_UNUSED;
/* gs2-header ^A *(key=value ^A) ^A (RFC 7628 3.1).  The user is the
 * authorization identity and may be empty. */
int sasl_oauthbearer_parse(
    struct slice message, struct sasl_bearer *ret) WARN_UNUSED;

/* gs2-header of RFC 5801 4. */
struct sasl_gs2 {
	char binding;         /* 'n', 'y' or 'p' */
	struct slice cb_name; /* of 'p', e.g. "tls-exporter" */
	struct slice authzid; /* escaped; may be empty */
	struct slice header;  /* all of it, with the last comma */
};
/* Takes it off the front of *message. */
int sasl_gs2_parse(struct slice *message, struct sasl_gs2 *ret) WARN_UNUSED;
/* "=2C" and "=3D" to ',' and '=' (RFC 5802 5.1).  `ret` has room for in.n + 1
 * octets; a NUL is put behind. */
int sasl_name_decode(struct slice in, char *ret, size_t *ret_n) WARN_UNUSED;

#endif
