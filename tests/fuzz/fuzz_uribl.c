/* SPDX-License-Identifier: MIT */
/* fuzz_uribl.c - the hosts of links are names of the DNS, whatever the text,
 * and the same ones wherever it is cut. */
#include "fuzz.h"

#include <string.h>

#include "uribl_links.h"

#define BELOW_MAX 126 /* labels */

struct heard {
	uint64_t sum;
	unsigned count;
};

static void
check_name(const char *host)
{
	const char *domain = links_domain(host);
	size_t n = strlen(host), labels = 0;

	CHECK(n <= LINKS_HOST_MAX && strchr(host, '.') != NULL);
	CHECK(strspn(host, "abcdefghijklmnopqrstuvwxyz0123456789-.") == n);
	for (const char *at = host;; at++) {
		size_t label = strcspn(at, ".");

		CHECK(label > 0 && label <= 63);
		labels++;
		at += label;
		if (*at == '\0')
			break;
	}
	CHECK(labels <= BELOW_MAX + 1);
	CHECK(domain == NULL || (domain >= host && domain < host + n));
	CHECK(domain == NULL || domain == host || domain[-1] == '.');
}

static void
on_found(void *arg, const char *host, bool is_ip)
{
	struct heard *heard = arg;

	if (is_ip)
		CHECK(strspn(host, "0123456789.") == strlen(host));
	else
		check_name(host);
	for (const char *at = host; *at != '\0'; at++)
		heard->sum = heard->sum * 31 + (unsigned char)*at;
	heard->sum = heard->sum * 31 + is_ip;
	heard->count++;
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
	struct slice in = fuzz_input(bytes, n);
	uint32_t seed = fuzz_byte(&in);
	struct heard whole = { 0, 0 }, cut = { 0, 0 };
	struct links links;

	links_init(&links, on_found, &whole);
	links_read(&links, in.p, in.n);
	links_end(&links);
	links_init(&links, on_found, &cut);
	while (in.n > 0) {
		size_t step = fuzz_step(&seed);

		step = step < in.n ? step : in.n;
		links_read(&links, in.p, step);
		in = slice_from(in, step);
	}
	links_end(&links);
	CHECK(whole.sum == cut.sum && whole.count == cut.count);
	return 0;
}
