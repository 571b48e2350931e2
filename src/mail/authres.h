/* SPDX-License-Identifier: MIT */
/* authres.h - Authentication-Results fields (RFC 8601).
 *
 * What came with the message is renamed, so that nobody takes it for ours;
 * then ours is added.  With `me-auth-results` = none the caller does
 * neither.
 */
#ifndef HOOKLINE_MAIL_AUTHRES_H
#define HOOKLINE_MAIL_AUTHRES_H

#include <stddef.h>

#include "base/check.h"
#include "base/slice.h"

struct buf;
struct header;

enum authres_auth { AUTHRES_NONE, AUTHRES_PASS, AUTHRES_FAIL };

struct authres_facts {
	struct slice id; /* our authserv-id: `me-auth-results`, else `me` */
	enum authres_auth auth;
	struct slice mechanism; /* of pass and fail */
	struct slice user;      /* of pass and fail */
	struct slice more; /* results of plugins, joined by "; "; or empty */
};

/* Renames every Authentication-Results to Original-Authentication-Results,
 * unless a DKIM-Signature's h= covers the field; those that bear our own id
 * are renamed even then (RFC 8601 5).  Returns the number renamed; -E2BIG
 * over the header's account. */
int authres_rename(struct header *header, struct slice id) WARN_UNUSED;
/* Adds the value of our own field to `out`, folded with LF + tab. */
void authres_value(const struct authres_facts *facts, struct buf *out);

#endif
