/* SPDX-License-Identifier: MIT */
/* stats.c - the names of the pairs; sums and percentiles for readers. */
#include "shm/stats.h"

#include <string.h>

#include "base/mem.h"

static void
name_copy(char *to, size_t size, struct slice name)
{
	size_t n = name.n < size ? name.n : size - 1;

	if (n > 0)
		memcpy(to, name.p, n);
	memset(to + n, 0, size - n);
}

unsigned
shm_stat_define(struct shm *shm, struct slice plugin, struct slice hook)
{
	struct shm_segment *own = shm->own;
	struct shm_stat_name name = { 0 };
	unsigned at = own->stat_count;

	name_copy(name.plugin, sizeof(name.plugin), plugin);
	name_copy(name.hook, sizeof(name.hook), hook);
	for (unsigned i = SHM_STAT_OTHER + 1; i < own->stat_count; i++)
		if (memcmp(&own->names[i], &name, sizeof(name)) == 0)
			return i;
	if (at >= SHM_STAT_MAX)
		return SHM_STAT_OTHER;
	own->names[at] = name;
	__atomic_store_n(&own->stat_count, at + 1, __ATOMIC_RELEASE);
	return at;
}

static const char *
stat_name(const struct shm_segment *segment, unsigned stat, const char *name)
{
	if (stat == 0 || stat >= SHM_STAT_MAX)
		return "-";
	return stat >= segment->stat_count || name[0] == '\0' ? "(other)"
							      : name;
}

const char *
shm_stat_plugin(const struct shm_segment *segment, unsigned stat)
{
	return stat_name(segment, stat,
	    stat < SHM_STAT_MAX ? segment->names[stat].plugin : "");
}

const char *
shm_stat_hook(const struct shm_segment *segment, unsigned stat)
{
	return stat_name(segment, stat,
	    stat < SHM_STAT_MAX ? segment->names[stat].hook : "");
}

uint64_t
shm_stat_calls(const struct shm_stat *stat)
{
	uint64_t calls = 0;

	for (unsigned i = 0; i < SHM_VERDICTS; i++)
		calls += stat->verdicts[i];
	return calls;
}

uint64_t
shm_stat_percentile(const struct shm_stat *stat, unsigned per_mille)
{
	uint64_t all = 0, want, seen = 0;

	for (unsigned i = 0; i < SHM_HISTOGRAM; i++)
		all += stat->histogram[i];
	if (all == 0)
		return 0;
	/* The first bucket with at least per_mille of all up to it. */
	want = (uint64_t)(((unsigned __int128)all * per_mille + 999) / 1000);
	for (unsigned i = 0; i < SHM_HISTOGRAM; i++) {
		seen += stat->histogram[i];
		if (seen >= want && seen > 0)
			return UINT64_C(1) << i;
	}
	return UINT64_C(1) << (SHM_HISTOGRAM - 1);
}

/* `guess` is where the row probably is: workers load plugins in the same
 * order. */
static struct shm_sum_row *
sum_row(struct shm_sum *sum, const struct shm_stat_name *name, unsigned guess)
{
	struct shm_sum_row *row;

	for (unsigned i = 0; i < sum->count; i++) {
		row = &sum->rows[(guess + i) % sum->count];
		if (memcmp(&row->name, name, sizeof(*name)) == 0)
			return row;
	}
	if (sum->count == sum->room) {
		sum->room = sum->room == 0 ? 64 : sum->room * 2;
		sum->rows = mem_grow(sum->rows, sum->room * sizeof(*sum->rows));
	}
	row = &sum->rows[sum->count++];
	memset(row, 0, sizeof(*row));
	row->name = *name;
	row->name.plugin[SHM_PLUGIN_MAX - 1] = '\0';
	row->name.hook[SHM_HOOK_MAX - 1] = '\0';
	return row;
}

/* struct shm_stat is counters and nothing else. */
static void
stat_add(struct shm_stat *to, const struct shm_stat *from)
{
	for (unsigned i = 0; i < SHM_VERDICTS; i++)
		to->verdicts[i] += from->verdicts[i];
	to->total_us += from->total_us;
	to->waited_us += from->waited_us;
	for (unsigned i = 0; i < SHM_HISTOGRAM; i++)
		to->histogram[i] += from->histogram[i];
}

void
shm_stat_get(
    const struct shm_segment *segment, unsigned stat, struct shm_stat *ret)
{
	uint64_t quick =
	    __atomic_load_n(&segment->quick[stat], __ATOMIC_RELAXED);

	*ret = segment->stats[stat];
	ret->verdicts[SHM_DECLINED] += quick;
	ret->histogram[shm_histogram_bucket(0)] += quick;
}

static void
totals_add(
    struct shm_totals *to, const struct shm_totals *from, bool with_gauges)
{
#define ADD(name, about) to->name += from->name;
	SHM_COUNTERS(ADD)
	if (!with_gauges)
		return;
	SHM_GAUGES(ADD)
#undef ADD
}

void
shm_sum_add(struct shm_sum *sum, const struct shm_segment *segment, bool live)
{
	static const struct shm_stat_name other = { "(other)", "(other)" };
	unsigned count =
	    __atomic_load_n(&segment->stat_count, __ATOMIC_ACQUIRE);

	totals_add(&sum->totals, &segment->totals, live);
	if (count > SHM_STAT_MAX)
		count = SHM_STAT_MAX;
	for (unsigned i = SHM_STAT_OTHER; i < count; i++) {
		const struct shm_stat_name *name = &other;
		struct shm_stat stat;

		shm_stat_get(segment, i, &stat);
		if (i != SHM_STAT_OTHER)
			name = &segment->names[i];
		else if (shm_stat_calls(&stat) == 0)
			continue;
		stat_add(&sum_row(sum, name, i - SHM_STAT_OTHER)->stat, &stat);
	}
}

void
shm_sum_merge(struct shm_sum *sum, const struct shm_sum *other)
{
	totals_add(&sum->totals, &other->totals, true);
	for (unsigned i = 0; i < other->count; i++)
		stat_add(&sum_row(sum, &other->rows[i].name, i)->stat,
		    &other->rows[i].stat);
}

void
shm_sum_done(struct shm_sum *sum)
{
	mem_free(sum->rows);
	memset(sum, 0, sizeof(*sum));
}
