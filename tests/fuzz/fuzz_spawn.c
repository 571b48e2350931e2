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
	const char **argv;

	if (spawn_request_read(bytes, n, &argv) < 0)
		return;
	if (spawn_request_write(argv, &again) == 0)
		CHECK(again.n == n && memcmp(again.p, bytes, n) == 0);
	mem_free(argv);
	buf_done(&again);
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
	CHECK(grants_has(buf_slice(&all), 9, SLICE_LIT("/nine")));
	CHECK(!grants_has(buf_slice(&all), 7, SLICE_LIT("/nine")));
	CHECK(!grants_has(buf_slice(&all), 9, SLICE_LIT("/seven")));
	CHECK(!grants_has(buf_slice(&all), 9, SLICE_LIT("/eight")));
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
