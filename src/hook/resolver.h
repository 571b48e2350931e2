/* SPDX-License-Identifier: MIT */
/* resolver.h - the worker's resolver, as config/resolvers names it.
 *
 * Other servers there make a new resolver (dns/dns.h); the old one ends
 * with the last question that it was asked.  Without the file it is that of
 * /etc/resolv.conf.
 */
#ifndef HOOKLINE_HOOK_RESOLVER_H
#define HOOKLINE_HOOK_RESOLVER_H

#include "base/check.h"
#include "base/slice.h"
#include "dns/dns_answer.h"

struct conf_dir;
struct dns_counters;
struct engine;
struct resolver;
struct resolver_ask; /* a question that is under way */

struct resolver *resolver_new(struct engine *engine);
/* Nobody may be asking. */
void resolver_free(struct resolver **resolver);

/* Adds what is wrong in config/resolvers to the faults of `conf`. */
void resolver_check(struct conf_dir *conf);

/* As dns_query; -EAGAIN also when there is no resolver (the log says why). */
int resolver_query(struct resolver *resolver, struct slice name,
    enum dns_type type, struct dns_answer **ret) BLOCKS WARN_UNUSED;

/* The same in two steps, as dns_start and dns_wait (-ETIME). */
int resolver_start(struct resolver *resolver, struct slice name,
    enum dns_type type, struct resolver_ask **ret) WARN_UNUSED;
int resolver_wait(struct resolver_ask **ask, uint64_t timeout_ms,
    struct dns_answer **ret) BLOCKS WARN_UNUSED;
void resolver_ask_free(struct resolver_ask **ask);

/* Gives up the questions in flight, of which each fiber gets -ECANCELED, and
 * waits until all asks are freed.  Later questions get -ECANCELED too. */
void resolver_stop(struct resolver *resolver) BLOCKS;

/* Of the present resolver; zeroes when there is none. */
void resolver_count(const struct resolver *resolver, struct dns_counters *ret);

#endif
