/* SPDX-License-Identifier: MIT */
/* dns_host.c - the addresses of a host, for making connections. */
#include "dns/dns_host.h"

#include <errno.h>

static bool
is_localhost(struct slice host)
{
	if (slice_ends(host, "."))
		host.n--;
	if (slice_caseeq_text(host, "localhost"))
		return true;
	return host.n > 10 &&
	       slice_caseeq_text(slice_from(host, host.n - 10), ".localhost");
}

static int
loopback(struct inet_addr *ret_addrs, unsigned max)
{
	unsigned n = 0;

	if (n < max && inet_parse(SLICE_LIT("127.0.0.1"), &ret_addrs[n]) == 0)
		n++;
	if (n < max && inet_parse(SLICE_LIT("::1"), &ret_addrs[n]) == 0)
		n++;
	return (int)n;
}

/* BLOCKS.  Adds the addresses of one type to the *n there are. */
static int
add_addresses(struct dns *dns, struct slice host, enum dns_type type,
    struct inet_addr *addrs, unsigned max, unsigned *n)
{
	struct dns_answer *answer;
	int rc = dns_query(dns, host, type, &answer);

	if (rc < 0)
		return rc;
	for (unsigned i = 0; i < answer->count && *n < max; i++)
		addrs[(*n)++] = answer->records[i].addr;
	dns_answer_unref(&answer);
	return 0;
}

int
dns_host_addresses(struct dns *dns, struct slice host,
    struct inet_addr *ret_addrs, unsigned max)
{
	unsigned n = 0;
	int six, four;

	if (is_localhost(host))
		return loopback(ret_addrs, max);
	six = add_addresses(dns, host, DNS_AAAA, ret_addrs, max, &n);
	if (six < 0 && six != -EAGAIN)
		return six;
	four = add_addresses(dns, host, DNS_A, ret_addrs, max, &n);
	if (four < 0 && four != -EAGAIN)
		return four;
	if (n > 0)
		return (int)n;
	return six < 0 ? six : four;
}
