/* SPDX-License-Identifier: MIT */
/* stats.h - what each plugin's hooks answered, and how long they took.
 *
 * A worker gives each (plugin, hook) of its chains a number when it loads
 * them; names stand beside the numbers, so that `ctl stats` reads them
 * without loading a plugin.  Noting a call is a handful of additions; one that
 * declined in less than a microsecond, as most do, is a single one.
 */
#ifndef HOOKLINE_SHM_STATS_H
#define HOOKLINE_SHM_STATS_H

#include <stdint.h>

#include "base/check.h"
#include "base/slice.h"
#include "shm/layout.h"
#include "shm/shm.h"

/* Stands for all pairs that found the table full; 0 is never a pair. */
#define SHM_STAT_OTHER 1

/* The number of (plugin, hook); names are cut to SHM_PLUGIN_MAX - 1 and
 * SHM_HOOK_MAX - 1 bytes.  The same pair gets the same number.  Linear in
 * the number of pairs: for loading, not for calling. */
unsigned shm_stat_define(
    struct shm *shm, struct slice plugin, struct slice hook);

static inline unsigned
shm_histogram_bucket(uint64_t us)
{
	unsigned bucket = us == 0 ? 0 : 64 - (unsigned)__builtin_clzll(us);

	return bucket < SHM_HISTOGRAM ? bucket : SHM_HISTOGRAM - 1;
}

/* Only the owner writes: a plain addition that readers see whole. */
static inline void
shm_add(uint64_t *counter, uint64_t n)
{
	__atomic_store_n(counter, *counter + n, __ATOMIC_RELAXED);
}

/* Notes one finished call of `stat`. */
static inline void
shm_hook_note(struct shm *shm, unsigned stat, enum shm_verdict verdict,
    uint64_t us, uint64_t waited_us)
{
	struct shm_stat *cell = &shm->own->stats[stat];

	shm_add(&cell->verdicts[verdict], 1);
	shm_add(&cell->total_us, us);
	if (waited_us != 0)
		shm_add(&cell->waited_us, waited_us);
	shm_add(&cell->histogram[shm_histogram_bucket(us)], 1);
}

/* The same for DECLINED, 0 us, not waited. */
static inline void
shm_hook_note_quick(struct shm *shm, unsigned stat)
{
	shm_add(&shm->own->quick[stat], 1);
}

/* Our own totals, to be changed with shm_add or shm_gauge. */
static inline struct shm_totals *
shm_totals(struct shm *shm)
{
	return &shm->own->totals;
}

static inline void
shm_gauge(uint64_t *gauge, uint64_t value)
{
	__atomic_store_n(gauge, value, __ATOMIC_RELAXED);
}

/* Sums over workers, in memory of our own. */
struct shm_sum_row {
	struct shm_stat_name name;
	struct shm_stat stat;
};

struct shm_sum {
	struct shm_totals totals;
	struct shm_sum_row *rows; /* in the order of first sight */
	unsigned count, room;
};

/* Adds a segment; `live` false: its worker is gone, only what never shrinks
 * is added. */
void shm_sum_add(
    struct shm_sum *sum, const struct shm_segment *segment, bool live);
/* Adds another sum. */
void shm_sum_merge(struct shm_sum *sum, const struct shm_sum *other);
void shm_sum_done(struct shm_sum *sum);

/* What a segment has noted of a pair. */
void shm_stat_get(
    const struct shm_segment *segment, unsigned stat, struct shm_stat *ret);
/* Calls noted in a row. */
uint64_t shm_stat_calls(const struct shm_stat *stat);
/* The time that `per_mille` of 1,000 calls stayed under, in us: the upper end
 * of the bucket in which it falls, so at most twice too long. 0: no calls. */
uint64_t shm_stat_percentile(const struct shm_stat *stat, unsigned per_mille);
/* The name of pair `stat` in a segment; "-" for none. */
const char *shm_stat_plugin(const struct shm_segment *segment, unsigned stat);
const char *shm_stat_hook(const struct shm_segment *segment, unsigned stat);

#endif
