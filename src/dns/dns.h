/* SPDX-License-Identifier: MIT */
/* dns.h - the resolver: questions from fibers, answered by a recursive
 * server.
 *
 * One for each worker.  Identical questions in flight are sent once, answers
 * are cached for their TTL (at most DNS_TTL_MAX seconds and DNS_CACHE_BYTES),
 * negative ones by the minimum of their SOA (RFC 2308).  UDP with EDNS of
 * 1,232 octets, TCP when the reply is truncated, DNS_TIMEOUT_MS for each of
 * DNS_TRIES tries of each server.  No search list, no /etc/hosts.
 */
#ifndef HOOKLINE_DNS_DNS_H
#define HOOKLINE_DNS_DNS_H

#include <stddef.h>
#include <stdint.h>

#include "base/check.h"
#include "base/err.h"
#include "base/inet.h"
#include "base/slice.h"
#include "dns/dns_answer.h"

struct dns;
struct dns_ask; /* a question that somebody waits for, or will */
struct rt;

#define DNS_TIMEOUT_MS 3000
#define DNS_TRIES 2
#define DNS_CACHE_BYTES (1024u * 1024)
#define DNS_SERVERS_MAX 8
/* In flight at once, each with some KiB of memory; who asks more hears that
 * there is no answer, and may join those in flight. */
#define DNS_QUESTIONS_MAX 10000

struct dns_options {
	/* Copied.  NULL or count 0: those of resolv_conf, which is looked at
	 * once a second and read again when it has changed; questions in
	 * flight end with the servers that they began with. */
	const struct inet_addr *servers; /* port 0: 53 */
	unsigned server_count;
	const char *resolv_conf; /* copied; NULL: /etc/resolv.conf */
	uint64_t timeout_ms;     /* 0: DNS_TIMEOUT_MS */
	size_t cache_bytes;      /* 0: DNS_CACHE_BYTES */
	size_t questions_max;    /* 0: DNS_QUESTIONS_MAX */
};

struct dns_counters {
	uint64_t questions; /* calls of dns_query with a good name */
	uint64_t cached;    /* ... answered from the cache */
	uint64_t merged;    /* ... that joined one in flight */
	uint64_t sent;      /* ... that were sent */
	uint64_t failed;    /* -EAGAIN */
	size_t cache_bytes; /* now */
	unsigned in_flight; /* now */
};

/* `options` may be NULL.  Returns 0, or negative errno with the reason. */
int dns_new(struct rt *rt, const struct dns_options *options,
    struct dns **ret_dns, struct err *err) WARN_UNUSED;
/* Questions in flight are given up: their fibers get -ECANCELED.  *dns
 * becomes NULL; what the loop still holds is freed by it. */
void dns_free(struct dns **dns);

/* BLOCKS until answered.  `name` is as for dns_name_parse.
 *
 * Returns the number of records, 1 to DNS_RECORDS_MAX; 0 when there is no such
 * name or no such record (the answer's status tells which): in both cases
 * *ret_answer is the caller's, who gives it back with dns_answer_unref.
 * -EAGAIN: SERVFAIL, REFUSED, no reply in time, a malformed or oversized one,
 * a loop of aliases or more than DNS_ALIASES_MAX, too many questions in flight;
 * a policy answers 4xx.
 * -EINVAL: not a name.  -ETIMEDOUT: the fiber's deadline.  -ECANCELED. */
int dns_query(struct dns *dns, struct slice name, enum dns_type type,
    struct dns_answer **ret_answer) BLOCKS WARN_UNUSED;

/* The same in two steps, so that several are answered in the time of one.
 * Start returns 0 with an ask that is the caller's, or -EINVAL: not a name. */
int dns_start(struct dns *dns, struct slice name, enum dns_type type,
    struct dns_ask **ret_ask) WARN_UNUSED;
/* Frees *ask, which becomes NULL.  As dns_query; -ETIME: no answer within
 * `timeout_ms` (0: no such limit). */
int dns_wait(struct dns_ask **ask, uint64_t timeout_ms,
    struct dns_answer **ret_answer) BLOCKS WARN_UNUSED;
/* Without waiting; the answer goes to the cache when it comes.  The dns may
 * be gone by then. */
void dns_ask_free(struct dns_ask **ask);

void dns_count(const struct dns *dns, struct dns_counters *ret_counters);

/* A line of config/resolvers: "ADDR", "ADDR:PORT" (IPv4), "[ADDR]:PORT".
 * Without a port it is 0.  Returns 0 or -EINVAL. */
int dns_server_parse(struct slice text, struct inet_addr *ret) WARN_UNUSED;

#endif
