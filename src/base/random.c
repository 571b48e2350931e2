/* SPDX-License-Identifier: MIT */
/* random.c - unpredictable bytes, from the kernel.
 *
 * Each thread keeps a small stock, so that an id does not cost a system
 * call.  What was given out is wiped, and a forked child starts with an
 * empty stock: no two processes give out the same bytes.
 *
 * UNSAFE: walks raw pointers.  Invariant: stock[0..left) are unused bytes.
 */
#include <errno.h>
#include <pthread.h>
#include <string.h>
#include <sys/random.h>

#include "check.h"
#include "clock_private.h"
#include "mem.h"

/* Up to 256 bytes, getrandom is neither cut short nor interrupted. */
#define STOCK_SIZE 256

static _Thread_local struct {
	size_t left;
	unsigned char bytes[STOCK_SIZE];
} stock;

static pthread_once_t once = PTHREAD_ONCE_INIT;

void
random__forget(void)
{
	secret_wipe(&stock, sizeof(stock));
}

static void
watch_forks(void)
{
	CHECK(pthread_atfork(NULL, NULL, random__forget) == 0);
}

static void
from_kernel(unsigned char *bytes, size_t n)
{
	while (n > 0) {
		ssize_t got = getrandom(bytes, n, 0);

		if (got == -1) {
			CHECK(errno == EINTR);
			continue;
		}
		bytes += got;
		n -= (size_t)got;
	}
}

void
random_bytes(void *bytes, size_t n)
{
	const struct clock_source *source = clock__source();

	if (source != NULL && source->random != NULL) {
		source->random(bytes, n);
		return;
	}
	if (n > STOCK_SIZE / 4) {
		from_kernel(bytes, n);
		return;
	}
	if (stock.left < n) {
		(void)pthread_once(&once, watch_forks);
		from_kernel(stock.bytes, STOCK_SIZE);
		stock.left = STOCK_SIZE;
	}
	if (n == 0)
		return;
	stock.left -= n;
	memcpy(bytes, stock.bytes + stock.left, n);
	secret_wipe(stock.bytes + stock.left, n);
}

uint64_t
random_u64(void)
{
	uint64_t value;

	random_bytes(&value, sizeof(value));
	return value;
}

uint64_t
random_below(uint64_t bound)
{
	uint64_t value, uneven;

	CHECK(bound > 0);
	/* The lowest 2^64 mod bound numbers would come up too often. */
	uneven = (UINT64_MAX - bound + 1) % bound;
	do
		value = random_u64();
	while (value < uneven);
	return value % bound;
}
