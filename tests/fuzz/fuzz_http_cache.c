/* SPDX-License-Identifier: MIT */
/* fuzz_http_cache.c - the lines of a body: as many as there are, none empty, no
 * blank around them; and they are their own lines. */
#include "fuzz.h"

#include <string.h>

#include "../../plugins/http_cache.h"
#include "base/mem.h"

static void
check_lines(const char *text, size_t n, long count)
{
	size_t at = 0;

	for (; count > 0; count--) {
		size_t length;

		CHECK(at < n);
		length = strlen(text + at);
		CHECK(length > 0 && at + length < n);
		CHECK(text[at] != '#' && strchr(" \t", text[at]) == NULL);
		CHECK(strchr(" \t", text[at + length - 1]) == NULL);
		at += length + 1;
	}
	CHECK(at == n);
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
	/* No longer than it must be, so that a byte beyond is seen. */
	char *text = mem_alloc(n + 1);
	size_t out = 0, again;
	long count;

	memcpy(text, bytes, n);
	count = http_cache_lines(text, n, &out);
	if (count >= 0) {
		CHECK(out <= n + 1);
		check_lines(text, out, count);
		for (size_t i = 0; i < out; i++)
			text[i] = text[i] == '\0' ? '\n' : text[i];
		CHECK(http_cache_lines(text, out, &again) == count);
		CHECK(again == out);
	}
	mem_free(text);
	return 0;
}
