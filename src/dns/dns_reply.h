/* SPDX-License-Identifier: MIT */
/* dns_reply.h - from a question to its bytes, and from the bytes of a reply
 * to an answer (RFC 1035 4.1).  Never blocks; touches nothing outside.
 *
 * The reply comes from the network: everything in it is checked.
 */
#ifndef HOOKLINE_DNS_DNS_REPLY_H
#define HOOKLINE_DNS_DNS_REPLY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/check.h"
#include "dns/dns_answer.h"
#include "dns/dns_name.h"

#define DNS_EDNS_SIZE 1232 /* octets of a UDP reply that we take */
/* Header, name, type and class, OPT. */
#define DNS_QUESTION_MAX (12 + DNS_WIRE_MAX + 4 + 11)

/* Writes a query for recursion under `id`.  Returns its length. */
size_t dns_question_write(const struct dns_name *name, enum dns_type type,
    uint16_t id, bool with_edns, uint8_t buf[DNS_QUESTION_MAX]);

/* What a reply says: an answer, or that the question is to be asked for
 * another name. */
struct dns_reply {
	struct dns_answer *answer; /* the caller's; NULL: ask for `alias` */
	struct dns_name alias;
	unsigned aliases; /* CNAMEs that were followed in this reply */
	uint32_t ttl;     /* the least of theirs, UINT32_MAX: none */
};

/* `max_aliases` more may be followed.
 * Returns 0; -EAGAIN malformed, not a reply to this question, an error of the
 * server, more than DNS_RECORDS_MAX records, too many aliases or a loop;
 * -EPROTO FORMERR, the server may not know EDNS. */
int dns_reply_parse(const uint8_t *bytes, size_t n, const struct dns_name *name,
    enum dns_type type, unsigned max_aliases,
    struct dns_reply *ret_reply) WARN_UNUSED;

#endif
