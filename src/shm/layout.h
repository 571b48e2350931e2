/* SPDX-License-Identifier: MIT */
/* layout.h - the bytes of the shared memory file.
 *
 * Only the files of this folder write these structs; others use the functions
 * of shm.h, peers.h, running.h and stats.h.  All processes are started from
 * the same binary, so the layout has no version.
 */
#ifndef HOOKLINE_SHM_LAYOUT_H
#define HOOKLINE_SHM_LAYOUT_H

#include <stdalign.h>
#include <stdint.h>

#define SHM_SLOT_MAX 256 /* the most workers of one generation */
#define SHM_PER_SLOT 4
#define SHM_SEGMENT_MAX (SHM_SLOT_MAX * SHM_PER_SLOT)

#define SHM_PEER_MAX 16384 /* clients of one worker; at most 65,535 */
#define SHM_PEER_BUCKETS 16384
#define SHM_STAT_MAX 2048 /* (plugin, hook) pairs of one worker */
#define SHM_HISTOGRAM 28  /* powers of two of microseconds, to 134 s */
#define SHM_ID_MAX 32     /* session and transaction ids, with NUL */
#define SHM_PLUGIN_MAX 64
#define SHM_HOOK_MAX 32
#define SHM_FAULTS_MAX 3072

/* In the order of enum hl_verdict; the last counts answers that
 * the hook does not allow, and values that are no verdict. */
enum shm_verdict {
	SHM_OK,
	SHM_DENY,
	SHM_DENYSOFT,
	SHM_DENY_DISCONNECT,
	SHM_DENYSOFT_DISCONNECT,
	SHM_DECLINED,
	SHM_DONE,
	SHM_ILLEGAL,
	SHM_VERDICTS
};

/* What a worker counts: name, and what it is in the words of `ctl stats`.
 * Those above the line only grow, the others go up and down. */
#define SHM_COUNTERS(X)                                             \
	X(connections, "connections accepted")                      \
	X(overflow, "connections that found the client table full") \
	X(accepted, "messages accepted")                            \
	X(refused, "messages refused")                              \
	X(bytes, "bytes of accepted messages")                      \
	X(log_dropped, "log lines dropped")
#define SHM_GAUGES(X)                        \
	X(sessions, "open sessions")         \
	X(fibers, "fibers in use")           \
	X(fibers_peak, "most fibers in use") \
	X(body_memory, "bytes of messages in memory")

struct shm_totals {
#define SHM_TOTAL_FIELD(name, about) uint64_t name;
	SHM_COUNTERS(SHM_TOTAL_FIELD)
	SHM_GAUGES(SHM_TOTAL_FIELD)
#undef SHM_TOTAL_FIELD
};

/* An IPv6 network, IPv4 as ::ffff:a.b.c.d. */
struct shm_key {
	uint8_t bytes[16];
};

/* Links are numbers of entries, 1 to SHM_PEER_MAX; 0: none. */
struct shm_peer {
	struct shm_key key;
	uint64_t failed;       /* AUTH: see peers.c */
	uint32_t open;         /* connections */
	uint16_t next;         /* in the bucket */
	uint16_t older, newer; /* among entries without open connections */
	uint16_t unused[3];
};

struct shm_peers {
	uint32_t turn; /* odd while the writer moves entries */
	uint32_t open; /* connections of this worker, in the table or not */
	uint16_t used; /* entries ever used; the rest are untouched */
	uint16_t oldest, newest;
	alignas(64) uint16_t buckets[SHM_PEER_BUCKETS];
	alignas(64) struct shm_peer entries[SHM_PEER_MAX];
};

/* A hook that runs on the worker's thread, or one that held it too long. */
struct shm_running {
	uint32_t turn;     /* odd while it is written */
	uint32_t stat;     /* of stats.h; 0: no hook runs */
	uint64_t since_ns; /* struct mono */
	uint64_t held_ns;  /* of a finished one; 0 in the running cell */
	char sid[SHM_ID_MAX];
	char tid[SHM_ID_MAX];
};

struct shm_stat_name {
	char plugin[SHM_PLUGIN_MAX];
	char hook[SHM_HOOK_MAX];
};

struct shm_stat {
	uint64_t verdicts[SHM_VERDICTS];
	uint64_t total_us;                 /* from call to return */
	uint64_t waited_us;                /* of it, parked */
	uint64_t histogram[SHM_HISTOGRAM]; /* of total: [2^(k-1), 2^k) us */
};

struct shm_segment {
	alignas(4096) uint32_t slot;
	uint32_t generation;
	int32_t pid;
	uint32_t stat_count;       /* names defined, number 0 included */
	alignas(64) uint32_t tick; /* the master's */
	alignas(64) struct shm_running running;
	alignas(64) struct shm_running held;
	alignas(64) struct shm_totals totals;
	alignas(64) uint32_t faults_turn;
	char faults[SHM_FAULTS_MAX];
	alignas(4096) struct shm_peers peers;
	alignas(4096) struct shm_stat_name names[SHM_STAT_MAX];
	/* Calls that declined in less than a microsecond; not in `stats`, which
	 * is spread over so much more memory. */
	alignas(4096) uint64_t quick[SHM_STAT_MAX];
	alignas(4096) struct shm_stat stats[SHM_STAT_MAX];
};

struct shm_head {
	alignas(4096) uint64_t magic;
	uint64_t hash_key[2]; /* random, of the buckets */
	uint32_t count;       /* segments that ever were in use: 0 to count-1 */
	uint8_t taken[SHM_SEGMENT_MAX];
};

#endif
