/* SPDX-License-Identifier: MIT */
/* received.h - the Received field that a message gets from us.
 *
 * RFC 5321 4.4, RFC 5322 3.6.7:
 *	from HELO (NAME [IP]) by ME (hookline/VERSION) with PROTO id ID
 *	(TLS) for <RCPT>; DATE
 */
#ifndef HOOKLINE_MAIL_RECEIVED_H
#define HOOKLINE_MAIL_RECEIVED_H

#include <stddef.h>

#include "base/clock.h"
#include "base/inet.h"
#include "base/slice.h"

struct buf;
struct header;

struct received_facts {
	struct slice helo;
	struct slice name; /* of the client; empty is "Unknown" */
	struct inet_addr ip;
	struct slice me;
	struct slice version; /* of hookline */
	struct slice proto;   /* SMTP, ESMTP, ESMTPS, ESMTPA, ESMTPSA, LMTP */
	struct slice id;      /* of the transaction */
	struct slice tls;     /* "TLSv1.3 cipher ..."; empty: none */
	struct slice rcpt;    /* only recipient as local@host; empty: none */
	struct wall date;
};

/* Adds the value of the field to `out` (for header_add_top), folded with LF
 * + tab at 78 columns where it can be.  Bytes of `helo` and `name` that
 * would break the field's syntax become '?'. */
void received_value(const struct received_facts *facts, struct buf *out);
/* Number of Received fields, for loop detection (RFC 5321 6.3). */
size_t received_count(const struct header *header);

#endif
