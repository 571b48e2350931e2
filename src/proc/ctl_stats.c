/* SPDX-License-Identifier: MIT */
/* ctl_stats.c - `ctl stats`: counters of the workers, living and gone. */
#include <stdlib.h>
#include <string.h>

#include "ctl_server.h"
#include "json.h"
#include "master_private.h"
#include "shm/peers.h"

static const char *const verdict_names[SHM_VERDICTS] = {
	[SHM_OK] = "ok",
	[SHM_DENY] = "deny",
	[SHM_DENYSOFT] = "denysoft",
	[SHM_DENY_DISCONNECT] = "deny_disconnect",
	[SHM_DENYSOFT_DISCONNECT] = "denysoft_disconnect",
	[SHM_DECLINED] = "declined",
	[SHM_DONE] = "done",
	[SHM_ILLEGAL] = "illegal",
};

static const struct {
	const char *name;
	unsigned per_mille;
} percentiles[] = {
	{ "p50", 500 },
	{ "p90", 900 },
	{ "p99", 990 },
	{ "p999", 999 },
};

static void
sum_all(struct master *master, struct shm_sum *ret)
{
	*ret = (struct shm_sum){ 0 };
	shm_sum_merge(ret, &master->past);
	for (unsigned i = 0; i < shm_count(master->shm); i++) {
		const struct shm_segment *segment = shm_segment(master->shm, i);

		if (segment != NULL)
			shm_sum_add(ret, segment, true);
	}
}

/* ---- text ---------------------------------------------------------------- */

static void
print_totals(
    struct master *master, struct buf *buf, const struct shm_totals *totals)
{
#define PRINT(name, about) \
	buf_printf(        \
	    buf, "%20llu  %s\n", (unsigned long long)totals->name, about);
	SHM_COUNTERS(PRINT)
	SHM_GAUGES(PRINT)
#undef PRINT
	buf_printf(
	    buf, "%20u  %s\n", shm_peer_total(master->shm), "open connections");
}

static int
plugin_width(const struct shm_sum *sum)
{
	size_t width = 24;

	for (unsigned i = 0; i < sum->count; i++)
		if (strlen(sum->rows[i].name.plugin) > width)
			width = strlen(sum->rows[i].name.plugin);
	return (int)width;
}

static void
print_row(struct buf *buf, const struct shm_sum_row *row, int width)
{
	const struct shm_stat *s = &row->stat;
	uint64_t calls = shm_stat_calls(s);

	buf_printf(buf, "%-*s %-20s %10llu %10llu %8llu %8llu %8llu", width,
	    row->name.plugin, row->name.hook, (unsigned long long)calls,
	    (unsigned long long)s->verdicts[SHM_OK],
	    (unsigned long long)(s->verdicts[SHM_DENY] +
				 s->verdicts[SHM_DENY_DISCONNECT]),
	    (unsigned long long)(s->verdicts[SHM_DENYSOFT] +
				 s->verdicts[SHM_DENYSOFT_DISCONNECT]),
	    (unsigned long long)s->verdicts[SHM_ILLEGAL]);
	buf_printf(buf, " %9llu %9llu %9llu %9llu\n",
	    (unsigned long long)(calls == 0 ? 0 : s->total_us / calls),
	    (unsigned long long)(calls == 0 ? 0 : s->waited_us / calls),
	    (unsigned long long)shm_stat_percentile(s, 500),
	    (unsigned long long)shm_stat_percentile(s, 990));
}

static void
print_text(struct master *master, struct buf *buf, const struct shm_sum *sum)
{
	int width = plugin_width(sum);

	print_totals(master, buf, &sum->totals);
	if (sum->count == 0)
		return;
	buf_printf(buf,
	    "\nmicroseconds; percentiles are powers of two\n"
	    "%-*s %-20s %10s %10s %8s %8s %8s %9s %9s %9s %9s\n",
	    width, "plugin", "hook", "calls", "ok", "deny", "soft", "illegal",
	    "mean", "waited", "p50", "p99");
	for (unsigned i = 0; i < sum->count; i++)
		print_row(buf, &sum->rows[i], width);
}

/* ---- JSON ---------------------------------------------------------------- */

static void
print_json_row(struct json *json, const struct shm_sum_row *row)
{
	const struct shm_stat *s = &row->stat;

	json_open(json, NULL, '{');
	json_text(json, "plugin", row->name.plugin);
	json_text(json, "hook", row->name.hook);
	json_number(json, "calls", shm_stat_calls(s));
	for (unsigned i = 0; i < SHM_VERDICTS; i++)
		json_number(json, verdict_names[i], s->verdicts[i]);
	json_number(json, "total_us", s->total_us);
	json_number(json, "waited_us", s->waited_us);
	for (size_t i = 0; i < ARRAY_SIZE(percentiles); i++)
		json_number(json, percentiles[i].name,
		    shm_stat_percentile(s, percentiles[i].per_mille));
	json_open(json, "histogram", '[');
	for (unsigned i = 0; i < SHM_HISTOGRAM; i++)
		json_number(json, NULL, s->histogram[i]);
	json_close(json, ']');
	json_close(json, '}');
}

static void
print_json(struct master *master, struct buf *buf, const struct shm_sum *sum)
{
	struct json json = { buf, false };
	const struct shm_totals *totals = &sum->totals;

	json_open(&json, NULL, '{');
	json_open(&json, "totals", '{');
#define PRINT(name, about) json_number(&json, #name, totals->name);
	SHM_COUNTERS(PRINT)
	SHM_GAUGES(PRINT)
#undef PRINT
	json_number(&json, "open", shm_peer_total(master->shm));
	json_close(&json, '}');
	json_open(&json, "hooks", '[');
	for (unsigned i = 0; i < sum->count; i++)
		print_json_row(&json, &sum->rows[i]);
	json_close(&json, ']');
	json_close(&json, '}');
	buf_add_char(buf, '\n');
}

void
ctl_stats_print(struct master *master, struct buf *buf, bool as_json)
{
	struct shm_sum sum;

	sum_all(master, &sum);
	if (as_json)
		print_json(master, buf, &sum);
	else
		print_text(master, buf, &sum);
	shm_sum_done(&sum);
}
