/* SPDX-License-Identifier: MIT */
/* dns_answer.h - the records that answer one question.
 *
 * Made by parsing a reply of a resolver (RFC 1035 4.1), read-only from then
 * on and counted: the cache, the fibers that asked the same and plugins
 * share one object.  Never blocks.
 *
 * Names are in presentation format (RFC 1035 5.1: "\." and "\DDD" for odd
 * bytes), without a final dot; the root is ".".
 */
#ifndef HOOKLINE_DNS_DNS_ANSWER_H
#define HOOKLINE_DNS_DNS_ANSWER_H

#include <stddef.h>
#include <stdint.h>

#include "base/check.h"
#include "base/inet.h"
#include "base/slice.h"
#include "base/str.h"

/* Domains with over a hundred TXT records exist.  An answer with more is
 * refused as oversized: a policy must not decide on part of a set. */
#define DNS_RECORDS_MAX 256
#define DNS_ALIASES_MAX 8 /* CNAMEs followed from the name asked for */
#define DNS_TTL_MAX 300   /* seconds that anything is kept */

/* The numbers are those on the wire. */
enum dns_type {
	DNS_A = 1,
	DNS_NS = 2,
	DNS_CNAME = 5,
	DNS_SOA = 6,
	DNS_PTR = 12,
	DNS_MX = 15,
	DNS_TXT = 16,
	DNS_AAAA = 28,
	DNS_SRV = 33,
	DNS_TLSA = 52,
	DNS_CAA = 257,
};

enum dns_status {
	DNS_FOUND,   /* at least one record */
	DNS_NO_NAME, /* NXDOMAIN: the name does not exist */
	DNS_NO_DATA, /* the name exists, without a record of this type */
};

struct dns_record {
	uint32_t ttl; /* seconds, as in the reply */
	union {
		struct inet_addr addr; /* A, AAAA */
		hl_str name;           /* NS, CNAME, PTR */
		/* TXT: its strings joined, as RFC 7208 3.3 wants it; a NUL is
		 * shown as a space. */
		hl_str text;
		struct {
			uint16_t preference;
			hl_str host; /* "." in a null MX, RFC 7505 */
		} mx;
		struct {
			hl_str primary, mailbox;
			uint32_t serial, refresh, retry, expire, minimum;
		} soa;
		struct {
			uint16_t priority, weight, port;
			hl_str target;
		} srv;
		struct {
			uint8_t usage, selector, matching; /* RFC 6698 2.1 */
			struct slice data;                 /* bytes */
		} tlsa;
		struct {
			uint8_t flags; /* RFC 8659 4.1 */
			hl_str tag, value;
		} caa;
	};
};

struct dns_answer {
	enum dns_type type;
	enum dns_status status;
	uint32_t ttl; /* seconds that it may be kept, <= DNS_TTL_MAX */
	hl_str name;  /* the name that the records are of, aliases followed */
	unsigned count;
	/* MX sorted by preference, SRV by priority; else as in the reply. */
	const struct dns_record *records;
};

struct dns_answer *dns_answer_ref(struct dns_answer *answer);
/* *answer becomes NULL; NULL is fine. */
void dns_answer_unref(struct dns_answer **answer);
/* Heap bytes. */
size_t dns_answer_memory(const struct dns_answer *answer);

const char *dns_type_name(enum dns_type type); /* "MX" */
/* Either case.  Returns 0 or -EINVAL. */
int dns_type_parse(struct slice text, enum dns_type *ret_type) WARN_UNUSED;

#endif
