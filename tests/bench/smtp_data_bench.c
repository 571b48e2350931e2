/* SPDX-License-Identifier: MIT */
/* smtp_data_bench.c - how fast the data scanner is, in GB/s and in
 * microseconds for a message of 100 KiB.
 *
 * The message comes in blocks of 16 and 64 KiB, as from recv(); the sink
 * copies each run away, as a store in memory would, or only adds up its size.
 *
 *	build/release/tests/bench/smtp_data_bench
 */
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "smtp/data.h"

#define MESSAGE_BYTES (100U * 1024)
#define ROUNDS 100U /* messages between two looks at the clock */
#define BATCHES 40U /* of which the fastest counts: the least disturbed */

struct store {
	char *bytes;
	size_t n;
	bool is_copying;
};

static void
keep(void *arg, struct slice run)
{
	struct store *store = arg;

	if (store->is_copying)
		memcpy(store->bytes + store->n, run.p, run.n);
	store->n += run.n;
}

/* Fills `text` with lines of `line_n` octets with CRLF; ends the data. */
static void
make_message(char *text, size_t n, size_t line_n, char first)
{
	for (size_t i = 0; i < n; i++)
		text[i] = (char)('a' + i % 26);
	for (size_t i = line_n; i <= n - 5; i += line_n) {
		text[i - 2] = '\r';
		text[i - 1] = '\n';
		text[i] = first;
	}
	memcpy(text + n - 5, "\r\n.\r\n", 5);
}

enum framing { DOTS, COUNT, BINARY };

static void
begin(struct smtp_data *data, enum framing framing, enum smtp_bare_lf policy)
{
	if (framing == DOTS) {
		smtp_data_init(data, policy);
		return;
	}
	smtp_data_init_counted(data, policy, framing == BINARY);
	smtp_data_chunk(data, MESSAGE_BYTES);
}

static void
feed(struct smtp_data *data, struct slice in, size_t block, struct store *store)
{
	bool is_end = false;

	while (!is_end) {
		size_t used;

		is_end = smtp_data_feed(
		    data, slice_head(in, block), keep, store, &used);
		in = slice_from(in, used);
	}
}

/* Microseconds for one message in the fastest batch. */
static double
measure(struct slice in, size_t block, enum framing framing,
    enum smtp_bare_lf policy, struct store *store)
{
	double best = 1e9;

	for (unsigned batch = 0; batch < BATCHES; batch++) {
		struct mono start = mono_now();
		double us;

		for (unsigned i = 0; i < ROUNDS; i++) {
			struct smtp_data data;

			store->n = 0;
			begin(&data, framing, policy);
			feed(&data, in, block, store);
			CHECK(data.size_bytes == store->n);
		}
		us = (double)mono_since_us(mono_now(), start) / ROUNDS;
		if (us < best)
			best = us;
	}
	return best;
}

static void
run(const char *name, size_t line_n, char first, size_t block,
    enum framing framing, enum smtp_bare_lf policy, bool is_copying)
{
	char *text = mem_alloc(MESSAGE_BYTES);
	struct store store = { .bytes = mem_alloc(MESSAGE_BYTES),
		.is_copying = is_copying };
	double us;

	make_message(text, MESSAGE_BYTES, line_n, first);
	if (framing == BINARY) /* where its body begins */
		memcpy(text, "\r\n", 2);
	us = measure((struct slice){ text, MESSAGE_BYTES }, block, framing,
	    policy, &store);
	(void)printf("%-22s %3zu KiB blocks  %6.2f us/message  %6.2f GB/s\n",
	    name, block / 1024, us, MESSAGE_BYTES / us / 1000);
	mem_free(text);
	mem_free(store.bytes);
}

int
main(void)
{
	static const struct {
		const char *name;
		size_t line_n;
		char first;
		enum framing framing;
		enum smtp_bare_lf policy;
		bool is_copying;
	} cases[] = {
		{ "lines of 78", 78, 'x', DOTS, BARE_LF_REJECT, false },
		{ "lines of 78, copied", 78, 'x', DOTS, BARE_LF_REJECT, true },
		{ "lines of 78, fix", 78, 'x', DOTS, BARE_LF_FIX, false },
		{ "BDAT, lines of 78", 78, 'x', COUNT, BARE_LF_REJECT, false },
		{ "BDAT, copied", 78, 'x', COUNT, BARE_LF_REJECT, true },
		{ "BDAT, dots", 78, '.', COUNT, BARE_LF_REJECT, false },
		{ "BDAT, binary", 78, 'x', BINARY, BARE_LF_REJECT, false },
		{ "lines of 30", 30, 'x', DOTS, BARE_LF_REJECT, false },
		{ "lines of 998", 998, 'x', DOTS, BARE_LF_REJECT, false },
		{ "each line stuffed", 78, '.', DOTS, BARE_LF_REJECT, false },
		{ "8-bit lines", 78, '\xe4', DOTS, BARE_LF_REJECT, false },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		for (size_t block = 16384; block <= 65536; block *= 4)
			run(cases[i].name, cases[i].line_n, cases[i].first,
			    block, cases[i].framing, cases[i].policy,
			    cases[i].is_copying);
	}
	return 0;
}
