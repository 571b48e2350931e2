/* SPDX-License-Identifier: MIT */
/* forwarded.h - what XFORWARD says of a message's first client.
 *
 * It belongs to one message: given before MAIL it waits in the session, MAIL
 * puts it into the transaction.  Only Received, log lines and hl_forwarded
 * tell it; nobody decides by it.
 */
#ifndef HOOKLINE_MAIL_FORWARDED_H
#define HOOKLINE_MAIL_FORWARDED_H

#include "base/arena.h"
#include "base/inet.h"
#include "smtp/xclient.h"

struct forwarded {
	struct arena arena; /* of the values; not used in a transaction */
	struct xattrs attrs;
};

/* Adds what `attrs` gives; *forwarded may be NULL.  Copies. */
void forwarded_add(struct forwarded **forwarded, const struct xattrs *attrs);
/* A copy that lives in `arena`; NULL of NULL. */
const struct forwarded *forwarded_dup(
    struct arena *arena, const struct forwarded *forwarded);
void forwarded_free(struct forwarded **forwarded);
/* "" when it is not known, or `forwarded` is NULL. */
hl_str forwarded_value(const struct forwarded *forwarded, enum xattr attr);

#endif
