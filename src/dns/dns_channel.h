/* SPDX-License-Identifier: MIT */
/* dns_channel.h - c-ares on the loop: bytes to the servers, bytes back.
 *
 * One set of servers.  When they change, a new channel is opened; the old one
 * is retired and frees itself when its last question has been answered.
 * Loop functions; dns_channel_send is called on fibers too, it never parks.
 */
#ifndef HOOKLINE_DNS_DNS_CHANNEL_H
#define HOOKLINE_DNS_DNS_CHANNEL_H

#include <stddef.h>
#include <stdint.h>

#include "base/check.h"
#include "base/err.h"
#include "base/inet.h"

struct dns_channel;
struct rt;

struct dns_channel_options {
	const struct inet_addr *servers; /* port 0: 53 */
	unsigned server_count;           /* 0: those of resolv_conf */
	const char *resolv_conf;
	uint64_t timeout_ms; /* of one try of one server */
};

/* Called once for each question, on the loop's stack or from inside
 * dns_channel_send.  It may send again on the channel, and may not free it.
 *
 * status  0 and the reply's bytes, valid during the call; -ETIME no server
 *         replied in time; -EAGAIN any other failure, SERVFAIL and REFUSED
 *         too; -ECANCELED dns_channel_abort */
typedef void dns_channel_fn(
    void *arg, int status, const uint8_t *bytes, size_t n);

/* Returns 0; -EINVAL no usable servers; or another negative errno. */
int dns_channel_open(struct rt *rt, const struct dns_channel_options *options,
    struct dns_channel **ret_channel, struct err *err) WARN_UNUSED;

/* Sends the `n` bytes of a query (copied), to each server in turn, once,
 * until one replies; over TCP when a reply is truncated. */
void dns_channel_send(struct dns_channel *channel, const uint8_t *query,
    size_t n, dns_channel_fn *fn, void *arg);

unsigned dns_channel_in_flight(const struct dns_channel *channel);
/* Questions sent in the channel's life. */
uint64_t dns_channel_sent(const struct dns_channel *channel);

/* Frees it once nothing is in flight; nothing more may be sent but from its
 * own callbacks.  *channel becomes NULL.  NULL is fine. */
void dns_channel_retire(struct dns_channel **channel);
/* Ends all that is in flight with -ECANCELED. */
void dns_channel_abort(struct dns_channel *channel);

#endif
