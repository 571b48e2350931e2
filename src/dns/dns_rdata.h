/* SPDX-License-Identifier: MIT */
/* dns_rdata.h - what is inside a record (RDATA, RFC 1035 3.3 and others).
 *
 * The record was found to lie inside its message (ns_parserr); nothing else
 * about it is known.  Never blocks.
 */
#ifndef HOOKLINE_DNS_DNS_RDATA_H
#define HOOKLINE_DNS_DNS_RDATA_H

#include <arpa/nameser.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "dns/dns_answer.h"

/* A record's bytes, and the message that its names may point into. */
struct dns_rdata {
	const uint8_t *msg, *end; /* of the message */
	const uint8_t *p;         /* what is left of the record */
	size_t n;
};

/* Takes a name, maybe compressed, off the record, as text ("" is the root).
 * False when there is none. */
bool dns_rdata_name(struct dns_rdata *rd, char text[NS_MAXDNAME]);

/* Takes the fields of a record of `type`; texts live in `arena`.  False when
 * it is malformed; the caller looks whether something is left over. */
bool dns_rdata_take(struct dns_rdata *rd, enum dns_type type,
    struct arena *arena, struct dns_record *ret);

#endif
