/* SPDX-License-Identifier: MIT */
/* peers.h - open connections of each client, over all workers.
 *
 * Each worker keeps a table in its own segment: key -> open connections,
 * of fixed size.  An entry whose last connection has closed stays until its
 * place is needed, the least recent first.  When every entry has open
 * connections, a further client's connection counts in the total alone.
 * Readers sum over the segments in use, so a draining worker counts too.
 */
#ifndef HOOKLINE_SHM_PEERS_H
#define HOOKLINE_SHM_PEERS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/clock.h"
#include "base/inet.h"
#include "shm/layout.h"
#include "shm/shm.h"

/* The key of a client: the IPv4 address, or the first `v6_bits` (0 to 128;
 * config/client_prefix) of an IPv6 address.  The peers of a Unix socket are
 * nobody in particular: they count in the total alone. */
struct shm_key shm_key_of(const struct inet_addr *addr, unsigned v6_bits);

/* One connection, counted; kept in its session and given back with
 * shm_peer_remove.  SHM_PEER_NONE: counted in the total alone. */
typedef uint16_t shm_peer_ref;
#define SHM_PEER_NONE 0

/* Counts a connection of `key` in our own segment. */
shm_peer_ref shm_peer_add(struct shm *shm, const struct shm_key *key);
/* Uncounts it.  After PROXY or XCLIENT: remove, then add the new key. */
void shm_peer_remove(struct shm *shm, shm_peer_ref ref);

/* Notes a failed AUTH of a connection; now and the half-life as below. */
void shm_peer_failed(
    struct shm *shm, shm_peer_ref ref, struct mono now, uint64_t half_ms);
/* Failed AUTHs of `key`, over all workers: each counts 1 at first and half as
 * much after each half-life.  At most 65,535 for each worker. */
double shm_peer_failures(struct shm *shm, const struct shm_key *key,
    struct mono now, uint64_t half_ms);

/* Open connections of `key` now, over all workers. */
unsigned shm_peer_count(struct shm *shm, const struct shm_key *key);
/* Open connections in all, over all workers. */
unsigned shm_peer_total(struct shm *shm);

#endif
