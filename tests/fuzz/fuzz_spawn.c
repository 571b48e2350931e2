/* SPDX-License-Identifier: MIT */
/* fuzz_spawn.c - what a worker may send to the master and the spawn helper.
 * First byte: 0 a request, else a list of programs, which must give nothing to
 * anybody but its worker. */
#include "fuzz.h"

#include <string.h>

#include "base/buf.h"
#include "base/mem.h"
#include "spawn/grants.h"
#include "spawn/proto.h"

static void
request(const char *bytes, size_t n)
{
	struct buf again = BUF_INIT;
	struct program_plan plan;
	const char **words;

	if (spawn_request_read(bytes, n, &plan, &words) < 0)
		return;
	CHECK(plan.argv[0][0] == '/' && !plan.may_gain);
	for (size_t i = 0; plan.env[i] != NULL; i++)
		CHECK(strncmp(plan.env[i], "HL_", 3) == 0);
	if (spawn_request_write(&plan, &again) == 0)
		CHECK(again.n == n && memcmp(again.p, bytes, n) == 0);
	mem_free(words);
	buf_done(&again);
}

static enum grant
find(const struct buf *all, int pid, const char *path)
{
	return grants_find(buf_slice(all), pid, slice_of(path));
}

static void
list(struct slice text)
{
	struct buf all = BUF_INIT;

	CHECK(grants_join(&all, 7, SLICE_LIT("3\n/seven\n")) == 0);
	if (grants_join(&all, 8, text) == 0)
		CHECK(grants_max(buf_slice(&all), 8) <= GRANTS_PROGRAMS_MAX);
	CHECK(grants_join(&all, 9, SLICE_LIT("4\n/nine\n")) == 0);
	CHECK(grants_max(buf_slice(&all), 7) == 3);
	CHECK(grants_max(buf_slice(&all), 9) == 4);
	CHECK(find(&all, 9, "/nine") == GRANT_RUN);
	CHECK(find(&all, 7, "/nine") == GRANT_NONE);
	CHECK(find(&all, 9, "/seven") == GRANT_NONE);
	CHECK(find(&all, 9, "/eight") == GRANT_NONE);
	buf_done(&all);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size == 0)
		return 0;
	if (data[0] == 0)
		request((const char *)data + 1, size - 1);
	else
		list((struct slice){ (const char *)data + 1, size - 1 });
	return 0;
}
